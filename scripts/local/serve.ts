/**
 * What `npm start` runs: the gateway on PORT, until Ctrl-C or SIGTERM. A workerd that dies is started again; exits 1 when the gateway can't
 * start, or workerd dies again and again.
 */
import { onReaderGone } from "../../client/cli/reader-gone.ts";
import { readEnvFile } from "../cli/env-file.ts";
import { BlockList, isIPv6 } from "node:net";
import { missingSecret } from "../../server/shared/config/access.ts";
import { type Config, parseConfig } from "../../server/shared/config/config.ts";
import { Failure, sentenceOf } from "../../schemas/lib/failure.ts";
import { type Gateway, startGateway, variableNames } from "./gateway.ts";
import { keepRunning } from "./keep-running.ts";
import { localVariables } from "./local-variables.ts";
import { unknownVariables } from "../../server/shared/config/installation/unknown-variables.ts";
import { defineCommand } from "../cli/define-command.ts";
import { servingHost, servingPort, stateDir } from "../cli/option-types.ts";
import { stopGateway } from "./workerd-processes.ts";
import { onStopSignal } from "./stop-signal.ts";

readEnvFile();

const command = defineCommand({
  name: "npm start --",
  description:
    "The gateway and its app on this machine, until Ctrl-C. Variables of the Workers come from the environment.",
  options: { host: servingHost, port: servingPort, stateDir },
});
const stopping = new AbortController();
let gateway: Gateway | undefined;
onStopSignal(async () => {
  stopping.abort();
  await stopGateway(gateway);
});
// Meetings go on though nobody reads the log: it is in its files as well.
onReaderGone(() => undefined);

const loopback = new BlockList();
loopback.addSubnet("127.0.0.0", 8);
loopback.addAddress("::1", "ipv6");
const isOwn = (host: string): boolean => loopback.check(host, isIPv6(host) ? "ipv6" : "ipv4");

/** @throws Failure where others than this machine could come in without a credential. */
function checkHost(host: string, variables: ReturnType<typeof localVariables>, config: Config | undefined): void {
  if (isOwn(host) || config?.access.authMode === "required") return;
  const why = variables["AUTH_MODE"] === "required" ? "JWT_SECRET is missing" : "AUTH_MODE is off";
  throw new Failure(
    `HOST ${host} lets others in, and ${why}: set AUTH_MODE=required and JWT_SECRET, or leave HOST out.`,
  );
}

function warnings(config: Config | undefined): string[] {
  if (!config) return ["JWT_SECRET is missing: as in a deployment, every request is answered 503."];
  if (config.access.authMode === "off") {
    return ["AUTH_MODE=off: anyone who reaches this address is let in. For local development only."];
  }
  const { loopback: postsHere } = config.webhooks.reach;
  return postsHere
    ? ["WEBHOOK_ALLOW_LOOPBACK: whoever may open a session can have this machine's own ports posted to."]
    : [];
}

try {
  const options = command(process.argv.slice(2));
  if (!options) process.exit(0);
  const { host, port, stateDir: state } = options;
  for (const line of unknownVariables(process.env, [...variableNames, "HOST", "PORT", "STATE_DIR"]))
    console.error(line);
  const { CAPTIONS = "final", ...environment } = process.env;
  // With a service of its own, which is begun by the first speech and not before, it is who says who speaks; another may not look at whole tracks at all.
  const hasOwn = !environment["INFERENCE_BASE_URL"] && !environment["EMBEDDED_BASE_URL"];
  const { RESOLVE_REVIEW = hasOwn ? "on" : undefined, LOCAL_INFERENCE_URL = hasOwn ? "own" : undefined } = environment;
  // A meeting's transcript should not stay empty where a model is at hand, which is begun by the first speech and not before.
  const variables = localVariables({ ...environment, CAPTIONS, RESOLVE_REVIEW, LOCAL_INFERENCE_URL });
  const parsed = parseConfig(variables);
  if (!parsed.ok && !parsed.error.every((error) => error === missingSecret)) {
    throw new Failure(`These variables are not set right: ${parsed.error.join("; ")}.`);
  }
  const config = parsed.ok ? parsed.value : undefined;
  checkHost(host, variables, config);
  await keepRunning({
    start: (onPort) => startGateway({ host, port: onPort, stateDir: state, variables }),
    port,
    signal: stopping.signal,
    onStart: (started) => {
      gateway = started;
      for (const line of warnings(config)) console.log(line);
      console.log(`ready ${started.url}`);
      console.log(`The console: ${started.url}/   The contract: ${started.url}/docs`);
    },
    report: (line) => console.error(line),
  });
} catch (cause) {
  console.error(sentenceOf(cause));
  await stopGateway(gateway);
  process.exit(1);
}
