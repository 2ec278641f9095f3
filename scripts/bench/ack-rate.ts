/**
 * Acks per second of one connection with a full window. Frames are made beforehand and answers are hardly looked at: what
 * this process computes would be measured too. A yardstick's ack is no message of the protocol, so no client library is here.
 */
import { fileURLToPath } from "node:url";
import { WebSocket } from "ws";
import { loadAudio } from "../../client/testkit/sent-audio.ts";
import { limits } from "../../schemas/limits.ts";
import { channelCount, pcmFormat, sampleRateHz } from "../../schemas/wire/audio.ts";
import { encodeBase64 } from "../../schemas/wire/base64.ts";

export interface AckRate {
  readonly perSecond: number;
  /** From send to ack, in ms. */
  readonly latencies: readonly number[];
}

const sample = fileURLToPath(new URL("../demo/sample/interview.wav", import.meta.url));
const audio = { sample_rate: sampleRateHz, channels: channelCount, format: pcmFormat };

/** @param url of the gateway. @param id of a session that nobody used. */
export async function ackRate(url: string, id: string, chunks: number): Promise<AckRate> {
  const { chunks: seconds } = await loadAudio(sample, undefined);
  const speech = seconds.map((chunk) => encodeBase64(chunk));
  const socket = new WebSocket(`${url.replace(/^http/, "ws")}/v1/audio/ws/${id}`, { perMessageDeflate: false });
  await new Promise((resolve, reject) => {
    socket.once("open", resolve);
    socket.once("error", reject);
  });
  const sentAt: number[] = [];
  const latencies: number[] = [];
  const send = (): void => {
    sentAt.push(performance.now());
    const seq = sentAt.length;
    const content_b64 = speech[seq % speech.length];
    socket.send(JSON.stringify({ type: "chunk", meeting_id: id, seq, timestamp_ms: seq, ...audio, content_b64 }));
  };
  const start = performance.now();
  await new Promise<void>((resolve, reject) => {
    socket.on("message", (data: Buffer) => {
      const text = data.toString();
      if (!text.startsWith('{"type":"ack"')) reject(new Error(`instead of an ack: ${text}`));
      const mark = /"mark":"(\w+)"/.exec(text)?.[1];
      if (mark !== undefined) socket.send(JSON.stringify({ type: "seen", mark }));
      latencies.push(performance.now() - (sentAt[latencies.length] ?? 0));
      if (sentAt.length < chunks) send();
      if (latencies.length === chunks) resolve();
    });
    socket.once("close", () => reject(new Error("the connection was closed")));
    for (let i = 0; i < Math.min(chunks, limits.maxInFlightFrames); i += 1) send();
  });
  const perSecond = (chunks / (performance.now() - start)) * 1_000;
  socket.terminate();
  return { perSecond, latencies };
}
