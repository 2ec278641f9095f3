/** A contestant's server in a process of its own, so that what it takes of the machine can be told from all else. Ends with its parent. */
import { join } from "node:path";
import { sentenceOf } from "../../../schemas/lib/failure.ts";
import type { StoredBundle } from "../../local/bundle/worker-bundle.ts";
import { startGateway } from "../../local/gateway.ts";
import { stopGateway, workerdPids } from "../../local/workerd-processes.ts";
import { startFileServer } from "./file-server.ts";
import { meteredBundle } from "./metered.ts";
import type { ServeAnswer, ServeJob } from "./server.ts";
import { startYardstick } from "./yardstick.ts";

const start = ({ name, stateDir, variables, isCounted }: ServeJob): Promise<{ url: string; stop(): Promise<void> }> => {
  const instead = isCounted
    ? (bundle: StoredBundle): StoredBundle => meteredBundle(bundle, join(stateDir, "bundle"))
    : undefined;
  if (name === "roomtone") return startGateway({ port: 0, stateDir, variables, instead });
  if (name === "ws-files" || name === "ws-fsync") return startFileServer(stateDir, name === "ws-fsync");
  return startYardstick(name, stateDir, isCounted);
};

let server: { stop(): Promise<void> } | undefined;
const end = (): void => void stopGateway(server).then(() => process.exit(0));

async function serve(job: ServeJob): Promise<ServeAnswer> {
  try {
    const started = await start(job);
    server = started;
    return { url: started.url, pids: [process.pid, ...workerdPids()] };
  } catch (cause) {
    return { failure: sentenceOf(cause) };
  }
}

process.once("message", (job: ServeJob) => void serve(job).then((answer) => process.send?.(answer)));
process.once("disconnect", end);
// Ctrl-C reaches the whole group: the parent says when it is time.
process.on("SIGINT", () => undefined);
