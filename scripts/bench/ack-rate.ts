/**
 * Acks per second of one connection with a full window. Frames are made beforehand, and answers are hardly looked at: what
 * this process computes would be measured too. A yardstick's ack is no message of the protocol, so no client library is here.
 */
import { fileURLToPath } from "node:url";
import { decode, encode } from "@msgpack/msgpack";
import { WebSocket } from "ws";
import { loadAudio } from "../../client/testkit/sent-audio.ts";
import { limits } from "../../schemas/limits.ts";
import { channelCount, pcmFormat, sampleRateHz } from "../../schemas/wire/audio.ts";
import type { Encoding } from "../../schemas/wire/codec.ts";
import { encodeBase64 } from "../../schemas/wire/base64.ts";

export interface AckRate {
  readonly perSecond: number;
  /** From send to ack, in ms. */
  readonly latencies: readonly number[];
}

const sample = fileURLToPath(new URL("../demo/sample/interview.wav", import.meta.url));
const audio = { sample_rate: sampleRateHz, channels: channelCount, format: pcmFormat };

/** @param url of the gateway. @param id of a session that nobody used. */
export async function ackRate(url: string, id: string, chunks: number, encoding: Encoding = "json"): Promise<AckRate> {
  const frames = await framesOf(id, chunks, encoding);
  const socket = new WebSocket(`${url.replace(/^http/, "ws")}/v1/audio/ws/${id}`, { perMessageDeflate: false });
  await new Promise((resolve, reject) => {
    socket.once("open", resolve);
    socket.once("error", reject);
  });
  const sentAt: number[] = [];
  const latencies: number[] = [];
  const send = (): void => {
    sentAt.push(performance.now());
    socket.send(frames[sentAt.length - 1] ?? "");
  };
  const start = performance.now();
  await new Promise<void>((resolve, reject) => {
    socket.on("message", (data: Buffer, isBinary: boolean) => {
      const { isAck, mark } = isBinary ? markOfBinary(data) : markOfText(data.toString());
      if (!isAck) reject(new Error(`instead of an ack: ${data.toString()}`));
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

async function framesOf(id: string, chunks: number, encoding: Encoding): Promise<(string | Uint8Array)[]> {
  const { chunks: speech } = await loadAudio(sample, undefined);
  const texts = encoding === "json" ? speech.map((chunk) => encodeBase64(chunk)) : [];
  return Array.from({ length: chunks }, (_, i) => {
    const seq = i + 1;
    const head = { type: "chunk", meeting_id: id, seq, timestamp_ms: seq, ...audio };
    return encoding === "json"
      ? JSON.stringify({ ...head, content_b64: texts[seq % texts.length] })
      : encode({ ...head, content: speech[seq % speech.length] });
  });
}

interface Ack {
  readonly isAck: boolean;
  readonly mark: string | undefined;
}

function markOfText(text: string): Ack {
  return { isAck: text.startsWith('{"type":"ack"'), mark: /"mark":"(\w+)"/.exec(text)?.[1] };
}

/** An ack's `type` comes first, and a mark is rare: what has none is not decoded. */
function markOfBinary(data: Buffer): Ack {
  const mark = data.includes("mark") ? (decode(data) as { mark?: string }).mark : undefined;
  return { isAck: data.subarray(0, 16).includes("ack"), mark };
}
