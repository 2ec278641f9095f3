/** How much space the machine has left that the Workers run on: known on one machine alone, of the process that runs them. */
import * as z from "zod";
import { withTimeout } from "../../../schemas/lib/timeout.ts";
import { describeError, log } from "../../shared/telemetry/log.ts";
import type { Env } from "../env.ts";

const timeoutMs = 5_000;
const answerSchema = z.object({ free_bytes: z.number().min(0) });

/** @returns bytes; undefined in a deployment, and where it is not known. Never rejects. */
export async function freeBytes({ LOCAL_STATE: local }: Pick<Env, "LOCAL_STATE">): Promise<number | undefined> {
  if (!local) return undefined;
  try {
    const answer = await withTimeout(local.fetch("http://local/disk"), timeoutMs, "the disk");
    return answerSchema.parse(await answer.json()).free_bytes;
  } catch (cause) {
    log.warn("disk.not_read", { error: describeError(cause) });
    return undefined;
  }
}
