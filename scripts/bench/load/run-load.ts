/** Runs a job in a load generator's process. */
import { fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { Failure } from "../../../schemas/lib/failure.ts";
import { readsTypeScript } from "../../local/reads-typescript.ts";
import type { LoadAnswer, LoadJob, LoadResult } from "./job.ts";

const program = fileURLToPath(new URL("load-main.ts", import.meta.url));

/** @param signal kills it. @throws Failure with the sentence that the generator said. */
export async function runLoad(job: LoadJob, signal: AbortSignal): Promise<LoadResult> {
  const child = fork(program, {
    execArgv: [...readsTypeScript],
    signal,
    killSignal: "SIGKILL",
    serialization: "advanced",
  });
  const ended = Promise.race([once(child, "message"), once(child, "exit").then(() => undefined)]);
  child.send(job);
  const [answer] = ((await ended) ?? []) as [LoadAnswer?];
  if (!answer) throw new Failure("The load generator ended without an answer.");
  if ("failure" in answer) throw new Failure(answer.failure);
  return answer.result;
}
