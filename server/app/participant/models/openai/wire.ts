/**
 * The wire of OpenAI's Realtime (general availability, not the beta's names), as far as a conversation needs it. Events that it does
 * not know it passes over.
 */
import * as z from "zod";
import { parseJson } from "../../../../../schemas/lib/parse-json.ts";
import { encodeBase64 } from "../../../../../schemas/wire/base64.ts";
import { instructionsOf } from "../instructions.ts";
import type { TalkSetup, TalkTokens } from "../live-model.ts";

/** The only rate of its PCM, in both directions. */
export const openAiRateHz = 24_000;
/** What people say is written down beside the model, which hears sound alone. */
const transcriptionModel = "gpt-4o-mini-transcribe";

const id = z.string().max(200);
const place = z.number().nonnegative();
const count = z.number().int().nonnegative();

const details = z.object({ audio_tokens: count.default(0) }).optional();
const usageSchema = z.object({
  input_tokens: count.default(0),
  output_tokens: count.default(0),
  input_token_details: details,
  output_token_details: details,
});

const openAiEventSchema = z.discriminatedUnion("type", [
  z.object({ type: z.literal("session.updated") }),
  z.object({ type: z.literal("error"), error: z.object({ code: z.string().nullish(), type: z.string().nullish() }) }),
  z.object({ type: z.literal("input_audio_buffer.speech_started"), item_id: id, audio_start_ms: place }),
  z.object({ type: z.literal("input_audio_buffer.speech_stopped"), item_id: id, audio_end_ms: place }),
  z.object({ type: z.literal("input_audio_buffer.committed"), item_id: id }),
  z.object({
    type: z.literal("conversation.item.input_audio_transcription.completed"),
    item_id: id,
    transcript: z.string(),
  }),
  z.object({ type: z.literal("conversation.item.input_audio_transcription.failed"), item_id: id }),
  z.object({ type: z.literal("response.output_audio.delta"), response_id: id, item_id: id, delta: z.string() }),
  z.object({
    type: z.literal("response.output_audio_transcript.delta"),
    response_id: id,
    item_id: id,
    delta: z.string(),
  }),
  z.object({
    type: z.literal("response.done"),
    response: z.object({
      id,
      status: z.enum(["completed", "cancelled", "failed", "incomplete", "in_progress"]).catch("completed"),
      usage: usageSchema.nullish().catch(undefined),
    }),
  }),
]);
export type OpenAiEvent = z.infer<typeof openAiEventSchema>;

/** What a response took. */
export function tokensOf(usage: z.infer<typeof usageSchema>): TalkTokens {
  const { input_tokens: input, output_tokens: output } = usage;
  return {
    input,
    output,
    audioInput: Math.min(input, usage.input_token_details?.audio_tokens ?? 0),
    audioOutput: Math.min(output, usage.output_token_details?.audio_tokens ?? 0),
  };
}

const knownTypes: ReadonlySet<string> = new Set(openAiEventSchema.options.map(({ shape }) => shape.type.value));

/** @returns `other` for what is not known here; undefined for what can't be read. */
export function readOpenAiEvent(text: string): OpenAiEvent | "other" | undefined {
  try {
    const value: unknown = parseJson(text);
    const { type } = z.object({ type: z.string() }).parse(value);
    return knownTypes.has(type) ? openAiEventSchema.safeParse(value).data : "other";
  } catch {
    return undefined;
  }
}

export function realtimeUrl(baseUrl: string, model: string): string {
  return `${baseUrl}/realtime?model=${encodeURIComponent(model)}`;
}

export function sessionUpdate(setup: TalkSetup) {
  const { voice, language } = setup;
  const format = { type: "audio/pcm", rate: openAiRateHz };
  // The transcriber takes a language without its region.
  const spoken = language === undefined ? {} : { language: language.split("-", 1)[0]?.toLowerCase() };
  return {
    type: "session.update",
    session: {
      type: "realtime",
      output_modalities: ["audio"],
      instructions: instructionsOf(setup),
      audio: {
        input: {
          format,
          transcription: { model: transcriptionModel, ...spoken },
          turn_detection: { type: "server_vad", create_response: true, interrupt_response: true },
        },
        output: { format, ...(voice === undefined ? {} : { voice }) },
      },
    },
  };
}

export function appendAudio(pcm: Uint8Array) {
  return { type: "input_audio_buffer.append", audio: encodeBase64(pcm) };
}

export function addMessage(role: "user" | "assistant", text: string) {
  const content = { type: role === "user" ? "input_text" : "output_text", text };
  return { type: "conversation.item.create", item: { type: "message", role, content: [content] } };
}

export const askForAnswer = { type: "response.create" } as const;
export const stopAnswer = { type: "response.cancel" } as const;

/** So much of what it said was heard: its memory is to hold no more. */
export function truncateItem(itemId: string, playedMs: number) {
  return { type: "conversation.item.truncate", item_id: itemId, content_index: 0, audio_end_ms: playedMs };
}
