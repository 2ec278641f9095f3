/**
 * What models say that they heard, in the shapes of those that are asked: OpenAI's `verbose_json` and `json`, Whisper's of
 * Workers AI, and Deepgram's. Each becomes the same. Pure; seconds in, whole milliseconds out.
 */
import * as z from "zod";
import type { HeardSegment, HeardWord } from "../../../schemas/speech/transcription.ts";
import type { Heard } from "./ports.ts";

export const seconds = z.number().nonnegative().max(1e6);
const timedWord = z.object({ word: z.string(), punctuated_word: z.string().optional(), start: seconds, end: seconds });
type TimedWord = z.infer<typeof timedWord>;

const timedSegment = z.object({
  start: seconds,
  end: seconds,
  text: z.string(),
  avg_logprob: z.number().optional(),
  no_speech_prob: z.number().optional(),
  words: z.array(timedWord).nullish(),
});

const plainSchema = z.object({
  text: z.string(),
  language: z.string().nullish(),
  duration: z.union([z.null(), z.coerce.number().nonnegative().max(1e6)]).optional(),
  segments: z.array(timedSegment).nullish(),
  words: z.array(timedWord).nullish(),
  transcription_info: z.object({ language: z.string().nullish(), duration: seconds.nullish() }).nullish(),
  usage: z
    .object({
      input_tokens: z.int().nonnegative().optional(),
      output_tokens: z.int().nonnegative().optional(),
      seconds: seconds.optional(),
    })
    .nullish(),
});

/** Silence has an alternative too, with an empty transcript: an answer without one says nothing of what was heard. */
const alternativeSchema = z
  .object({ transcript: z.string().optional(), words: z.array(timedWord).optional() })
  .refine(({ transcript, words }) => transcript !== undefined || words !== undefined);

const deepgramSchema = z.object({
  results: z.object({
    channels: z
      .array(z.object({ detected_language: z.string().optional(), alternatives: z.array(alternativeSchema).min(1) }))
      .min(1),
  }),
  metadata: z.object({ duration: seconds.optional() }).nullish(),
});

/** @returns undefined where it is none of the shapes. */
export function parseHeard(value: unknown, wantsWords: boolean): Heard | undefined {
  const deepgram = deepgramSchema.safeParse(value);
  if (deepgram.success) return fromDeepgram(deepgram.data, wantsWords);
  const plain = plainSchema.safeParse(value);
  return plain.success ? fromPlain(plain.data, wantsWords) : undefined;
}

function fromPlain(said: z.infer<typeof plainSchema>, wantsWords: boolean): Heard {
  const { usage, transcription_info: info } = said;
  const duration = said.duration ?? info?.duration ?? usage?.seconds;
  const words = said.words ?? [];
  const segments = (said.segments ?? []).filter((segment) => !isInvented(segment));
  const heard = segments.flatMap((segment) =>
    segmentOf(segment.text, segment.start, segment.end, wantsWords ? (segment.words ?? within(words, segment)) : []),
  );
  const isLeftOut = segments.length < (said.segments ?? []).length;
  const all = said.segments?.length ? heard : words.length > 0 ? fromWords(words, wantsWords) : [];
  return {
    text: isLeftOut ? all.map(({ text }) => text).join(" ") : said.text.trim(),
    language: languageOf(said.language ?? info?.language),
    durationMs: duration === undefined ? undefined : ms(duration),
    segments: all,
    tokens:
      usage?.input_tokens === undefined || usage.output_tokens === undefined
        ? undefined
        : { input: usage.input_tokens, output: usage.output_tokens },
  };
}

/** Whisper's own rule for what it made up over silence. */
function isInvented({ avg_logprob: logProb, no_speech_prob: noSpeech }: z.infer<typeof timedSegment>): boolean {
  return noSpeech !== undefined && logProb !== undefined && noSpeech > 0.6 && logProb < -1;
}

function fromDeepgram({ results, metadata }: z.infer<typeof deepgramSchema>, wantsWords: boolean): Heard {
  const [channel] = results.channels;
  const [best] = channel?.alternatives ?? [];
  const segments = fromWords(best?.words ?? [], wantsWords);
  return {
    text: (best?.transcript ?? segments.map(({ text }) => text).join(" ")).trim(),
    language: languageOf(channel?.detected_language),
    durationMs: metadata?.duration === undefined ? undefined : ms(metadata.duration),
    segments,
  };
}

const longestPauseS = 0.7;
const longestSegmentS = 12;

/** Cut where somebody pauses, and after a sentence that has lasted a while. */
function fromWords(words: readonly TimedWord[], wantsWords: boolean): HeardSegment[] {
  const groups: TimedWord[][] = [];
  for (const word of words) {
    const group = groups.at(-1);
    const [first, last] = [group?.[0], group?.at(-1)];
    const isNext = first && last && word.start - last.end <= longestPauseS && word.end - first.start <= longestSegmentS;
    if (group && isNext && !(endsSentence(last) && last.end - first.start > longestSegmentS / 3)) group.push(word);
    else groups.push([word]);
  }
  return groups.flatMap((group) => {
    const text = group.map((word) => word.punctuated_word ?? word.word.trim()).join(" ");
    return segmentOf(text, group[0]?.start ?? 0, group.at(-1)?.end ?? 0, wantsWords ? group : []);
  });
}

function endsSentence({ punctuated_word: punctuated, word }: TimedWord): boolean {
  return /[.!?…。！？]["'”’)]*$/.test(punctuated ?? word);
}

function segmentOf(text: string, start: number, end: number, words: readonly TimedWord[]): HeardSegment[] {
  const said = text.trim();
  if (said === "") return [];
  const startMs = ms(start);
  const segment = { start_ms: startMs, end_ms: Math.max(startMs, ms(end)), text: said };
  return [words.length === 0 ? segment : { ...segment, words: words.map(wordOf) }];
}

function wordOf({ word, punctuated_word: punctuated, start, end }: TimedWord): HeardWord {
  return { start_ms: ms(start), end_ms: Math.max(ms(start), ms(end)), text: (punctuated ?? word).trim() };
}

function within(words: readonly TimedWord[], { start, end }: { start: number; end: number }): TimedWord[] {
  return words.filter((word) => (word.start + word.end) / 2 >= start && (word.start + word.end) / 2 < end);
}

/** Whisper says `english` where others say `en`. */
function languageOf(name: string | null | undefined): string | null {
  if (!name) return null;
  if (name.length <= 3 || name.includes("-")) return name;
  const codes = ["en", "de", "fr", "es", "it", "pt", "nl", "pl", "ru", "uk", "zh", "ja", "ko", "tr", "sv", "ar", "hi"];
  const names = new Intl.DisplayNames(["en"], { type: "language" });
  return codes.find((code) => names.of(code)?.toLowerCase() === name.toLowerCase()) ?? name;
}

function ms(value: number): number {
  return Math.round(value * 1_000);
}
