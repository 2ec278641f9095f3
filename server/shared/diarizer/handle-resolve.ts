/**
 * The embedded resolver as an HTTP service: the contract of `schemas/speech/speakers.ts`, so that the room talks to it as to any other
 * service. It keeps nothing between requests.
 */
import * as z from "zod";
import { bytesPerSample, channelCount, chunkMs, pcmFormat, sampleRateHz } from "../../../schemas/wire/audio.ts";
import { decodeBase64 } from "../../../schemas/wire/base64.ts";
import { samplesOf } from "../../../schemas/wire/samples.ts";
import { limits } from "../../../schemas/limits.ts";
import { sessionIdSchema } from "../../../schemas/names.ts";
import { err, ok, type Result } from "../../../schemas/lib/result.ts";
import { resolveBodySchema, type SpeakerState, speakerStateSchema } from "../../../schemas/speech/speakers.ts";
import { readTextUpTo } from "../lib/read-body.ts";
import { resolveWindow } from "./resolve.ts";

/** A full state (256 clusters of 4,096 values) and the largest audio a room takes. */
const maxBodyBytes = 32_000_000;
const minAudioMs = 100;
const stateSchema = speakerStateSchema.refine(
  ({ clusters }) => new Set(clusters.map(({ cluster_id }) => cluster_id)).size === clusters.length,
  "names a cluster twice",
);
const resolveSchema = z.object({
  session_id: sessionIdSchema,
  // Base64 is checked by decoding it, once.
  audio: resolveBodySchema.shape.audio.extend({ content_b64: z.string().min(1) }),
  asr_text: z.string().max(limits.maxAsrTextChars).nullish(),
  state: stateSchema,
});

type ResolveInput = z.infer<typeof resolveSchema>;

interface Refusal {
  readonly status: 400 | 405 | 413 | 415 | 422;
  /** Never a value of the input. */
  readonly detail: string;
}

/** @param samples mono, 16 kHz. */
export type Resolve = (samples: Int16Array, asrText: string | null, state: SpeakerState) => object | Promise<object>;

/** The embedded resolver. Never throws. @returns 200 with the answer, or a 4xx with `{status, detail}`. */
export const handleResolve = createResolveHandler(resolveWindow);

/** The same door for any model. @returns a handler that throws only what `resolve` throws. */
export function createResolveHandler(resolve: Resolve): (request: Request) => Promise<Response> {
  return async (request) => {
    if (request.method !== "POST") return refuse({ status: 405, detail: "resolve takes POST" });
    const body = await readTextUpTo(request.body, maxBodyBytes);
    if (!body.ok) {
      return body.error === "too_large"
        ? refuse({ status: 413, detail: `the body is larger than ${maxBodyBytes} bytes` })
        : refuse({ status: 400, detail: "the body is not UTF-8" });
    }
    const answer = await answerResolve(body.value, resolve);
    return answer.ok ? Response.json(answer.value) : refuse(answer.error);
  };
}

async function answerResolve(text: string, resolve: Resolve): Promise<Result<object, Refusal>> {
  const parsed = parseRequest(text);
  if (!parsed.ok) return parsed;
  const { session_id, audio, asr_text, state } = parsed.value;
  const samples = readSamples(audio);
  if (!samples.ok) return samples;
  return ok({ session_id, ...(await resolve(samples.value, asr_text ?? null, state)) });
}

function parseRequest(text: string): Result<ResolveInput, Refusal> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return err({ status: 400, detail: "the body is not JSON" });
  }
  const parsed = resolveSchema.safeParse(value);
  if (parsed.success) return ok(parsed.data);
  const issue = parsed.error.issues[0];
  return err({ status: 400, detail: `${issue?.path.join(".") ?? "body"}: ${issue?.message ?? "invalid"}` });
}

function readSamples(audio: ResolveInput["audio"]): Result<Int16Array, Refusal> {
  if (audio.format !== pcmFormat || audio.sample_rate !== sampleRateHz || audio.channels !== channelCount)
    return err({ status: 415, detail: `audio must be ${pcmFormat}, ${sampleRateHz} Hz, mono` });
  const bytes = decodeBase64(audio.content_b64);
  if (!bytes.ok) return err({ status: 400, detail: "audio.content_b64 is not base64" });
  if (bytes.value.byteLength % bytesPerSample !== 0)
    return err({ status: 422, detail: "audio holds half a sample at its end" });
  const samples = bytes.value.byteLength / bytesPerSample;
  if (samples < (minAudioMs / chunkMs) * sampleRateHz)
    return err({ status: 422, detail: `audio must be ${minAudioMs} ms or longer` });
  return ok(samplesOf(bytes.value));
}

function refuse({ status, detail }: Refusal): Response {
  return Response.json(
    { title: "cannot resolve", status, detail },
    { status, headers: { "content-type": "application/problem+json" } },
  );
}
