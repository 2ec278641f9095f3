/** The speaker-resolve service, as the isolate that tests and rooms share reaches it. Each session has its own behaviour, so tests don't meet. */
import { chunkBytes } from "../../../schemas/wire/audio.ts";
import type { ResolveAnswer, ResolveRequest, SpeakerState } from "../../../schemas/speech/speakers.ts";
import { serve, untilAborted } from "./outbound.ts";

type Behaviour = (request: ResolveRequest, signal: AbortSignal) => Response | Promise<Response>;

const behaviours = new Map<string, Behaviour>();

/** What the service does with a review, once it has taken as much of the audio as `body` gives it. */
type Reviewing = (review: {
  readonly body: ReadableStream<Uint8Array>;
  readonly signal: AbortSignal;
}) => Response | Promise<Response>;

const reviewing = new Map<string, Reviewing>();

serve(
  (hostname) => hostname === "inference.test",
  async (url, { body, headers, signal }) => {
    if (url === "http://inference.test/speaker/review") {
      const review = reviewing.get(headers["x-session-id"] ?? "");
      if (!review) throw new Error("the test set no review for this session");
      return untilAborted(
        signal,
        "AbortError",
        review({ body: body as unknown as ReadableStream<Uint8Array>, signal }),
      );
    }
    if (url !== "http://inference.test/speaker/resolve") throw new Error(`unexpected fetch of ${url}`);
    const request = JSON.parse(body) as ResolveRequest;
    const behave = behaviours.get(request.session_id);
    if (!behave) throw new Error("the test set no behaviour for this session");
    return untilAborted(signal, "AbortError", behave(request, signal));
  },
);

/** Sets what the service does for a session. @returns the requests it gets from now on, growing. */
export function inference(sessionId: string, behave: Behaviour): ResolveRequest[] {
  const requests: ResolveRequest[] = [];
  behaviours.set(sessionId, (request, signal) => {
    requests.push(request);
    return behave(request, signal);
  });
  return requests;
}

/** A right answer: one more cluster than the state had. */
export function answerTo(request: ResolveRequest): ResolveAnswer {
  const cluster_id = `c${request.state.clusters.length + 1}`;
  const updated_state: SpeakerState = {
    ...request.state,
    clusters: [...request.state.clusters, { cluster_id, centroid: [0.25, -0.5], sample_count: 1 }],
  };
  return {
    session_id: request.session_id,
    cluster_id,
    speaker_name: null,
    decision: "unknown",
    evidence: { sv_score: 0.5, threshold_low: 0.4, threshold_high: 0.7, segment_count: 1 },
    updated_state,
  };
}

/** A right answer that names one cluster, `c1`, and leaves the state otherwise as it was. */
export function sameSpeaker(request: ResolveRequest): ResolveAnswer {
  const clusters = [{ cluster_id: "c1", centroid: [0.25, -0.5], sample_count: 1 }];
  return { ...answerTo(request), cluster_id: "c1", updated_state: { ...request.state, clusters } };
}

/** The seqs whose audio a request holds, found by their bytes among `candidates`; 0 for any other second. */
export function seqsIn(request: ResolveRequest, candidates: ReadonlyMap<string, number>): number[] {
  const bytes = Uint8Array.fromBase64(request.audio.content_b64);
  return Array.from({ length: bytes.length / chunkBytes }, (_, i) => {
    const second = bytes.subarray(i * chunkBytes, (i + 1) * chunkBytes);
    return candidates.get(second.toBase64()) ?? 0;
  });
}

export interface Segment {
  readonly start_ms: number;
  readonly end_ms: number;
  readonly speaker: string;
}

/**
 * Sets what the service says to a second look at a session's tracks, once it has heard all of one.
 * @param hears false: it answers before it has taken any of it.
 * @returns the bytes that it got of each, growing.
 */
export function reviews(
  sessionId: string,
  answer: readonly Segment[] | ((bytes: Uint8Array, signal: AbortSignal) => Response | Promise<Response>),
  hears = true,
): Uint8Array[] {
  const heard: Uint8Array[] = [];
  reviewing.set(sessionId, async ({ body, signal }) => {
    const bytes = hears ? new Uint8Array(await new Response(body).arrayBuffer()) : new Uint8Array();
    heard.push(bytes);
    return typeof answer === "function" ? answer(bytes, signal) : Response.json({ segments: answer });
  });
  return heard;
}
