import { encode } from "@msgpack/msgpack";
import { describe, expect, test } from "vitest";
import { encodeBase64 } from "../../schemas/wire/base64.ts";
import { decodeFrame, type Encoding, encodeMessage } from "../../schemas/wire/codec.ts";
import { limits } from "../../schemas/limits.ts";
import type { RoomMessage } from "../../schemas/wire/messages.ts";
import { decode } from "@msgpack/msgpack";
import { randomBytes, randomFrom, seed } from "./support/random.ts";

const format = { sample_rate: 16_000, channels: 1, format: "pcm_s16le" } as const;
const pcm = randomBytes(randomFrom(7), 32_000);
const chunk = { type: "chunk", meeting_id: "m", seq: 1, timestamp_ms: 1.5, ...format } as const;

/** The frame of a message as a client of this encoding writes it. */
function frameOf(message: object, encoding: Encoding): string | Uint8Array {
  return encoding === "json" ? JSON.stringify(message) : encode(message);
}

function chunkFrame(encoding: Encoding, changes: object = {}): string | Uint8Array {
  const content = encoding === "json" ? { content_b64: encodeBase64(pcm) } : { content: pcm };
  return frameOf({ ...chunk, ...content, ...changes }, encoding);
}

describe.for(["json", "msgpack"] as const)("%s", (encoding) => {
  test("[W2] a chunk comes back with its bytes, and unknown fields are dropped", () => {
    expect(decodeFrame(chunkFrame(encoding, { extra: [{}] }))).toEqual({ ok: true, value: { ...chunk, content: pcm } });
  });

  test.for([
    { type: "hello", ...format },
    { type: "hello", ...format, meeting_id: "m", track: "mic", stream_role: "mic", client_id: "c" },
    { type: "status" },
    { type: "ping" },
    { type: "end", last_seq: 0 },
    { type: "end", last_seq: 7, padding_samples: 15_999 },
    { type: "close" },
    { type: "close", reason: "r" },
  ])("[W1] control message %j", (message) => {
    expect(decodeFrame(frameOf(message, encoding))).toEqual({ ok: true, value: message });
  });

  test.for([
    [{ seq: 0 }, "bad_frame"],
    [{ seq: 1.5 }, "bad_frame"],
    [{ seq: "1" }, "bad_frame"],
    [{ seq: 2 ** 53 }, "bad_frame"],
    [{ timestamp_ms: 0 }, "bad_frame"],
    [{ timestamp_ms: 8.64e15 + 2 }, "bad_frame"],
    [{ meeting_id: 5 }, "bad_frame"],
    [{ meeting_id: "m".repeat(limits.maxShortTextChars + 1) }, "bad_frame"],
    [{ content: undefined, content_b64: undefined }, "bad_frame"],
    [{ sample_rate: 48_000 }, "bad_audio_format"],
    [{ channels: 2 }, "bad_audio_format"],
    [{ format: "pcm_f32le" }, "bad_audio_format"],
    [{ type: "Chunk" }, "unknown_type"],
    [{ type: "toString" }, "unknown_type"],
    [{ type: ["chunk"] }, "unknown_type"],
  ] as const)("[W2] a chunk with %j is refused: %s", ([changes, code]) => {
    const decoded = decodeFrame(chunkFrame(encoding, changes));
    expect(decoded).toMatchObject({ ok: false, error: { code } });
  });

  test("[W2] a format inside another field is told where it belongs", () => {
    const audio = { sample_rate: 16_000, channels: 1, format: "pcm_s16le" };
    const apart = { sample_rate: undefined, channels: undefined, format: undefined, audio };
    for (const type of ["chunk", "hello"])
      expect(decodeFrame(chunkFrame(encoding, { ...apart, type }))).toMatchObject({
        error: {
          code: "bad_audio_format",
          detail: expect.stringContaining("each a field of the message itself") as string,
        },
      });
  });

  test("[W7] a refusal names the seq it is about, where there is one", () => {
    expect(decodeFrame(chunkFrame(encoding, { seq: 9, channels: 2 }))).toMatchObject({ error: { seq: 9 } });
    const without = decodeFrame(chunkFrame(encoding, { seq: "9" }));
    expect(without.ok ? {} : without.error).not.toHaveProperty("seq");
  });

  test("[W2] a second has exactly 32,000 bytes", () => {
    for (const bytes of [new Uint8Array(0), pcm.subarray(1), new Uint8Array(32_002)]) {
      const content = encoding === "json" ? { content_b64: encodeBase64(bytes) } : { content: bytes };
      expect(decodeFrame(frameOf({ ...chunk, ...content }, encoding))).toMatchObject({
        ok: false,
        error: { code: "bad_chunk_size", seq: 1 },
      });
    }
  });

  test("[W3] what the room writes is read back as it was", () => {
    const message: RoomMessage = { type: "error", code: "internal", detail: "é – 音", retryable: true, seq: 3 };
    const frame = encodeMessage(message, encoding);
    expect(typeof frame === "string" ? JSON.parse(frame) : decode(frame)).toEqual(message);
  });

  test("[W10] end beyond the highest seq and a full second of padding are refused", () => {
    for (const message of [
      { type: "end", last_seq: limits.maxSeq + 1 },
      { type: "end", last_seq: -1 },
      { type: "end", last_seq: 1, padding_samples: 16_000 },
    ]) {
      expect(decodeFrame(frameOf(message, encoding))).toMatchObject({ error: { code: "bad_frame" } });
    }
  });
});

