/** Bodies of the routes on speech (`/v1/stt`, `/v1/tts`, `/v1/voices`, `/v1/models`). */
import * as z from "zod";
import { limits } from "../limits.ts";

export const speechFormatSchema = z.enum(["wav", "pcm", "mp3", "opus"]);

const modelNameSchema = z.string().min(1).max(limits.maxShortTextChars);

/** Body of `POST /v1/tts`. */
export const ttsBodySchema = z.strictObject({
  text: z.string().min(1),
  /** One of `GET /v1/voices`, or OpenAI's name of one; the model's first without it. */
  voice: z.string().min(1).max(limits.maxShortTextChars).optional(),
  /** `wav` without it, where the model makes it. `pcm` is s16le at 24 kHz, `opus` is in Ogg. */
  format: speechFormatSchema.optional(),
  speed: z.number().min(0.25).max(4).default(1),
  /** One of those that are allowed here: see `GET /v1/models`. */
  model: modelNameSchema.optional(),
});

/** Query of `POST /v1/stt`; the same names stand in a form. */
export const sttQuerySchema = z.strictObject({
  /** BCP 47, such as `en`; the model finds it out without it. */
  language: z
    .string()
    .regex(/^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8}){0,3}$/)
    .optional(),
  /** Words that are likely to be said. */
  prompt: z.string().max(limits.maxShortTextChars).optional(),
  /** Whether segments have the times of their words. */
  words: z.enum(["true", "false"]).default("false"),
  model: modelNameSchema.optional(),
});

/** Body of `POST /api/tts`. */
export const apiTtsBodySchema = z.looseObject(ttsBodySchema.shape);

export const voiceSchema = z.object({
  id: z.string(),
  description: z.string(),
  language: z.string(),
  /** Who has it, as `provider/model`. */
  model: z.string(),
});
export const voicesAnswerSchema = z.object({ voices: z.array(voiceSchema) });

export const modelKindSchema = z.enum(["stt", "tts", "chat"]);
export const modelSchema = z.object({
  /** As `provider/model`. */
  id: z.string(),
  object: z.literal("model"),
  created: z.int(),
  owned_by: z.string(),
  kind: modelKindSchema,
  /** Asked where a request names none, in the order of this list; the others may be named. */
  is_preferred: z.boolean(),
  /** `open`: it failed so often that it is left alone for a while; `half_open`: the next call tries it. */
  circuit: z.enum(["closed", "open", "half_open"]),
  /** Of models that speak. */
  formats: z.array(speechFormatSchema).optional(),
  max_characters: z.int().optional(),
});
export const modelsAnswerSchema = z.object({ object: z.literal("list"), data: z.array(modelSchema) });

const choiceSchema = z.array(modelNameSchema).min(1).max(8).nullable();
/** Body of `PUT /v1/models`: in order of preference; `null` takes the choice back, what is left out stays. */
export const chooseModelsBodySchema = z.strictObject({
  stt: choiceSchema.optional(),
  tts: choiceSchema.optional(),
  chat: choiceSchema.optional(),
});
