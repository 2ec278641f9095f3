/**
 * Somebody who talks: a recording sent at the pace of speech, a second as its chunk when it is over, and where it is wanted a tenth of a
 * second as live audio. Says when each place was spoken, and how long acks took.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { WebSocket } from "ws";
import { channelCount, chunkBytes, pcmFormat, sampleRateHz } from "../../../schemas/wire/audio.ts";
import { encodeBase64 } from "../../../schemas/wire/base64.ts";

export interface Talk {
  readonly session: string;
  readonly track: string;
  /** s16le, whole seconds. */
  readonly pcm: Uint8Array;
  readonly hasLive: boolean;
}

export interface Talked {
  /** When the track's first sample was spoken, as `performance.now()`. */
  readonly startedAt: number;
  /** From the sending of each chunk to its ack, ms. */
  readonly ackMs: readonly number[];
}

const [chunkEveryMs, piecesPerChunk] = [1_000, 10];
const pieceBytes = chunkBytes / piecesPerChunk;
const audio = { sample_rate: sampleRateHz, channels: channelCount, format: pcmFormat };

/** @param onStart is told `startedAt` when the talk begins. */
export async function talk(
  wsUrl: string,
  { session, track, pcm, hasLive }: Talk,
  onStart?: (at: number) => void,
): Promise<Talked> {
  const socket = new WebSocket(`${wsUrl}/v1/audio/ws/${session}/${track}`, { perMessageDeflate: false });
  const closed = new Promise<never>((_, reject) =>
    socket.once("close", () => reject(new Error("the connection ended"))),
  );
  closed.catch(() => undefined);
  await Promise.race([new Promise((resolve) => socket.once("open", resolve)), closed]);
  const sentAt = new Map<number, number>();
  const ackMs: number[] = [];
  socket.on("message", (data: Buffer) => {
    const message = JSON.parse(data.toString()) as { type: string; seq?: number; mark?: string };
    if (message.mark !== undefined) socket.send(JSON.stringify({ type: "seen", mark: message.mark }));
    const at = message.type === "ack" ? sentAt.get(message.seq ?? 0) : undefined;
    if (at !== undefined) ackMs.push(performance.now() - at);
  });
  const send = (message: object): void => socket.send(JSON.stringify(message));
  send({ type: "hello", meeting_id: session, track });
  const startedAt = performance.now();
  onStart?.(startedAt);
  const pieces = pcm.byteLength / pieceBytes;
  for (let n = 0; n < pieces; n += 1) {
    // What was spoken is there once it is over.
    await Promise.race([
      sleep(Math.max(0, startedAt + ((n + 1) * chunkEveryMs) / piecesPerChunk - performance.now())),
      closed,
    ]);
    const piece = pcm.subarray(n * pieceBytes, (n + 1) * pieceBytes);
    const at_ms = (n * chunkEveryMs) / piecesPerChunk;
    if (hasLive) send({ type: "live", track, sample_rate: sampleRateHz, at_ms, content_b64: encodeBase64(piece) });
    if ((n + 1) % piecesPerChunk !== 0) continue;
    const seq = (n + 1) / piecesPerChunk;
    const content_b64 = encodeBase64(pcm.subarray((seq - 1) * chunkBytes, seq * chunkBytes));
    sentAt.set(seq, performance.now());
    send({ type: "chunk", meeting_id: session, seq, timestamp_ms: seq, ...audio, content_b64 });
  }
  const chunks = pcm.byteLength / chunkBytes;
  for (const until = performance.now() + 30_000; ackMs.length < chunks;) {
    if (performance.now() > until) throw new Error(`${ackMs.length} acks of ${chunks}`);
    await Promise.race([sleep(20), closed]);
  }
  send({ type: "end", last_seq: chunks });
  socket.removeAllListeners("close");
  socket.close(1000);
  return { startedAt, ackMs };
}
