/** `POST /v1/tts`, and `/api/tts` for clients that call it so, which takes fields that it does not know. */
import type { Context } from "hono";
import type * as z from "zod";
import { apiTtsBodySchema, ttsBodySchema } from "../../../../schemas/http/speech.ts";
import { limits } from "../../../../schemas/limits.ts";
import { err, ok, type Result } from "../../../../schemas/lib/result.ts";
import { readJsonBody } from "../../../shared/http/read-json-body.ts";
import type { AppEnv } from "../app-env.ts";
import { bodyRefusal } from "./body-refusal.ts";
import type { Refusal } from "./refusals.ts";
import { speakRoute, type SpeechRequest } from "./speak.ts";

export function ttsRoute(c: Context<AppEnv>): Promise<Response> {
  return speakRoute(c, (request) => read(request, ttsBodySchema, false));
}

export function apiTtsRoute(c: Context<AppEnv>): Promise<Response> {
  return speakRoute(c, (request) => read(request, apiTtsBodySchema, true));
}

async function read(
  request: Request,
  schema: typeof ttsBodySchema | typeof apiTtsBodySchema,
  isLoose: boolean,
): Promise<Result<SpeechRequest, Refusal>> {
  const body = await readJsonBody<z.infer<typeof ttsBodySchema>>(request, schema, limits.maxSpeechBodyBytes);
  if (!body.ok) return err(bodyRefusal(body.error));
  const { text, voice, format, speed, model: name } = body.value;
  return ok({ text, voice, format, speed, model: { name, isLoose } });
}
