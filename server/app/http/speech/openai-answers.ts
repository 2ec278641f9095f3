/** A transcription in the shapes that clients of OpenAI's API ask for. Pure. */
import { srtOf, vttOf } from "../../../../schemas/speech/cues.ts";
import type { HeardSegment, Transcription } from "../../../../schemas/speech/transcription.ts";

export const openAiFormats = ["json", "verbose_json", "text", "srt", "vtt"] as const;
export type OpenAiFormat = (typeof openAiFormats)[number];

const plainText = { "content-type": "text/plain; charset=utf-8" } as const;

export function openAiAnswer(said: Transcription, format: OpenAiFormat, wantsWords: boolean): Response {
  switch (format) {
    case "json":
      return Response.json({ text: said.text, usage: openAiUsage(said) });
    case "verbose_json":
      return Response.json({
        task: "transcribe",
        language: languageName(said.language),
        duration: said.duration_ms / 1_000,
        text: said.text,
        segments: said.segments.map(openAiSegment),
        ...(wantsWords ? { words: said.segments.flatMap(({ words = [] }) => words.map(openAiWord)) } : {}),
        usage: openAiUsage(said),
      });
    case "text":
      return new Response(`${said.text}\n`, { headers: plainText });
    case "srt":
      return new Response(srtOf(said.segments), { headers: plainText });
    case "vtt": {
      const headers = { "content-type": "text/vtt; charset=utf-8" };
      return new Response(vttOf(said.segments), { headers });
    }
  }
}

export function openAiUsage({ duration_ms: durationMs, usage }: Transcription): object {
  const { input_tokens: input, output_tokens: output } = usage;
  if (input === undefined || output === undefined) return { type: "duration", seconds: Math.ceil(durationMs / 1_000) };
  return { type: "tokens", input_tokens: input, output_tokens: output, total_tokens: input + output };
}

export function openAiSegment({ start_ms: startMs, end_ms: endMs, text }: HeardSegment, id: number): object {
  return {
    id,
    seek: 0,
    start: startMs / 1_000,
    end: endMs / 1_000,
    text,
    // What only Whisper itself would know.
    tokens: [],
    temperature: 0,
    avg_logprob: 0,
    compression_ratio: 1,
    no_speech_prob: 0,
  };
}

function openAiWord({
  start_ms: startMs,
  end_ms: endMs,
  text,
}: {
  start_ms: number;
  end_ms: number;
  text: string;
}): object {
  return { word: text, start: startMs / 1_000, end: endMs / 1_000 };
}

/** `verbose_json` says `english` for `en`. */
function languageName(language: string | null): string {
  if (language === null) return "";
  try {
    return (new Intl.DisplayNames(["en"], { type: "language" }).of(language) ?? language).toLowerCase();
  } catch {
    return language;
  }
}
