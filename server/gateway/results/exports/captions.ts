/** The transcript as captions: WebVTT (W3C, with voice tags), SubRip, and plain text. Times are the meeting's axis, or
 * those of the one track that is asked for. */
import type { TranscriptEntry } from "../../../../schemas/http/result.ts";
import { chunkMs } from "../../../../schemas/wire/audio.ts";
import { clockTime, type Meeting, nameOf, oneLine } from "./meeting.ts";

/** Gaps are notes: captions have their true times, whatever is missing between them. */
export function toVtt({ transcript, gaps }: Meeting): string {
  const notes = gaps.map(
    ({ track, from_seq, to_seq, cause }) =>
      `NOTE Seconds ${from_seq} to ${to_seq} of track ${track} are missing (${cause}).\n`,
  );
  const cues = captionsOf(transcript).map((entry) => {
    const times = `${clockTime(entry.start_ms, ".")} --> ${clockTime(endOf(entry), ".")}`;
    return `${times}\n<v ${escaped(nameOf(entry))}>${escaped(entry.text)}</v>\n`;
  });
  return ["WEBVTT\n", ...notes, ...cues].join("\n");
}

export function toSrt({ transcript }: Meeting): string {
  return captionsOf(transcript)
    .map((entry, i) => {
      const times = `${clockTime(entry.start_ms, ",")} --> ${clockTime(endOf(entry), ",")}`;
      // SubRip has no escapes: an arrow in a text would be read as a time.
      return `${i + 1}\n${times}\n${nameOf(entry)}: ${entry.text.replaceAll("-->", "→")}\n`;
    })
    .join("\n");
}

/** For people: a line an utterance, a line a gap, in order of time. */
export function toText({ transcript, gaps, offsets }: Meeting): string {
  const said = captionsOf(transcript).map((entry) => ({
    at: entry.start_ms,
    line: `[${clockTime(entry.start_ms, ".").slice(0, 8)}] ${nameOf(entry)}: ${entry.text}\n`,
  }));
  const missing = gaps.map(({ track, from_seq, to_seq, cause }) => {
    const at = (from_seq - 1) * chunkMs + (offsets?.get(track) ?? 0);
    const seconds = to_seq - from_seq + 1;
    return { at, line: `[${clockTime(at, ".").slice(0, 8)}] (${seconds} s of track ${track} missing: ${cause})\n` };
  });
  return [...said, ...missing]
    .sort((a, b) => a.at - b.at)
    .map(({ line }) => line)
    .join("");
}

/** Of an utterance without a length: a cue ends after its start (W3C WebVTT §4.1). */
function endOf({ start_ms, end_ms }: TranscriptEntry): number {
  return Math.max(end_ms, start_ms + 1);
}

/** Entries that say something. */
function captionsOf(transcript: readonly TranscriptEntry[]): TranscriptEntry[] {
  return transcript.map((entry) => ({ ...entry, text: oneLine(entry.text) })).filter(({ text }) => text !== "");
}

/** WebVTT cue text (W3C WebVTT §4.2.2): `&`, `<` and `>` are markup. */
function escaped(text: string): string {
  return oneLine(text).replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}