test.for([
  [Buffer.from('{"type":"status"}'), "bad_msgpack", "holds JSON. Send JSON as a text frame"],
  [Buffer.from('\uFEFF {"type":"status"}'), "bad_msgpack", "holds JSON. Send JSON as a text frame"],
  [Buffer.from(' [ {"type":"status"}]'), "bad_msgpack", "holds JSON. Send JSON as a text frame"],
  [new Uint8Array(0), "bad_msgpack", "is empty"],
  [new Uint8Array(32_000), "bad_msgpack", "are these bare samples? Audio goes as 32000 bytes"],
  [new Uint8Array(4_096).fill(0x12), "bad_msgpack", "in the content of a chunk"],
  [Buffer.concat([Buffer.from("RIFF....WAVEfmt "), pcm]), "bad_msgpack", "begins as a WAV file"],
  [Uint8Array.from([0x1a, 0x45, 0xdf, 0xa3, 0x9f]), "bad_msgpack", "MediaRecorder"],
  [encode('{"type":"status"}'), "bad_frame", "encoded twice"],
  [encode({ ...chunk, content: "AAAA" }), "bad_frame", "as a bin"],
  [encode({ ...chunk, content: [1, 2] }), "bad_frame", "as a bin"],
  [encode({ ...chunk, content_b64: "AAAA" }), "bad_frame", "as a bin"],
  ['\uFEFF{"type":"status"}', "bad_json", "byte order mark"],
  ["", "bad_json", "is empty"],
  ["[object Blob]", "bad_json", "was made a string"],
  ["{'type': 'status'}", "bad_json", "single quotes"],
  ['{"type":"end","last_seq":NaN}', "bad_json", "NaN"],
  [encodeBase64(pcm), "bad_json", "content_b64"],
  [JSON.stringify('{"type":"status"}'), "bad_frame", "encoded twice"],
  [JSON.stringify({ ...chunk, content: [1, 2] }), "bad_frame", "base64"],
] as const)("[W1] a frame that can't be read is told what it looks like: %#", ([frame, code, says]) => {
  expect(decodeFrame(frame)).toMatchObject({ ok: false, error: { code, detail: expect.stringContaining(says) } });
});

test("[W1] binary frames are read whatever view they come in", () => {
  const frame = encode({ type: "status" });
  const wide = new Uint8Array(frame.byteLength + 4).fill(0xc1);
  wide.set(frame, 2);
  const expected = { ok: true, value: { type: "status" } };
  expect(decodeFrame(wide.subarray(2, 2 + frame.byteLength))).toEqual(expected);
  expect(decodeFrame(new DataView(wide.buffer, 2, frame.byteLength))).toEqual(expected);
  expect(decodeFrame(frame.slice().buffer)).toEqual(expected);
});

test("[W1] [limit:maxShortTextChars] a short text may have 256 characters", () => {
  const reason = "x".repeat(limits.maxShortTextChars);
  expect(decodeFrame(JSON.stringify({ type: "close", reason }))).toMatchObject({ ok: true });
  expect(decodeFrame(JSON.stringify({ type: "close", reason: `${reason}x` }))).toMatchObject({
    error: { code: "bad_frame" },
  });
});

test.for([
  ["text", "[".repeat(limits.maxMessageBytes), "bad_json"],
  ["text, closed", "[".repeat(32_768) + "]".repeat(32_768), "bad_frame"],
  ["binary", new Uint8Array(limits.maxMessageBytes).fill(0x91), "bad_msgpack"],
] as const)("[W1] a bottomless %s frame is refused", ([, frame, code]) => {
  expect(decodeFrame(frame)).toMatchObject({ ok: false, error: { code } });
});

/** A frame of so many maps and arrays, one in the other. */
function deep(levels: number): Uint8Array {
  let value: unknown = 1;
  for (let level = 1; level < levels; level += 1) value = [value];
  return encode({ type: "status", value });
}

test("[W1] [limit:maxMsgpackDepth] eight levels of a binary frame are read, nine are refused", () => {
  expect(decodeFrame(deep(limits.maxMsgpackDepth))).toMatchObject({ ok: true });
  expect(decodeFrame(deep(limits.maxMsgpackDepth + 1))).toMatchObject({ error: { code: "bad_msgpack" } });
});

test("[W7] [limit:maxMessageBytes] a frame one above the limit is too large, at the limit it is read", () => {
  const { maxMessageBytes: max } = limits;
  expect(decodeFrame(" ".repeat(max + 1))).toMatchObject({ error: { code: "message_too_large" } });
  expect(decodeFrame(new Uint8Array(max + 1))).toMatchObject({ error: { code: "message_too_large" } });
  expect(decodeFrame(`{"type":"status"}${" ".repeat(max - 17)}`)).toMatchObject({ ok: true });
});

test(`[W1] no bytes make the decoder throw (seed ${seed})`, () => {
  const random = randomFrom(seed);
  const good = encode({ ...chunk, content: pcm.subarray(0, 64) });
  for (let i = 0; i < 5_000; i += 1) {
    const frame = i % 2 === 0 ? randomBytes(random, random(64)) : good.slice();
    if (i % 2 === 1) frame[random(frame.byteLength)] = random(256);
    expect(decodeFrame(frame), `frame ${Buffer.from(frame).toString("hex")}`).toHaveProperty("ok");
  }
});
