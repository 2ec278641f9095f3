import type { Offsets } from "../../../../schemas/speech/axis.ts";
import type { ResultGap, TranscriptEntry, Turn } from "../../../../schemas/http/result.ts";
import { hasSomethingVisible } from "../../../../schemas/visible-line.ts";
import { oneLine } from "./one-line.ts";

/** What an export is made of; during the meeting, what there is of it. */
export interface Meeting {
  readonly sessionId: string;
  /** Times of each track's own timeline. */
  readonly timeline: readonly Turn[];
  /** Times of the meeting's axis. */
  readonly transcript: readonly TranscriptEntry[];
  readonly gaps: readonly ResultGap[];
  /** Where each track begins on that axis; rooms of before December 2026 have none. */
  readonly offsets?: Offsets;
}

/** A document in pieces, so that a long one need not be made at once. */
export type Pieces = Generator<string, void, undefined>;

/** Who said it, as far as anybody knows; fit for any line. */
export function nameOf({ speaker_name, cluster_id }: Pick<TranscriptEntry, "speaker_name" | "cluster_id">): string {
  const name = oneLine(speaker_name ?? "");
  return hasSomethingVisible(name) ? name : (cluster_id ?? "unknown");
}

/** `01:02:03.004`, with the separator that the format wants before the milliseconds. */
export function clockTime(ms: number, separator: "." | ","): string {
  return `${clockSeconds(ms)}${separator}${pad(ms % 1_000, 3)}`;
}

/** `01:02:03`; past 100 hours the hours have more digits. */
export function clockSeconds(ms: number): string {
  const seconds = Math.floor(ms / 1_000);
  const [hours, minutes] = [Math.floor(seconds / 3_600), Math.floor(seconds / 60) % 60];
  return `${pad(hours, 2)}:${pad(minutes, 2)}:${pad(seconds % 60, 2)}`;
}

function pad(value: number, digits: number): string {
  return String(value).padStart(digits, "0");
}
