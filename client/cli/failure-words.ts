/** Every way in which the command ends badly, as one sentence that says what to do (V4). */
import {
  CaptureFailedError,
  OutboxDamagedError,
  OutboxLockedError,
  RoomtoneError,
  RoomtoneHttpError,
  RoomtoneNetworkError,
  RoomtoneTimeoutError,
  SyncDamagedError,
  SyncOtherUserError,
  WavError,
} from "@roomtone/client/node";
import { NothingCapturedError } from "./capture-command.ts";
import { plain } from "./plain.ts";
import { RecorderError } from "./recorder.ts";
import { UsageError } from "./usage-error.ts";

const needsCredential =
  "The gateway asks for a credential: set ROOMTONE_API_KEY or ROOMTONE_TOKEN, or give --token-command (see --help).";
const inSpool = "What was not kept yet is in the spool: run the same command again to go on.";

export interface Circumstances {
  /** Whether a credential was given. */
  readonly hasCredential: boolean;
  /** Whether the command captures: others keep nothing in a spool. */
  readonly isCapture: boolean;
  /** The gateway that was asked; undefined before one was. */
  readonly url?: string | undefined;
  /** Of the process: `ROOMTONE_DEBUG` shows where a bug is. */
  readonly env: NodeJS.ProcessEnv;
}

export function failureWords(cause: unknown, { hasCredential, isCapture, url, env }: Circumstances): string {
  const rest = isCapture ? ` ${inSpool}` : "";
  if (cause instanceof CaptureFailedError) return captureWords(cause, hasCredential);
  if (cause instanceof RoomtoneHttpError && cause.code === "unauthorized" && !hasCredential) return needsCredential;
  if (cause instanceof RoomtoneError && url !== undefined && isOfNoGateway(cause))
    return `${asSentence(cause.message)} Is the gateway at ${plain(url)} running? --url names another.`;
  if (cause instanceof RoomtoneHttpError && cause.code === "not_finalized")
    return `${asSentence(cause.message)} \`roomtone finalize\` does it.`;
  if (cause instanceof RoomtoneError) return asSentence(cause.message);
  if (cause instanceof RecorderError)
    return `${asSentence(cause.message)}${cause.hasBegun ? ` If anything was recorded, it is in the spool: run the same command again to go on.` : ""}`;
  if (cause instanceof WavError)
    return `The source is ${asSentence(cause.message)} The track was not ended. ${inSpool}`;
  if (
    [
      UsageError,
      SyncDamagedError,
      SyncOtherUserError,
      OutboxLockedError,
      OutboxDamagedError,
      NothingCapturedError,
    ].some((kind) => cause instanceof kind)
  )
    return asSentence((cause as Error).message);
  if (!(cause instanceof Error)) return `Unexpected: ${asSentence(String(cause))}`;
  // A fault of the machine, such as a disk that fails while it is read.
  if ("syscall" in cause) return `The system refused: ${asSentence(cause.message)}${rest}`;
  const where = env["ROOMTONE_DEBUG"] ? `\n${cause.stack ?? ""}` : " ROOMTONE_DEBUG=1 shows where.";
  return `This is a bug: ${asSentence(cause.message)} Please report it.${rest}${where}`;
}

/** Nobody answers there, or what does is something else. One that is slow may well be a gateway. */
function isOfNoGateway(cause: RoomtoneError): boolean {
  if (cause instanceof RoomtoneHttpError) return cause.code === "unexpected_answer";
  return cause instanceof RoomtoneNetworkError && !(cause instanceof RoomtoneTimeoutError);
}

function captureWords({ code, message, cause, seconds }: CaptureFailedError, hasCredential: boolean): string {
  if (code === "other_audio")
    return (
      `This track already has ${seconds ?? "some"} s that did not come from here: --append adds after them, another --session or ` +
      "--track begins anew. If it is the same audio, go on with the first one's --spool."
    );
  if (code === "unauthorized" && !hasCredential) return needsCredential;
  if (code === "outbox")
    return `The spool failed: ${asSentence(cause instanceof Error ? cause.message : message)} What is in it stays there.`;
  return `${asSentence(message)} (${code}) ${inSpool}`;
}

/** What others wrote into it, a gateway or whatever answers in its place, does not steer the terminal. */
function asSentence(text: string): string {
  const line = plain(text).trimEnd();
  return /[.!?]$/.test(line) ? line : `${line}.`;
}
