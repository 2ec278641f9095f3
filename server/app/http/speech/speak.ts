/** The answer of every route that speaks: models chosen, the cache asked, and audio that goes out from its first sentence on. */
import type { Context } from "hono";
import type { Result } from "../../../../schemas/lib/result.ts";
import { limits } from "../../../../schemas/limits.ts";
import type { TenantSpeech } from "../../ai/index.ts";
import { charactersIn, unspeakable } from "../../ai/text.ts";
import type { SpeechFormat } from "../../ai/ports.ts";
import type { AppEnv } from "../app-env.ts";
import { callOf, speechOf } from "./caller.ts";
import { chooseSynthesizers, type ModelWish } from "./choose.ts";
import { declaredTooLarge, misconfigured, notSetUp, type Refusal, refusalOf, refusalWith, refuse } from "./refusals.ts";
import { cachedSpeech, keepingSpeech, speechKey } from "./spoken-cache.ts";

export interface SpeechRequest {
  readonly text: string;
  readonly voice: string | undefined;
  readonly format: SpeechFormat | undefined;
  readonly speed: number;
  readonly model: ModelWish;
}

/** Of speech that is listened to again at once. */
const forAMinute = "private, max-age=60";

/** A route that speaks what `read` finds in its request. */
export async function speakRoute(
  c: Context<AppEnv>,
  read: (request: Request) => Promise<Result<SpeechRequest, Refusal>>,
): Promise<Response> {
  // The body first, whatever stands here: a caller's own mistake is told even where nobody can speak.
  const large = declaredTooLarge(c.req.raw, limits.maxSpeechBodyBytes);
  if (large) return refuse(c, large);
  const request = await read(c.req.raw);
  if (!request.ok) return refuse(c, request.error);
  const wrong = unspeakable(request.value.text);
  if (wrong !== undefined) return refuse(c, refusalWith(400, wrong));
  const speech = await speechOf(c);
  if (!speech.ok) return misconfigured(c, speech.error);
  if (speech.value.synthesizers().length === 0) return refuse(c, notSetUp);
  return speak(c, speech.value, request.value);
}

async function speak(
  c: Context<AppEnv>,
  speech: TenantSpeech,
  { text, voice, format, speed, model }: SpeechRequest,
): Promise<Response> {
  const characters = charactersIn(text);
  const choice = chooseSynthesizers(speech, model, { characters, voice, format, speed });
  if (!choice.ok) return refuse(c, choice.error);
  const { candidates, format: wanted } = choice.value;
  const call = callOf(c);
  const models = candidates.map(({ name }) => name);
  const key = await speechKey({ tenant: call.tenant, models, text, voice, format: wanted, speed });
  const kept = await cachedSpeech(c.env.CACHE, key);
  if (kept) return audio(kept.body, { ...kept, etag: key.etag, source: "hit" });
  const spoken = await speech.models.speak(candidates, { text, voice, format: wanted, speed }, call);
  if (!spoken.ok) return refuse(c, refusalOf(spoken.error));
  const { body, contentType, model: by } = spoken.value;
  const keepAlive = (work: Promise<unknown>): void => c.executionCtx.waitUntil(work);
  const kind = { contentType, model: by };
  return audio(keepingSpeech(c.env.CACHE, key, body, kind, keepAlive), { ...kind, etag: key.etag, source: "miss" });
}

function audio(
  body: BodyInit,
  { contentType, model, etag, source }: { contentType: string; model: string; etag: string; source: "hit" | "miss" },
): Response {
  return new Response(body, {
    headers: {
      "content-type": contentType,
      "cache-control": forAMinute,
      etag,
      "x-model": model,
      "x-cache": source,
      "cross-origin-opener-policy": "same-origin",
    },
  });
}
