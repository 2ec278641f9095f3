/** Whether what lies in R2 is exactly what was streamed: each second in its place, not a byte more. Pure. */
import { Failure } from "../../schemas/lib/failure.ts";
import type { StoredObject } from "../local/local-bucket.ts";

/** @throws Failure naming the first chunk that is missing, misplaced or differs. */
export function checkStored(stored: readonly StoredObject[], prefix: string, chunks: readonly Uint8Array[]): void {
  if (stored.length !== chunks.length)
    throw new Failure(`R2 holds ${stored.length} objects under ${prefix}; ${chunks.length} were streamed.`);
  for (const [index, chunk] of chunks.entries()) {
    const key = `${prefix}${String(index + 1).padStart(8, "0")}.pcm`;
    const object = stored[index];
    if (object?.key !== key) throw new Failure(`R2 holds ${object?.key ?? "nothing"} where ${key} belongs.`);
    if (Buffer.compare(object.bytes, chunk) !== 0)
      throw new Failure(`R2 holds other bytes than were streamed under ${key}.`);
  }
}
