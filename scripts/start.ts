/**
 * `npm start`: the gateway on PORT, until Ctrl-C or SIGTERM. Exits 1 when it can't start or workerd dies.
 */
import { missingSecret } from "../server/shared/config/access.ts";
import { parseConfig } from "../server/shared/config/config.ts";
import { Failure, sentenceOf } from "../schemas/lib/failure.ts";
import { type Gateway, startGateway } from "./local/gateway.ts";
import { localVariables } from "./local/local-variables.ts";
import { parsePort } from "./cli/parse-port.ts";
import { stopGateway, watchWorkerd } from "./local/workerd-processes.ts";
import { onStopSignal } from "./local/stop-signal.ts";

const stopping = new AbortController();
let gateway: Gateway | undefined;
onStopSignal(async () => {
  stopping.abort();
  await stopGateway(gateway);
});

try {
  const variables = localVariables(process.env);
  const config = parseConfig(variables);
  const isMissingSecret = !config.ok && config.error.every((error) => error === missingSecret);
  if (!config.ok && !isMissingSecret) {
    throw new Failure(`These variables are not set right: ${config.error.join("; ")}.`);
  }
  gateway = await startGateway({
    port: parsePort("PORT", process.env["PORT"] || "8787"),
    stateDir: process.env["STATE_DIR"] || ".wrangler/state",
    variables,
  });
  if (isMissingSecret) console.error("JWT_SECRET is missing: as in a deployment, every request is answered 503.");
  if (config.ok && config.value.access.authMode === "off") {
    console.log("AUTH_MODE=off: anyone who reaches this address is let in. For local development only.");
  }
  console.log(`ready ${gateway.url}`);
  await watchWorkerd(stopping.signal);
} catch (cause) {
  console.error(sentenceOf(cause));
  await stopGateway(gateway);
  process.exit(1);
}
