/** The port of the evaluation, and its first implementation: the embedded resolver, called directly. */
import * as z from "zod";
import { channelCount, chunkMs, pcmFormat, sampleRateHz } from "../../../schemas/wire/audio.ts";
import { encodeBase64 } from "../../../schemas/wire/base64.ts";
import { type SpeakerState, speakerStateSchema } from "../../../schemas/speech/speakers.ts";
import { handleResolve } from "../../../server/shared/diarizer/handle-resolve.ts";
import { joinTurns, type Turn } from "./turns.ts";

/** @param samples mono, 16 kHz. */
export type Diarize = (samples: Int16Array) => Promise<Turn[]>;

/** Shorter pauses stay inside a turn. */
const turnPauseMs = 800;

const resolveSchema = z.object({
  updated_state: speakerStateSchema,
  segments: z.array(z.object({ start_ms: z.number(), end_ms: z.number(), cluster_id: z.string() })),
  merges: z.array(z.object({ from_cluster_id: z.string(), into_cluster_id: z.string() })),
});

/** @returns what the resolver answers to a request's body. */
type Ask = (body: string) => Promise<Response>;

/** A service that speaks the resolve contract. */
export function askService(baseUrl: string): Ask {
  const url = `${baseUrl.replace(/\/+$/, "")}/speaker/resolve`;
  return (body) => fetch(url, { method: "POST", headers: { "content-type": "application/json" }, body });
}

const askEmbedded: Ask = (body) =>
  handleResolve(new Request("http://resolver.test/speaker/resolve", { method: "POST", body }));

const reviewSchema = z.object({
  segments: z.array(z.object({ start_ms: z.number(), end_ms: z.number(), speaker: z.string() })),
});

/** A service that looks at whole meetings. @param send sends a body to it. */
export function reviewWith(send: (body: Uint8Array<ArrayBuffer>) => Promise<Response>): Diarize {
  return async (samples) => {
    const response = await send(new Uint8Array(samples.slice().buffer));
    if (!response.ok) throw new Error(`review answered ${response.status}: ${await response.text()}`);
    return reviewSchema.parse(await response.json()).segments;
  };
}

export function postReview(baseUrl: string): (body: Uint8Array<ArrayBuffer>) => Promise<Response> {
  const url = `${baseUrl.replace(/\/+$/, "")}/speaker/review`;
  return (body) => fetch(url, { method: "POST", headers: { "content-type": "application/octet-stream" }, body });
}

/** @param windowMs handed over at a time, in order; the state is carried, and a merge renames what was said before. */
export function createDirectDiarizer(windowMs: number, ask: Ask = askEmbedded): Diarize {
  return async (samples) => {
    let state: SpeakerState = { clusters: [], bindings: {}, config: {} };
    let segments: { start_ms: number; end_ms: number; cluster_id: string }[] = [];
    const step = (windowMs / chunkMs) * sampleRateHz;
    for (let at = 0; at < samples.length; at += step) {
      const window = samples.slice(at, at + step);
      const audio = { format: pcmFormat, sample_rate: sampleRateHz, channels: channelCount };
      const content_b64 = encodeBase64(new Uint8Array(window.buffer));
      const answer = resolveSchema.parse(await post(ask, { audio: { ...audio, content_b64 }, asr_text: null, state }));
      state = answer.updated_state;
      const renamed = new Map(answer.merges.map((merge) => [merge.from_cluster_id, merge.into_cluster_id]));
      const offset = (at * chunkMs) / sampleRateHz;
      segments = [
        ...segments.map((segment) => ({ ...segment, cluster_id: survivorOf(segment.cluster_id, renamed) })),
        ...answer.segments.map((segment) => ({
          ...segment,
          start_ms: offset + segment.start_ms,
          end_ms: offset + segment.end_ms,
        })),
      ];
    }
    return joinTurns(
      segments.map(({ cluster_id, start_ms, end_ms }) => ({ speaker: cluster_id, start_ms, end_ms })),
      turnPauseMs,
    );
  };
}

async function post(ask: Ask, body: object): Promise<unknown> {
  const response = await ask(JSON.stringify({ session_id: "evaluation", ...body }));
  if (!response.ok) throw new Error(`resolve answered ${response.status}: ${await response.text()}`);
  return response.json();
}

/** Merges of one answer may follow each other. */
function survivorOf(clusterId: string, renamed: ReadonlyMap<string, string>): string {
  const next = renamed.get(clusterId);
  return next === undefined ? clusterId : survivorOf(next, renamed);
}
