/** Errors of a disk, told apart: a full one, those that may pass by themselves, and all others. */
import { setTimeout as delay } from "node:timers/promises";
import type { OutboxFault } from "../capture/outbox.ts";

const fullCodes = new Set(["ENOSPC", "EDQUOT"]);
/** A network drive that was away, a disk that failed once, a process with too many files open. */
const passingCodes = new Set([
  "EIO",
  "ESTALE",
  "EAGAIN",
  "EBUSY",
  "EINTR",
  "ETIMEDOUT",
  "ENOTCONN",
  "ECONNRESET",
  "ECONNABORTED",
  "EHOSTDOWN",
  "EHOSTUNREACH",
  "ENETDOWN",
  "ENETUNREACH",
  "EREMOTEIO",
  "EMFILE",
  "ENFILE",
]);
/** Before an outbox is open nobody can be told that it has to wait. */
const openPausesMs = [100, 300, 1_000] as const;

export function diskFault(cause: unknown): OutboxFault | undefined {
  const code = cause instanceof Error && "code" in cause ? String(cause.code) : "";
  if (fullCodes.has(code)) return "full";
  return passingCodes.has(code) ? "passing" : undefined;
}

/** Runs a task that can be run again, up to four times while faults may pass. */
export async function despiteDiskFaults<T>(task: () => Promise<T>): Promise<T> {
  for (const pauseMs of openPausesMs) {
    try {
      return await task();
    } catch (cause) {
      if (diskFault(cause) !== "passing") throw cause;
    }
    await delay(pauseMs);
  }
  return task();
}
