/** Models that hear behind an HTTP API of OpenAI's shape: OpenAI itself, others that speak like it, and our inference service. */
import * as z from "zod";
import { beginningOf } from "../../../../schemas/cut-text.ts";
import { ok, type Result } from "../../../../schemas/lib/result.ts";
import type { HeardSegment } from "../../../../schemas/speech/transcription.ts";
import { parseHeard, seconds } from "../heard.ts";
import {
  type Audio,
  type Call,
  type Heard,
  type HearingOptions,
  ModelError,
  type ModelFault,
  type Transcriber,
} from "../ports.ts";
import { askOpenAi, jsonOf, type OpenAiService, wrong } from "./openai-http.ts";
import { sseEventsOf } from "./sse-events.ts";

/** Providers go by the name of the file, whatever its type says. */
const extensions: Readonly<Record<string, string>> = {
  "audio/wav": "wav",
  "audio/webm": "webm",
  "audio/ogg": "ogg",
  "audio/mp4": "mp4",
  "audio/mpeg": "mp3",
  "audio/flac": "flac",
};

export function openAiTranscriber(service: OpenAiService): Transcriber {
  const transcribe: Transcriber["transcribe"] = async (audio, options, call) => {
    const answer = await ask(service, audio, options, call, false);
    if (!answer.ok) return answer;
    const json = await jsonOf(service, answer.value, call);
    if (!json.ok) return json;
    const heard = parseHeard(json.value, options.words === true);
    return heard ? ok(heard) : wrong(service, call, "no transcription");
  };
  if (!service.isOwn) return { name: service.name, transcribe };
  return {
    name: service.name,
    transcribe,
    listen: async (audio, options, call) => {
      const answer = await ask(service, audio, options, call, true);
      return answer.ok ? ok(heardIn(service, answer.value, call)) : answer;
    },
  };
}

async function ask(
  service: OpenAiService,
  audio: Audio,
  { language, prompt, words }: HearingOptions,
  call: Call,
  isStreamed: boolean,
): Promise<Result<Response, ModelFault>> {
  // Of OpenAI's own, only Whisper knows times.
  const isTimed = !service.model.startsWith("gpt-");
  const fields: [string, string][] = [
    ["model", service.model],
    ["response_format", isTimed ? "verbose_json" : "json"],
    ...(language === undefined ? [] : [["language", language] satisfies [string, string]]),
    ...(prompt === undefined ? [] : [["prompt", prompt] satisfies [string, string]]),
    ...(isStreamed ? [["stream", "true"] satisfies [string, string]] : []),
  ];
  if (service.isOwn) {
    // As it is: a form would be another copy of it in memory.
    const query = new URLSearchParams(fields);
    if (words) query.set("timestamp_granularities", "word");
    const request = { body: audio.bytes, contentType: audio.type, query: `?${query.toString()}` };
    return askOpenAi(service, "/audio/transcriptions", request, call);
  }
  const form = new FormData();
  for (const [name, value] of fields) form.set(name, value);
  if (isTimed && words) for (const what of ["segment", "word"]) form.append("timestamp_granularities[]", what);
  form.set("file", new File([audio.bytes], `audio.${extensions[audio.type] ?? "wav"}`, { type: audio.type }));
  return askOpenAi(service, "/audio/transcriptions", { body: form }, call);
}

const eventSchema = z.discriminatedUnion("type", [
  z.object({ type: z.literal("transcript.text.segment"), start: seconds, end: seconds, text: z.string() }),
  z.object({
    type: z.literal("transcript.text.done"),
    text: z.string(),
    usage: z.object({ seconds: seconds.optional() }).optional(),
  }),
]);
type HeardEvent = z.infer<typeof eventSchema>;

/**
 * Our own service's stream: each segment with its times, then all of it. An event that can't be read is the end of it: without one the rest
 * would pass for the whole. What a later version says besides is passed over. Throws ModelError.
 */
async function* heardIn(service: OpenAiService, answer: Response, call: Call): AsyncGenerator<HeardSegment, Heard> {
  const segments: HeardSegment[] = [];
  for await (const data of sseEventsOf(answer.body ?? new ReadableStream({ start: (none) => none.close() }))) {
    const event = eventOf(data);
    if (event === "other") continue;
    if (event === undefined) throw new ModelError(wrong(service, call, `the event ${beginningOf(data, 500)}`).error);
    if (event.type === "transcript.text.done") {
      const { text, usage } = event;
      const durationMs = usage?.seconds === undefined ? undefined : usage.seconds * 1_000;
      return { text, language: "en", durationMs, segments };
    }
    const { start, end, text } = event;
    const startMs = Math.round(start * 1_000);
    const segment = { start_ms: startMs, end_ms: Math.max(startMs, Math.round(end * 1_000)), text };
    segments.push(segment);
    yield segment;
  }
  throw new ModelError({ reason: "failed" });
}

const otherEventSchema = z.object({ type: z.string() });
const knownTypes: ReadonlySet<string> = new Set(["transcript.text.segment", "transcript.text.done", "error"]);

/** @returns `other` for what this version does not know; undefined for what can't be read, and for an error. */
function eventOf(data: string): HeardEvent | "other" | undefined {
  try {
    const value: unknown = JSON.parse(data);
    const { type } = otherEventSchema.parse(value);
    return knownTypes.has(type) ? eventSchema.parse(value) : "other";
  } catch {
    return undefined;
  }
}
