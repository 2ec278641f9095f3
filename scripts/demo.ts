/**
 * `npm run demo`: starts the gateway, streams the sample interview to it, finalizes, proves that what was
 * kept is what was sent, and keeps serving. Nothing but this checkout is needed.
 */
import { readEnvFile } from "./cli/env-file.ts";
import { fileURLToPath } from "node:url";
import { runCommand } from "./cli/run-command.ts";
import { parseDemoOptions } from "./demo/demo-command.ts";
import { runDemo } from "./demo/demo-run.ts";
import { startGateway } from "./local/gateway.ts";
import { stopGateway, watchWorkerd } from "./local/workerd-processes.ts";

readEnvFile();

const sample = fileURLToPath(new URL("demo/sample/interview.wav", import.meta.url));

await runCommand(parseDemoOptions, async ({ port, stateDir, speed, exit }, { signal, progress, print, atEnd }) => {
  print("Starting the gateway…");
  const gateway = await startGateway({ port, stateDir, variables: { AUTH_MODE: "off", LOCAL_INFERENCE_URL: "own" } });
  atEnd(() => stopGateway(gateway));
  await runDemo({ url: gateway.url, stateDir, speed, sample, serves: !exit, progress, print });
  if (exit) return;
  print("\nServing until Ctrl-C.");
  await watchWorkerd(signal);
});
