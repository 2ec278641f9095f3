import type { Offsets } from "../../../../schemas/speech/axis.ts";
import type { ResultGap } from "../../../../schemas/http/gaps.ts";
import type { TranscriptEntry, Turn } from "../../../../schemas/http/result.ts";
import { hasSomethingVisible } from "../../../../schemas/visible-line.ts";
import type { GapsPlace } from "../gaps.ts";
import { oneLine } from "../../../../schemas/one-line.ts";

/** What an export is made of, but for the transcript, which comes page by page; during the meeting, what there is of it. */
export interface MeetingHead {
  readonly sessionId: string;
  /** Times of each track's own timeline. */
  readonly timeline: readonly Turn[];
  readonly gaps: readonly ResultGap[];
  /** Where each track begins on the meeting's axis; rooms of before December 2026 have none. */
  readonly offsets?: Offsets;
}

/** A whole meeting, as rooms gave it at once until December 2026. */
export interface Meeting extends MeetingHead {
  /** Times of the meeting's axis. */
  readonly transcript: readonly TranscriptEntry[];
}

/** What the room says of a meeting at once: its length, and what no event tells. */
export interface MeetingOutline {
  readonly session_id: string;
  /** How long the log is: what is read of it afterwards goes up to there. */
  readonly event_count: number;
  /** When the last event was logged, ms since 1970: a log that was set back and went on otherwise has another. */
  readonly last_event_at?: number;
  readonly offsets: readonly (readonly [track: string, ms: number])[];
  /** The gaps of the tracks that were asked for, or a page of them. */
  readonly gaps: readonly ResultGap[];
  readonly gaps_next: GapsPlace | null;
}

/** A document that is written while its transcript is read. */
export interface Document {
  /** What comes before the first entry. */
  begin(): Pieces;
  /** @returns the text of one entry, given in order; empty where it says nothing. */
  entry(entry: TranscriptEntry): string;
  /** What comes after the last one. */
  end(): Pieces;
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
