/** What is said in a piece of speech, by the models that the deployment names. */
import * as z from "zod";
import { err, ok, type Result } from "../../../schemas/lib/result.ts";
import { limits } from "../../../schemas/limits.ts";
import { readTextUpTo } from "../../shared/lib/read-body.ts";
import { firstAnswer } from "../ai/models.ts";
import type { ModelFault, Transcriber } from "../ai/ports.ts";
import type { Setback } from "./follow-track.ts";
import { speechWav } from "./speech-wav.ts";

/** A piece is 13 s at most. */
const timeoutMs = 60_000;
const maxAnswerBytes = 65_536;
const answerSchema = z.object({ text: z.string() });

export async function transcribe(
  models: readonly Transcriber[],
  speech: Uint8Array<ArrayBuffer>,
): Promise<Result<string, Setback>> {
  const answered = await firstAnswer(models, async (model) => {
    const form = new FormData();
    form.set("file", speechWav(speech), "speech.wav");
    form.set("model", model.name.slice(model.name.indexOf("/") + 1));
    const { headers, body } = new Response(form);
    const call = { contentType: headers.get("content-type") ?? "", body: await new Response(body).arrayBuffer() };
    return model.transcribe(call, AbortSignal.timeout(timeoutMs));
  });
  if (!answered.ok) return isUnheard(answered.error) ? ok("") : err(setbackOf(answered.error));
  const body = await readTextUpTo(answered.value.response.body, maxAnswerBytes);
  if (!body.ok) return err({ reason: "the answer is too long", retryAfterMs: undefined });
  const parsed = answerSchema.safeParse(JSON.parse(body.value));
  if (!parsed.success) return err({ reason: "the answer has no text", retryAfterMs: undefined });
  return ok(parsed.data.text.trim().slice(0, limits.maxUtteranceChars));
}

/** What a model won't take will not be taken later: it goes on without words. */
function isUnheard(fault: ModelFault): boolean {
  return fault.reason === "refused";
}

function setbackOf(fault: ModelFault): Setback {
  const seconds = fault.reason === "unavailable" ? fault.retryAfterSeconds : undefined;
  return { reason: `the model: ${fault.reason}`, retryAfterMs: seconds === undefined ? undefined : seconds * 1_000 };
}
