/** `POST /v1/audio/speech`: OpenAI's shape over whatever model speaks here. Fields that mean nothing here are left. */
import type { Context } from "hono";
import * as z from "zod";
import { err, ok } from "../../../../schemas/lib/result.ts";
import { limits } from "../../../../schemas/limits.ts";
import { readJsonBody } from "../../../shared/http/read-json-body.ts";
import { speechFormats } from "../../ai/ports.ts";
import type { AppEnv } from "../app-env.ts";
import { bodyRefusal } from "./body-refusal.ts";
import { speakRoute } from "./speak.ts";

const bodySchema = z.looseObject({
  input: z.string({ error: "must be the text to say" }).min(1, { error: "is empty: there is nothing to say" }),
  voice: z
    .union([z.string(), z.object({ id: z.string() }).transform(({ id }) => id)], { error: "must be a name" })
    .optional(),
  response_format: z.enum(speechFormats, { error: `must be one of ${speechFormats.join(", ")}` }).optional(),
  speed: z.number().min(0.25).max(4).default(1),
  model: z.string().optional(),
});

export function openAiSpeechRoute(c: Context<AppEnv>): Promise<Response> {
  return speakRoute(c, async (request) => {
    const body = await readJsonBody(request, bodySchema, limits.maxSpeechBodyBytes);
    if (!body.ok) return err(bodyRefusal(body.error));
    const { input: text, voice, response_format: format, speed, model: name } = body.value;
    return ok({ text, voice, format, speed, model: { name, isLoose: true } });
  });
}
