/** What the codes that a connection was closed with mean to a capture. */
import { wireErrors } from "../../schemas/wire/errors.ts";

/** RFC 6455 §7.4.1: the connection was lost without a close frame. */
export const abnormalCloseCode = 1006;

/** The gateway restarts (RFC 6455 §7.4.1 and its registry: going away, service restart). */
export const restartCloseCodes: ReadonlySet<number> = new Set([1001, wireErrors.going_away.closeCode]);
export const unauthorizedCloseCode = wireErrors.unauthorized.closeCode;
/** Close codes after which coming back is pointless. A refused token is not among them: the next may be good. */
export const finalCloseCodes: ReadonlySet<number> = new Set(
  Object.values(wireErrors).flatMap((entry) =>
    "closeCode" in entry && !entry.retryable && entry.closeCode !== unauthorizedCloseCode ? [entry.closeCode] : [],
  ),
);
