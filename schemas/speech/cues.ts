/** What was heard as captions: SubRip and WebVTT. Whatever a model says it heard makes no cue, line or time of its own (E6). Pure. */
import { oneLine } from "../one-line.ts";
import type { HeardSegment } from "./transcription.ts";

export function srtOf(segments: readonly HeardSegment[]): string {
  // SubRip has no escapes: an arrow would be read as a time.
  return said(segments)
    .map((one, i) => `${i + 1}\n${cue(one, ",", one.text.replaceAll("-->", "→"))}`)
    .join("");
}

export function vttOf(segments: readonly HeardSegment[]): string {
  return `WEBVTT\n\n${said(segments)
    .map((one) => cue(one, ".", escaped(one.text)))
    .join("")}`;
}

/** Those that say something, on one line each: an empty one would end its cue. */
function said(segments: readonly HeardSegment[]): HeardSegment[] {
  return segments.flatMap((one) => {
    const text = oneLine(one.text);
    return text === "" ? [] : [{ ...one, text }];
  });
}

/** A cue ends after its start, also of a model that knows no lengths (W3C WebVTT §4.1). */
function cue({ start_ms: startMs, end_ms: endMs }: HeardSegment, point: string, text: string): string {
  return `${clock(startMs, point)} --> ${clock(Math.max(endMs, startMs + 1), point)}\n${text}\n\n`;
}

const escaped = (text: string): string => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");

const two = (value: number): string => String(Math.floor(value)).padStart(2, "0");

function clock(ms: number, point: string): string {
  const rest = String(ms % 1_000).padStart(3, "0");
  return `${two(ms / 3_600_000)}:${two((ms / 60_000) % 60)}:${two((ms / 1_000) % 60)}${point}${rest}`;
}
