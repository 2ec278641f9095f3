/** `POST /v1/audio/transcriptions`: OpenAI's shape over whatever model hears here. Fields that mean nothing here are left. */
import type { Context } from "hono";
import { limits } from "../../../../schemas/limits.ts";
import type { HeardSegment } from "../../../../schemas/speech/transcription.ts";
import type { Hearing } from "../../ai/speech-models.ts";
import { ModelError } from "../../ai/ports.ts";
import type { AppEnv } from "../app-env.ts";
import { callOf, speechOf } from "./caller.ts";
import { chooseTranscribers } from "./choose.ts";
import { openAiAnswer, openAiFormats, openAiSegment, openAiUsage } from "./openai-answers.ts";
import { readAudio } from "./read-audio.ts";
import { declaredTooLarge, misconfigured, refusalOf, refusalWith, refuse } from "./refusals.ts";
import { type SseEvent, sseResponse } from "./sse-response.ts";

export async function openAiTranscriptionRoute(c: Context<AppEnv>): Promise<Response> {
  const speech = await speechOf(c);
  if (!speech.ok) return misconfigured(c, speech.error);
  const tooLarge = declaredTooLarge(c.req.raw, limits.maxTranscriptionBodyBytes);
  if (tooLarge) return refuse(c, tooLarge);
  // Before the body: where nothing is set up, nobody could hear it.
  const any = chooseTranscribers(speech.value, { name: undefined, isLoose: true });
  if (!any.ok) return refuse(c, any.error);
  const read = await readAudio(c.req.raw, callOf(c).tenant, ["file"]);
  if (!read.ok) return refuse(c, read.error);
  const { audio, fields, release } = read.value;
  const field = (name: string): string | undefined => fields.get(name)?.at(-1) || undefined;
  const candidates = chooseTranscribers(speech.value, { name: field("model"), isLoose: true });
  const format = openAiFormats.find((one) => one === (field("response_format") ?? "json"));
  if (!candidates.ok || format === undefined) {
    release();
    const bad = refusalWith(400, `response_format must be one of ${openAiFormats.join(", ")}.`);
    return refuse(c, candidates.ok ? bad : candidates.error);
  }
  const wantsWords = (fields.get("timestamp_granularities[]") ?? fields.get("timestamp_granularities") ?? []).includes(
    "word",
  );
  const options = { language: field("language"), prompt: field("prompt"), words: wantsWords };
  const { models } = speech.value;
  if (/^(true|1)$/.test(field("stream") ?? "")) {
    const hearing = await models.listen(candidates.value, audio, options, callOf(c));
    if (hearing.ok) return modelNamed(sseResponse(events(hearing.value), failure, release), hearing.value.model);
    release();
    return refuse(c, refusalOf(hearing.error));
  }
  const said = await models.transcribe(candidates.value, audio, options, callOf(c));
  release();
  if (!said.ok) return refuse(c, refusalOf(said.error));
  return modelNamed(openAiAnswer(said.value, format, wantsWords), said.value.model);
}

function modelNamed(answer: Response, model: string): Response {
  answer.headers.set("x-model", model);
  return answer;
}

/** Each segment with its times before its text is said as a delta. */
async function* events({ segments }: Hearing): AsyncGenerator<SseEvent, void> {
  const all: HeardSegment[] = [];
  for (let next = await segments.next(); ; next = await segments.next()) {
    if (next.done) {
      const { text } = next.value;
      yield { data: { type: "transcript.text.done", text, usage: openAiUsage(next.value) } };
      return;
    }
    yield { data: { type: "transcript.text.segment", ...openAiSegment(next.value, all.length) } };
    yield { data: { type: "transcript.text.delta", delta: `${all.length === 0 ? "" : " "}${next.value.text}` } };
    all.push(next.value);
  }
}

function failure(cause: unknown): SseEvent {
  const { code, detail } = refusalOf(cause instanceof ModelError ? cause.fault : { reason: "failed" });
  return { data: { type: "error", error: { message: detail, code } } };
}
