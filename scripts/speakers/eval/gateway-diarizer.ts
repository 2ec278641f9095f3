/** The evaluation's second implementation: the whole gateway. Streams a meeting, finalizes it, reads its events. */
import { randomBytes } from "node:crypto";
import { createResultsClient } from "../../../client/results/results-client.ts";
import { chunkBytes, chunkMs, chunkSamples } from "../../../schemas/wire/audio.ts";
import { defaultTrack } from "../../../schemas/names.ts";
import { timelineOf } from "../../../schemas/speech/timeline.ts";
import { Failure } from "../../../schemas/lib/failure.ts";
import type { GatewayProcess } from "../../local/gateway-process.ts";
import { secondsOf } from "../../../client/testkit/sent-audio.ts";
import { streamTrack } from "../../../client/testkit/track-stream.ts";
import type { Diarize } from "./diarize.ts";

export function createGatewayDiarizer(gateway: GatewayProcess, windowMs: number): Diarize {
  const client = createResultsClient({ baseUrl: gateway.url });
  return async (samples) => {
    const sessionId = `eval-${randomBytes(6).toString("hex")}`;
    await client.createSession({ session_id: sessionId, resolve: { auto: true, window_chunks: windowMs / chunkMs } });
    const chunks = chunksOf(samples);
    await streamTrack({
      baseWs: new URL(`${gateway.wsUrl}/`),
      sessionId,
      track: defaultTrack,
      encoding: "msgpack",
      ...secondsOf({ chunks, paddingSamples: chunks.length * chunkSamples - samples.length }),
      clientId: "eval-speakers",
    });
    await client.finalize(sessionId);
    const { events } = await client.result(sessionId);
    const failed = events.filter(({ type }) => type === "resolve.failed").length;
    if (failed > 0) throw new Failure(`${failed} windows were not resolved.`);
    return timelineOf(events).map(({ cluster_id, start_ms, end_ms }) => ({ speaker: cluster_id, start_ms, end_ms }));
  };
}

function chunksOf(samples: Int16Array): Uint8Array<ArrayBuffer>[] {
  const bytes = new Uint8Array(samples.buffer, samples.byteOffset, samples.byteLength);
  return Array.from({ length: Math.ceil(bytes.length / chunkBytes) }, (_, i) => {
    const chunk = new Uint8Array(chunkBytes);
    chunk.set(bytes.subarray(i * chunkBytes, (i + 1) * chunkBytes));
    return chunk;
  });
}
