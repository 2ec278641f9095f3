/**
 * `npm start`: the gateway on PORT, until Ctrl-C or SIGTERM. Exits 1 when it can't start or workerd dies.
 */
import { missingSecret } from "../server/shared/config/access.ts";
import { parseConfig } from "../server/shared/config/config.ts";
import { Failure, sentenceOf } from "../schemas/lib/failure.ts";
import { type Gateway, startGateway } from "./local/gateway.ts";
import { localVariables } from "./local/local-variables.ts";
import { defineCommand } from "./cli/define-command.ts";
import { servingPort, stateDir } from "./cli/option-types.ts";
import { stopGateway, watchWorkerd } from "./local/workerd-processes.ts";
import { onStopSignal } from "./local/stop-signal.ts";

const command = defineCommand({
  name: "npm start --",
  description:
    "The gateway and its app on this machine, until Ctrl-C. Variables of the Workers come from the environment.",
  options: { port: servingPort, stateDir },
});
const stopping = new AbortController();
let gateway: Gateway | undefined;
onStopSignal(async () => {
  stopping.abort();
  await stopGateway(gateway);
});

try {
  const options = command(process.argv.slice(2));
  if (!options) process.exit(0);
  const variables = localVariables(process.env);
  const config = parseConfig(variables);
  const isMissingSecret = !config.ok && config.error.every((error) => error === missingSecret);
  if (!config.ok && !isMissingSecret) {
    throw new Failure(`These variables are not set right: ${config.error.join("; ")}.`);
  }
  gateway = await startGateway({ port: options.port, stateDir: options.stateDir, variables });
  if (isMissingSecret) console.error("JWT_SECRET is missing: as in a deployment, every request is answered 503.");
  if (config.ok && config.value.access.authMode === "off") {
    console.log("AUTH_MODE=off: anyone who reaches this address is let in. For local development only.");
  }
  if (config.ok && config.value.access.authMode !== "off" && config.value.webhooks.reach.loopback) {
    console.log("WEBHOOK_ALLOW_LOOPBACK: whoever may open a session can have this machine's own ports posted to.");
  }
  console.log(`ready ${gateway.url}`);
  console.log(`The console: ${gateway.url}/   The contract: ${gateway.url}/docs`);
  await watchWorkerd(stopping.signal);
} catch (cause) {
  console.error(sentenceOf(cause));
  await stopGateway(gateway);
  process.exit(1);
}
