/**
 * `POST /v1/stt`, and `/api/stt` for clients that call it so: audio in, what was said out, whole or as server-sent events. The latter
 * takes fields that it does not know, and says the trace id as `traceId` too.
 */
import type { Context } from "hono";
import { sttQuerySchema } from "../../../../schemas/http/speech.ts";
import { limits } from "../../../../schemas/limits.ts";
import { err, ok, type Result } from "../../../../schemas/lib/result.ts";
import { wantsEventStream } from "../../../shared/http/accepts.ts";
import { wordsOf } from "../../../shared/http/issue-words.ts";
import { type HearingOptions, ModelError } from "../../ai/ports.ts";
import type { Hearing } from "../../ai/speech-models.ts";
import type { AppEnv } from "../app-env.ts";
import { callOf, speechOf } from "./caller.ts";
import { chooseTranscribers } from "./choose.ts";
import { readAudio } from "./read-audio.ts";
import {
  declaredTooLarge,
  isRetryable,
  misconfigured,
  notSetUp,
  type Refusal,
  refusalOf,
  refusalWith,
  refuse,
} from "./refusals.ts";
import { type SseEvent, sseResponse } from "./sse-response.ts";

export const sttRoute = (c: Context<AppEnv>): Promise<Response> => transcribe(c, false);
export const apiSttRoute = (c: Context<AppEnv>): Promise<Response> => transcribe(c, true);

async function transcribe(c: Context<AppEnv>, isLoose: boolean): Promise<Response> {
  const speech = await speechOf(c);
  if (!speech.ok) return misconfigured(c, speech.error);
  const tooLarge = declaredTooLarge(c.req.raw, limits.maxTranscriptionBodyBytes);
  if (tooLarge) return refuse(c, tooLarge);
  const any = chooseTranscribers(speech.value, { name: undefined, isLoose });
  // Before the body: where nothing is set up, nobody could hear it.
  if (!any.ok) return refuse(c, any.error);
  const read = await readAudio(c.req.raw, callOf(c).tenant, isLoose ? ["file", "audio"] : ["file"]);
  if (!read.ok) return refuse(c, read.error);
  const { audio, fields, release } = read.value;
  const options = optionsIn(fields, isLoose);
  const model = options.ok ? options.value.model : undefined;
  const candidates = chooseTranscribers(speech.value, { name: model, isLoose });
  if (!options.ok || !candidates.ok) {
    release();
    return refuse(c, refusalIn(options) ?? refusalIn(candidates) ?? notSetUp);
  }
  const ids = isLoose ? { trace_id: c.var.traceId, traceId: c.var.traceId } : {};
  const { models } = speech.value;
  if (wantsEventStream(c.req.header("accept"))) {
    const hearing = await models.listen(candidates.value, audio, options.value, callOf(c));
    if (hearing.ok) return sseResponse(events(hearing.value, ids), failure, release);
    release();
    return refuse(c, refusalOf(hearing.error));
  }
  const said = await models.transcribe(candidates.value, audio, options.value, callOf(c));
  release();
  return said.ok ? Response.json({ ...said.value, ...ids }) : refuse(c, refusalOf(said.error));
}

function refusalIn(result: Result<unknown, Refusal>): Refusal | undefined {
  return result.ok ? undefined : result.error;
}

type Options = HearingOptions & { readonly model: string | undefined };

function optionsIn(fields: ReadonlyMap<string, readonly string[]>, isLoose: boolean): Result<Options, Refusal> {
  const twice = [...fields].find(([, values]) => values.length > 1)?.[0];
  if (twice !== undefined && !isLoose) return err(refusalWith(400, `${twice} stands there twice.`));
  const known = new Set(Object.keys(sttQuerySchema.shape));
  const given = [...fields].filter(([name, values]) => values.at(-1) !== "" && (!isLoose || known.has(name)));
  const value = Object.fromEntries(given.map(([name, values]) => [name, values.at(-1)]));
  const parsed = sttQuerySchema.safeParse(value);
  if (!parsed.success) {
    const { field, message } = wordsOf(parsed.error, sttQuerySchema, value, "form");
    return err(refusalWith(400, `${field} ${message}.`));
  }
  const { language, prompt, words, model } = parsed.data;
  return ok({ language, prompt, words: words === "true", model });
}

async function* events({ segments }: Hearing, ids: object): AsyncGenerator<SseEvent, void> {
  for (let next = await segments.next(); ; next = await segments.next()) {
    if (next.done) {
      yield { event: "done", data: { ...next.value, ...ids } };
      return;
    }
    yield { event: "segment", data: next.value };
  }
}

function failure(cause: unknown): SseEvent {
  const refusal = refusalOf(cause instanceof ModelError ? cause.fault : { reason: "failed" });
  const { code, detail: message } = refusal;
  return { event: "error", data: { code, message, retryable: isRetryable(refusal) } };
}
