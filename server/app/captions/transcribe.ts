/** What is said in a piece of speech, by the models of the meeting's tenant. */
import { err, ok, type Result } from "../../../schemas/lib/result.ts";
import { limits } from "../../../schemas/limits.ts";
import { sampleRateHz } from "../../../schemas/wire/audio.ts";
import { traceIdFrom } from "../../shared/http/trace.ts";
import type { TenantSpeech } from "../ai/index.ts";
import type { ModelFault } from "../ai/ports.ts";
import { wavAudio } from "../ai/audio.ts";
import type { Setback, Words } from "./follow-track.ts";

/** A piece is 13 s at most. */
const timeoutMs = 60_000;

export async function transcribe(
  { models, transcribers }: TenantSpeech,
  session: { readonly tenant: string; readonly session_id: string },
  speech: Uint8Array<ArrayBuffer>,
): Promise<Result<Words, Setback>> {
  const heard = await models.transcribe(
    transcribers(),
    wavAudio(speech, sampleRateHz),
    {},
    {
      tenant: session.tenant,
      sessionId: session.session_id,
      traceId: traceIdFrom(undefined),
      route: "captions",
      signal: AbortSignal.timeout(timeoutMs),
    },
  );
  if (heard.ok)
    return ok({ text: heard.value.text.trim().slice(0, limits.maxUtteranceChars), model: heard.value.model });
  // What a model won't take will not be taken later: it goes on without words.
  return heard.error.reason === "refused" ? ok({ text: "", model: "" }) : err(setbackOf(heard.error));
}

function setbackOf(fault: ModelFault): Setback {
  const seconds = fault.reason === "unavailable" ? fault.retryAfterSeconds : undefined;
  return { reason: `the model: ${fault.reason}`, retryAfterMs: seconds === undefined ? undefined : seconds * 1_000 };
}
