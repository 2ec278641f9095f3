/**
 * Faults of an outbox's store, told apart: those that pass by themselves, a full store, and all others. Knows the names
 * that disks and browsers give them, and no disk.
 */

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
/** A browser that closed the connection, or whose storage process ended. */
const passingNames = new Set([
  "InvalidStateError",
  "AbortError",
  "UnknownError",
  "TimeoutError",
  "TransactionInactiveError",
]);

/** Whether trying again may help. The store is as it was before the call or after it, so that the same call can be made. */
export function isPassingFault(cause: unknown): boolean {
  return cause instanceof Error && (passingNames.has(cause.name) || passingCodes.has(codeOf(cause)));
}

export function isFullFault(cause: unknown): boolean {
  return (
    cause instanceof Error && (cause.name === "QuotaExceededError" || ["ENOSPC", "EDQUOT"].includes(codeOf(cause)))
  );
}

function codeOf(cause: Error): string {
  return "code" in cause && typeof cause.code === "string" ? cause.code : "";
}
