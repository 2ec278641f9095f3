/** The wire of Gemini Live (BidiGenerateContent, v1beta), as far as a conversation needs it. Fields that it does not know it passes over. */
import * as z from "zod";
import { parseJson } from "../../../../../schemas/lib/parse-json.ts";
import { sampleRateHz } from "../../../../../schemas/wire/audio.ts";
import { encodeBase64 } from "../../../../../schemas/wire/base64.ts";
import { instructionsOf } from "../instructions.ts";
import type { TalkSetup, TalkTokens } from "../live-model.ts";

export const googlePath = "/ws/google.ai.generativelanguage.v1beta.GenerativeService.BidiGenerateContent";

const transcription = z.object({ text: z.string().optional() });
const part = z.object({ inlineData: z.object({ mimeType: z.string().optional(), data: z.string() }).optional() });

const count = z.coerce.number().int().nonnegative().max(1e9);
const modalities = z.array(z.object({ modality: z.string().optional(), tokenCount: count.default(0) })).optional();
const usageSchema = z.object({
  promptTokenCount: count.default(0),
  responseTokenCount: count.default(0),
  thoughtsTokenCount: count.default(0),
  toolUsePromptTokenCount: count.default(0),
  promptTokensDetails: modalities,
  responseTokensDetails: modalities,
});

const googleMessageSchema = z.object({
  setupComplete: z.looseObject({}).optional(),
  serverContent: z
    .object({
      modelTurn: z.object({ parts: z.array(part).optional() }).optional(),
      inputTranscription: transcription.optional(),
      outputTranscription: transcription.optional(),
      interrupted: z.boolean().optional(),
      turnComplete: z.boolean().optional(),
    })
    .optional(),
  /** What can't be is no reason to lose what is beside it. */
  usageMetadata: usageSchema.optional().catch(undefined),
  /** A duration, such as `9.5s`. */
  goAway: z.object({ timeLeft: z.string().optional() }).optional(),
  sessionResumptionUpdate: z
    .object({
      newHandle: z.string().optional(),
      resumable: z.boolean().optional(),
      lastConsumedClientMessageIndex: z.coerce.number().int().nonnegative().optional(),
    })
    .optional(),
});
export type GoogleMessage = z.infer<typeof googleMessageSchema>;

export function setupMessage(model: string, setup: TalkSetup, handle: string | undefined) {
  const { voice, language } = setup;
  const speechConfig = {
    ...(voice === undefined ? {} : { voiceConfig: { prebuiltVoiceConfig: { voiceName: voice } } }),
    ...(language === undefined ? {} : { languageCode: language }),
  };
  return {
    setup: {
      model: `models/${model}`,
      generationConfig: { responseModalities: ["AUDIO"], speechConfig },
      systemInstruction: { parts: [{ text: instructionsOf(setup) }] },
      inputAudioTranscription: {},
      outputAudioTranscription: {},
      sessionResumption: handle === undefined ? {} : { handle },
      contextWindowCompression: { slidingWindow: {} },
    },
  };
}

/** Has a model that waits for the person begin by itself. */
export function beginMessage() {
  return { realtimeInput: { text: "The person is here. Begin." } };
}

export function audioMessage(pcm: Uint8Array) {
  return { realtimeInput: { audio: { mimeType: `audio/pcm;rate=${sampleRateHz}`, data: encodeBase64(pcm) } } };
}

/** @returns the rate that a MIME type says, Hz; what the provider sends without one. */
export function rateOf(mimeType: string | undefined): number {
  return Number(/;\s*rate=(\d{4,6})\b/.exec(mimeType ?? "")?.[1] ?? 24_000);
}

/** @returns how long a connection that is to go has left, ms. */
export function timeLeftMs({ timeLeft }: { readonly timeLeft?: string | undefined }): number {
  const seconds = Number(/^(\d{1,6}(\.\d+)?)s$/.exec(timeLeft ?? "")?.[1] ?? 0);
  return seconds * 1_000;
}

const audioOf = (details: z.infer<typeof modalities> = []): number =>
  details.filter(({ modality }) => modality === "AUDIO").reduce((sum, { tokenCount }) => sum + tokenCount, 0);

/** What a turn took. What is no audio by its details is text, and so is what the model thought. */
export function tokensOf(usage: NonNullable<GoogleMessage["usageMetadata"]>): TalkTokens {
  const input = usage.promptTokenCount + usage.toolUsePromptTokenCount;
  const output = usage.responseTokenCount + usage.thoughtsTokenCount;
  return {
    input,
    output,
    audioInput: Math.min(input, audioOf(usage.promptTokensDetails)),
    audioOutput: Math.min(output, audioOf(usage.responseTokensDetails)),
  };
}

/** @returns undefined where it is no message of this wire. */
export function readGoogleMessage(text: string): GoogleMessage | undefined {
  try {
    return googleMessageSchema.safeParse(parseJson(text)).data;
  } catch {
    return undefined;
  }
}
