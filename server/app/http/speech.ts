/**
 * `/v1/audio/…` and `/v1/models`: OpenAI's shapes. A body goes to the model as it comes, so that an hour of audio is never in
 * this Worker's memory; only where there are several models to ask is it kept for the next one. An error is a problem of
 * ours with OpenAI's `error` in it, so that clients of both kinds read it.
 */
import type { Context } from "hono";
import { limits } from "../../../schemas/limits.ts";
import type { Result } from "../../../schemas/lib/result.ts";
import type { HttpErrorCode } from "../../../schemas/wire/errors.ts";
import { parseSpeechConfig, type SpeechConfig } from "../../shared/config/speech.ts";
import { problemResponse } from "../../shared/http/problem-response.ts";
import { log } from "../../shared/telemetry/log.ts";
import { firstAnswer, modelsIn } from "../ai/models.ts";
import type { ModelFault, SpeechCall } from "../ai/ports.ts";
import type { AppEnv } from "./app-env.ts";

/** Of speech that is listened to again at once. */
const forAMinute = "private, max-age=60";
const soonSeconds = 5;

export async function transcriptionRoute(c: Context<AppEnv>): Promise<Response> {
  return answer(c, limits.maxTranscriptionBodyBytes, "no-store", (config) => {
    const models = modelsIn(config, config.transcribers);
    return { models, ask: (model, call, signal) => model.transcribe(call, signal) };
  });
}

export async function speechRoute(c: Context<AppEnv>): Promise<Response> {
  return answer(c, limits.maxSpeechBodyBytes, forAMinute, (config) => {
    const models = modelsIn(config, config.synthesizers);
    return { models, ask: (model, call, signal) => model.speak(call, signal) };
  });
}

export function modelsRoute(c: Context<AppEnv>): Response {
  const config = parseSpeechConfig(c.env);
  if (!config.ok) return misconfigured(c, config.error);
  const models = [config.value.transcribers, config.value.synthesizers].flatMap((names) =>
    modelsIn(config.value, names),
  );
  const data = models.map(({ name: id }) => ({ id, object: "model", created: 0, owned_by: id.split("/", 1).join() }));
  return Response.json({ object: "list", data });
}

type Model = ReturnType<typeof modelsIn>[number];

interface Asked {
  readonly models: readonly Model[];
  readonly ask: (model: Model, call: SpeechCall, signal: AbortSignal) => Promise<Result<Response, ModelFault>>;
}

async function answer(
  c: Context<AppEnv>,
  maxBytes: number,
  cacheControl: string,
  choose: (config: SpeechConfig) => Asked,
): Promise<Response> {
  const config = parseSpeechConfig(c.env);
  if (!config.ok) return misconfigured(c, config.error);
  const { raw } = c.req;
  if (Number(raw.headers.get("content-length") ?? 0) > maxBytes) return tooLarge(c, maxBytes);
  const { models, ask } = choose(config.value);
  if (models.length === 0) return refuse(c, "model_unavailable", "No model is set up for this: see EMBEDDED_BASE_URL.");
  const isTooLarge = new AbortController();
  const body = raw.body?.pipeThrough(upTo(maxBytes, isTooLarge)) ?? "";
  const signal = AbortSignal.any([raw.signal, isTooLarge.signal]);
  const contentType = raw.headers.get("content-type") ?? "application/octet-stream";
  try {
    const kept = models.length > 1 ? await new Response(body).arrayBuffer() : body;
    const answered = await firstAnswer(models, (model) => ask(model, { contentType, body: kept }, signal));
    if (!answered.ok) return refusalOf(c, answered.error);
    const { model, response } = answered.value;
    const type = response.headers.get("content-type") ?? "application/octet-stream";
    return new Response(response.body, {
      headers: { "content-type": type, "cache-control": cacheControl, "x-model": model },
    });
  } catch (cause) {
    if (isTooLarge.signal.aborted) return tooLarge(c, maxBytes);
    throw cause;
  }
}

/** Breaks off at the first byte too many: a length that was declared is not to be believed. */
function upTo(maxBytes: number, isTooLarge: AbortController): TransformStream<Uint8Array, Uint8Array> {
  let size = 0;
  return new TransformStream<Uint8Array, Uint8Array>({
    transform: (part, controller) => {
      size += part.byteLength;
      if (size <= maxBytes) return controller.enqueue(part);
      isTooLarge.abort();
      controller.error(new Error("the body is too large"));
    },
  });
}

function refusalOf(c: Context<AppEnv>, fault: ModelFault): Response {
  switch (fault.reason) {
    case "unavailable": {
      const seconds = fault.retryAfterSeconds ?? soonSeconds;
      const headers = { "retry-after": String(seconds) };
      return refuse(c, "model_unavailable", `The model is busy or down. Try again in ${seconds} s.`, headers);
    }
    case "timeout":
      return refuse(c, "model_timeout", "The model began no answer in time. Send less, or try again.");
    case "failed":
      return refuse(c, "model_failed", "The model failed on this request. Try again; quote the trace id if it stays.");
    case "refused":
      return refuse(c, codes[fault.status], fault.detail ?? "The model does not take this request.");
  }
}

const codes = { 400: "bad_request", 413: "body_too_large", 415: "unsupported_media" } as const;

function tooLarge(c: Context<AppEnv>, maxBytes: number): Response {
  return refuse(c, "body_too_large", `The body is at most ${maxBytes} bytes.`);
}

function misconfigured(c: Context<AppEnv>, issues: readonly string[]): Response {
  log.error("app.misconfigured", { trace_id: c.var.traceId, issues: issues.join("; ") });
  return refuse(c, "misconfigured", "These variables of the app are not set right: see its log.");
}

/** A problem of ours, with what clients of OpenAI's API look for. */
function refuse(
  c: Context<AppEnv>,
  code: HttpErrorCode,
  detail: string,
  headers: Readonly<Record<string, string>> = {},
): Response {
  return problemResponse(code, detail, c.var.traceId, headers, {
    error: { message: detail, type: "roomtone_error", param: null, code },
  });
}
