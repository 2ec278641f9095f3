/** What keeps a recording from beginning or going on, in words for a person. Pure. */
import { AudioFileError, AudioSourceError, type ChannelFault, OutboxLockedError } from "../../browser/index.ts";
import { plainWords } from "../api/plain-words.ts";

export type SourceKind = "mic" | "system";

/** Of a track. */
export function sourceName(track: string): string {
  return track === "mic" ? "microphone" : "shared sound";
}

/** What a recording is called that nobody named: `Recording, 28 Nov, 22:03`. */
export function unnamedWords(at: number): string {
  const when = { day: "numeric", month: "short", hour: "numeric", minute: "2-digit" } as const;
  return `Recording, ${new Intl.DateTimeFormat(undefined, when).format(at)}`;
}

/** What averaging the channels of a source does to it (C7). @param what it is, such as "microphone". */
export function channelWords({ kind }: ChannelFault, what: string): string {
  const all = "next to nothing is heard of it";
  return kind === "cancel"
    ? `The channels of the ${what} cancel each other out: ${all}. Give it as mono, or by one channel alone.`
    : `Only one channel of the ${what} has sound, which is quieter so. Give it as mono, or by that channel alone.`;
}

/** Why a source could not be opened. */
export function sourceWords(cause: unknown, kind: SourceKind): string {
  if (cause instanceof AudioSourceError) return cause.message;
  const what = kind === "mic" ? "microphone" : "sound of a tab or of the system";
  switch (cause instanceof DOMException ? cause.name : "") {
    case "NotAllowedError":
      return kind === "mic"
        ? "You did not allow the microphone. Allow it beside the page's address, then try again."
        : "Nothing was shared. Choose a tab or a screen, with its sound.";
    case "NotFoundError":
    case "OverconstrainedError":
      return `No ${what} was found. Plug one in, or choose another.`;
    case "NotReadableError":
    case "AbortError":
      return `The ${what} can't be used: another program may hold it.`;
    default:
      return plainWords(cause);
  }
}

/** Why a recording or a file could not be begun. */
export function beginWords(cause: unknown): string {
  if (cause instanceof OutboxLockedError) return "Another tab records this meeting already.";
  if (cause instanceof AudioFileError) return cause.message;
  return plainWords(cause);
}

const failures: Readonly<Record<string, string>> = {
  session_finalized: "The meeting was ended: nothing more is taken.",
  superseded: "Another page records this track now.",
  unauthorized: "The gateway does not know your key or token.",
  forbidden: "Your key or token may not record into this meeting.",
  outbox: "This browser's storage failed: seconds may not survive the page.",
  other_audio: "Somebody else has recorded into this track already.",
};

/** Why a capture takes nothing more. @param code of `CaptureFailedError`. */
export function failureWords(code: string, detail: string): string {
  return failures[code] ?? detail;
}
