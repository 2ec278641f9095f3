/** The line of a piece of work: how long it took, and whether it was done. */
import { describeError, log, type LogFields } from "./log.ts";

export async function timed<T>(event: string, fields: LogFields, work: () => Promise<T>): Promise<T> {
  const begunAt = Date.now();
  try {
    const done = await work();
    log.info(event, { ...fields, status: "ok", duration_ms: Date.now() - begunAt });
    return done;
  } catch (cause) {
    log.warn(event, { ...fields, status: "failed", duration_ms: Date.now() - begunAt, error: describeError(cause) });
    throw cause;
  }
}
