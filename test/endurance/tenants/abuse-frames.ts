/** Frames of the bad tenant: seconds that are fresh or sent again, frames that can't be read, control messages. */
import { encode } from "@msgpack/msgpack";
import { channelCount, chunkBytes, pcmFormat, sampleRateHz } from "../../../schemas/wire/audio.ts";
import { encodeBase64 } from "../../../schemas/wire/base64.ts";
import { limits } from "../../../schemas/limits.ts";
import type { Random } from "../../../client/testkit/fault-plan.ts";
import { stampedSecond } from "../../../client/testkit/stamped-second.ts";
import type { FloodOptions } from "./abuse-socket.ts";

type NextFrame = FloodOptions["nextFrame"];
const text = (json: unknown): { data: Uint8Array; isBinary: false } => ({
  data: Buffer.from(typeof json === "string" ? json : JSON.stringify(json)),
  isBinary: false,
});
const audio = { sample_rate: sampleRateHz, channels: channelCount, format: pcmFormat } as const;
const second = encodeBase64(stampedSecond(1));

/** A new second each time: JSON with base64, the dearest to read. */
export function freshSeconds(sessionId: string): NextFrame {
  // Taken frames of an earlier run are no fresh ones; a session of its own name has none.
  let seq = 0;
  const [head, tail] = [`{"type":"chunk","meeting_id":"${sessionId}","seq":`, `,"timestamp_ms":1,`];
  const rest = JSON.stringify({ ...audio, content_b64: second }).slice(1);
  return () => {
    seq += 1;
    return { data: Buffer.from(`${head}${seq}${tail}${rest}`, "latin1"), isBinary: false };
  };
}

/** The same second over and over, in either encoding. */
export function sameSecond(sessionId: string, isBinary: boolean): NextFrame {
  const chunk = { type: "chunk", meeting_id: sessionId, seq: 1, timestamp_ms: 1, ...audio };
  const frame = isBinary
    ? { data: encode({ ...chunk, content: stampedSecond(1) }), isBinary }
    : text({ ...chunk, content_b64: second });
  return () => frame;
}

/** Each must be refused, and none of them ends the connection by itself. */
function badFrames(sessionId: string): ReturnType<NextFrame>[] {
  const chunk = { type: "chunk", meeting_id: sessionId, seq: 7, timestamp_ms: 1, ...audio };
  return [
    text("{".repeat(limits.maxMessageBytes)),
    text(`${"[".repeat(30_000)}${"]".repeat(30_000)}`),
    text({ ...chunk, content_b64: `${second.slice(0, -4)}!!!!` }),
    text({ ...chunk, content_b64: second.slice(0, second.length / 2) }),
    text({ ...chunk, sample_rate: 8_000, content_b64: second }),
    text({ type: "x".repeat(60_000) }),
    { data: new Uint8Array(limits.maxMessageBytes).fill(0x91), isBinary: true },
    { data: encode({ ...chunk, content: new Uint8Array(chunkBytes + 2) }), isBinary: true },
    { data: new Uint8Array(limits.maxMessageBytes).fill(0xc1), isBinary: true },
  ];
}

/** Bad ones, with a good one just before there are too many in a row. @param forgiven whether that good one is sent. */
export function mostlyBad(sessionId: string, random: Random, forgiven: boolean): NextFrame {
  const bad = badFrames(sessionId);
  const good = text({ type: "status", meeting_id: sessionId });
  let sent = 0;
  return () => {
    sent += 1;
    if (forgiven && sent % limits.maxConsecutiveBadFrames === 0) return good;
    return bad[Math.floor(random() * bad.length)] ?? good;
  };
}

export function controlMessages(sessionId: string, track: string): NextFrame {
  const messages = [
    text({ type: "status", meeting_id: sessionId }),
    text({ type: "hello", meeting_id: sessionId, track, ...audio, subscribe: ["status", "speakers"] }),
    text({ type: "ping", n: 1 }),
    text({ type: "gap", meeting_id: sessionId, from_seq: 5, to_seq: 6, cause: "capture_stall" }),
  ];
  let sent = 0;
  return () => messages[(sent += 1) % messages.length] ?? text({ type: "ping" });
}
