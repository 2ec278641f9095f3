/** Why a room that closed a connection for good did so. */
import { closeCodeOf, type WireErrorCode, wireErrors } from "../../schemas/wire/errors.ts";
import { CaptureFailedError } from "./capture-types.ts";
import type { ErrorMessage } from "./read-message.ts";

/** The room's own words where it said why; else what the close code stands for. @param said its last error message. */
export function closeFailure(code: number, reason: string, said: ErrorMessage | undefined): CaptureFailedError {
  if (said && closeCodeOf(said.code) === code) return new CaptureFailedError(said.code, said.detail);
  const known = (Object.keys(wireErrors) as WireErrorCode[]).find((name) => closeCodeOf(name) === code);
  if (known) return new CaptureFailedError(known, wireErrors[known].meaning);
  return new CaptureFailedError(String(code), reason || "The room closed the connection for good.");
}
