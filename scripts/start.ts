/**
 * `npm start`: the gateway on PORT, until Ctrl-C or SIGTERM.
 */
import { onStopSignal } from "./lib/stop-signal.ts";
import { startGateway } from "./lib/gateway.ts";
import { localVariables } from "./lib/local-variables.ts";

const port = Number(process.env["PORT"] ?? 8787);
if (!Number.isInteger(port) || port < 0 || port > 65_535) {
  console.error(`PORT must be a port number, not "${process.env["PORT"]}".`);
  process.exit(1);
}
const variables = localVariables(process.env);
const gateway = await startGateway({ port, stateDir: process.env["STATE_DIR"] || ".wrangler/state", variables });
onStopSignal(() => gateway.stop());
if (variables["AUTH_MODE"] === "off")
  console.log("AUTH_MODE=off: anyone who reaches this address is let in. For local development only.");
console.log(`ready ${gateway.url}`);
