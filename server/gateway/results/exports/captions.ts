/**
 * The transcript as captions: WebVTT (W3C, with voice tags), SubRip, and plain text. Times are the meeting's axis, or those of
 * the one track that is asked for.
 */
import type { TranscriptEntry } from "../../../../schemas/http/result.ts";
import { chunkMs } from "../../../../schemas/wire/audio.ts";
import { clockSeconds, clockTime, type Document, type MeetingHead, nameOf, type Pieces } from "./meeting.ts";
import { oneLine } from "../../../../schemas/one-line.ts";

/** Gaps are notes: captions have their true times, whatever is missing between them. */
export function openVtt({ gaps }: MeetingHead): Document {
  return {
    *begin() {
      yield "WEBVTT\n";
      for (const { track, from_seq, to_seq, cause } of gaps) {
        yield `\nNOTE Seconds ${from_seq} to ${to_seq} of track ${track} are missing (${cause}).\n`;
      }
    },
    entry: captions((entry, text) => {
      const times = `${clockTime(entry.start_ms, ".")} --> ${clockTime(endOf(entry), ".")}`;
      return `\n${times}\n<v ${escaped(nameOf(entry))}>${escaped(text)}</v>\n`;
    }),
    end: nothing,
  };
}

export function openSrt(): Document {
  let number = 0;
  return {
    begin: nothing,
    entry: captions((entry, text) => {
      number += 1;
      const times = `${clockTime(entry.start_ms, ",")} --> ${clockTime(endOf(entry), ",")}`;
      // SubRip has no escapes: an arrow would be read as a time.
      const line = `${nameOf(entry)}: ${text}`.replaceAll("-->", "→");
      return `${number === 1 ? "" : "\n"}${number}\n${times}\n${line}\n`;
    }),
    end: nothing,
  };
}

/** For people: a line an utterance, a line a gap, in order of time. */
export function openText({ gaps, offsets }: MeetingHead): Document {
  const missing = gaps
    .map((gap) => ({ ...gap, at: (gap.from_seq - 1) * chunkMs + (offsets?.get(gap.track) ?? 0) }))
    .sort((a, b) => a.at - b.at);
  let next = 0;
  const missingBefore = function* (ms: number): Pieces {
    for (let gap = missing[next]; gap && gap.at < ms; gap = missing[next]) {
      const { track, from_seq, to_seq, cause } = gap;
      yield `[${clockSeconds(gap.at)}] (${to_seq - from_seq + 1} s of track ${track} missing: ${cause})\n`;
      next += 1;
    }
  };
  return {
    begin: nothing,
    entry: captions((entry, text) => {
      const before = [...missingBefore(entry.start_ms)].join("");
      return `${before}[${clockSeconds(entry.start_ms)}] ${nameOf(entry)}: ${text}\n`;
    }),
    end: () => missingBefore(Number.POSITIVE_INFINITY),
  };
}

/** Of an utterance without a length: a cue ends after its start (W3C WebVTT §4.1). */
function endOf({ start_ms, end_ms }: TranscriptEntry): number {
  return Math.max(end_ms, start_ms + 1);
}

/** Of entries that say something, with what they say as one line. */
function captions(write: (entry: TranscriptEntry, text: string) => string): Document["entry"] {
  return (entry) => {
    const text = oneLine(entry.text);
    return text === "" ? "" : write(entry, text);
  };
}

function* nothing(): Pieces {}

/** WebVTT cue text (W3C WebVTT §4.2.2): `&`, `<` and `>` are markup. */
function escaped(line: string): string {
  return line.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}
