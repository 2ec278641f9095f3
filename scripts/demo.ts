/**
 * `npm run demo`: starts the gateway, streams the sample interview to it, finalizes, proves that what was
 * kept is what was sent, and keeps serving. Nothing but this checkout is needed.
 */
import { fileURLToPath } from "node:url";
import { runDemo } from "./demo/demo-run.ts";
import { parseDemoOptions } from "./demo/demo-options.ts";
import { sentenceOf } from "../schemas/lib/failure.ts";
import { type Gateway, startGateway } from "./local/gateway.ts";
import { createProgress } from "../client/cli/progress.ts";
import { stopGateway, watchWorkerd } from "./local/workerd-processes.ts";
import { onStopSignal } from "./local/stop-signal.ts";

const sample = fileURLToPath(new URL("sample/interview.wav", import.meta.url));
const progress = createProgress(process.stderr);
const stopping = new AbortController();
let gateway: Gateway | undefined;
onStopSignal(async () => {
  progress.clear();
  stopping.abort();
  await stopGateway(gateway);
});

try {
  const options = parseDemoOptions(process.argv.slice(2), process.env);
  if (!options) process.exit(0);
  const { port, stateDir, speed, exit } = options;
  console.log("Starting the gateway…");
  gateway = await startGateway({ port, stateDir, variables: { AUTH_MODE: "off" } });
  await runDemo({ url: gateway.url, stateDir, speed, sample, progress, print: (line) => console.log(line) });
  if (!exit) {
    console.log("\nServing until Ctrl-C.");
    await watchWorkerd(stopping.signal);
  }
  if (!stopping.signal.aborted) {
    await stopGateway(gateway);
    process.exit(0);
  }
} catch (cause) {
  // Stopped on purpose: what breaks then is no news.
  if (!stopping.signal.aborted) {
    progress.clear();
    console.error(sentenceOf(cause));
    await stopGateway(gateway);
    process.exit(1);
  }
}
