/** Segments in the shapes that OpenAI's transcription endpoint answers with. Pure. */
import { deflateSync } from "node:zlib";
import type { Segment } from "./listener.ts";
import type { ResponseFormat } from "./transcription-request.ts";

export interface Transcript {
  readonly durationMs: number;
  readonly segments: readonly Segment[];
}

export interface Word {
  readonly word: string;
  readonly start: number;
  readonly end: number;
}

const textType = "text/plain; charset=utf-8";

export function transcriptionAnswer(transcript: Transcript, format: ResponseFormat, wantsWords: boolean): Response {
  const text = textOf(transcript.segments);
  switch (format) {
    case "json":
      return Response.json({ text, usage: usageOf(transcript) });
    case "verbose_json":
      return Response.json(verbose(transcript, text, wantsWords));
    case "text":
      return new Response(`${text}\n`, { headers: { "content-type": textType } });
    case "srt":
      return new Response(srt(transcript.segments), { headers: { "content-type": textType } });
    case "vtt":
      return new Response(vtt(transcript.segments), { headers: { "content-type": "text/vtt; charset=utf-8" } });
  }
}

export function textOf(segments: readonly Segment[]): string {
  return segments.map(({ text }) => text).join(" ");
}

export function usageOf({ durationMs }: { readonly durationMs: number }): { type: "duration"; seconds: number } {
  return { type: "duration", seconds: Math.ceil(durationMs / 1_000) };
}

/** A segment as `verbose_json` and the stream have it. */
export function segmentOf(segment: Segment, id: number): Record<string, unknown> {
  const bytes = Buffer.from(segment.text);
  return {
    id,
    seek: 0,
    start: segment.startMs / 1_000,
    end: segment.endMs / 1_000,
    text: segment.text,
    tokens: [],
    temperature: 0,
    avg_logprob: segment.logProb,
    compression_ratio: bytes.byteLength / deflateSync(bytes).byteLength,
    no_speech_prob: 1 - segment.speechProbability,
  };
}

function verbose(transcript: Transcript, text: string, wantsWords: boolean): Record<string, unknown> {
  return {
    task: "transcribe",
    language: "english",
    duration: transcript.durationMs / 1_000,
    text,
    segments: transcript.segments.map(segmentOf),
    ...(wantsWords ? { words: transcript.segments.flatMap(wordsOf) } : {}),
    usage: usageOf(transcript),
  };
}

/** Over the segment's time by their letters: within a few tenths of a second of when they were said. */
export function wordsOf({ text, startMs, endMs }: Segment): Word[] {
  const words = text.split(/\s+/).filter((word) => word !== "");
  const weights = words.map((word) => word.length + 1);
  const all = weights.reduce((sum, weight) => sum + weight, 0);
  const secondsAt = (weight: number): number => Math.round(startMs + ((endMs - startMs) * weight) / all) / 1_000;
  let before = 0;
  return words.map((word, i) => {
    const start = secondsAt(before);
    before += weights[i] ?? 0;
    return { word, start, end: secondsAt(before) };
  });
}

function srt(segments: readonly Segment[]): string {
  return segments
    .map(({ startMs, endMs, text }, i) => `${i + 1}\n${clock(startMs, ",")} --> ${clock(endMs, ",")}\n${text}\n\n`)
    .join("");
}

/** Without what would end a cue, or pass for a tag. */
function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

function vtt(segments: readonly Segment[]): string {
  const cues = segments.map(
    ({ startMs, endMs, text }) => `${clock(startMs, ".")} --> ${clock(endMs, ".")}\n${escaped(text)}\n\n`,
  );
  return `WEBVTT\n\n${cues.join("")}`;
}

function two(value: number): string {
  return String(Math.floor(value)).padStart(2, "0");
}

function clock(ms: number, point: string): string {
  const rest = String(ms % 1_000).padStart(3, "0");
  return `${two(ms / 3_600_000)}:${two((ms / 60_000) % 60)}:${two((ms / 1_000) % 60)}${point}${rest}`;
}
