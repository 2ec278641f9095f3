/** What was heard as captions: SubRip and WebVTT. Pure. */
import type { HeardSegment } from "./transcription.ts";

export function srtOf(segments: readonly HeardSegment[]): string {
  return segments.map((one, i) => `${i + 1}\n${cue(one, ",", oneLine(one.text))}`).join("");
}

export function vttOf(segments: readonly HeardSegment[]): string {
  return `WEBVTT\n\n${segments.map((one) => cue(one, ".", escaped(oneLine(one.text)))).join("")}`;
}

function cue({ start_ms: startMs, end_ms: endMs }: HeardSegment, point: string, text: string): string {
  return `${clock(startMs, point)} --> ${clock(endMs, point)}\n${text}\n\n`;
}

/** An empty line would end the cue. */
const oneLine = (text: string): string => text.replaceAll(/\s+/g, " ");

const escaped = (text: string): string => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");

const two = (value: number): string => String(Math.floor(value)).padStart(2, "0");

function clock(ms: number, point: string): string {
  const rest = String(ms % 1_000).padStart(3, "0");
  return `${two(ms / 3_600_000)}:${two((ms / 60_000) % 60)}:${two((ms / 1_000) % 60)}${point}${rest}`;
}
