/** The wire as Protocol Buffers: the same messages as in the other encodings, and nothing that a client sends breaks it. */
import { readFileSync } from "node:fs";
import * as fc from "fast-check";
import { describe, expect, inject, test } from "vitest";
import { decodeFrame, encodeMessage } from "../../schemas/wire/codec.ts";
import { clientTypes, protoMessages, roomTypes } from "../../schemas/wire/proto/fields.ts";
import { writeClientMessage } from "../../schemas/wire/proto/write-proto.ts";
import { encodeBase64 } from "../../schemas/wire/base64.ts";
import { roomMessageSchema } from "../../schemas/wire/messages.ts";
import { goldenClientFrames, goldenPcm } from "../../client/testkit/golden-frames.ts";

const seed = inject("seed");
const bytesOf = (hex: string): Uint8Array => Uint8Array.from(Buffer.from(hex.replaceAll(" ", ""), "hex"));
const hexOf = (frame: string | Uint8Array): string =>
  typeof frame === "string" ? "" : Buffer.from(frame).toString("hex");
type ClientType = keyof typeof clientTypes;

/** What is left out is 0 in this wire, which is allowed. */
const leftOut = "no_last_seq";

describe("Protocol Buffers", () => {
  const frames = goldenClientFrames.flatMap(({ name, fields, audio, encoding, raw }) =>
    fields && !raw && encoding === undefined && String(fields["type"]) in clientTypes && name !== leftOut
      ? [{ name, fields, audio }]
      : [],
  );

  test.each(frames)("[Y12] $name means what it means in JSON, or is refused as it is there", ({ fields, audio }) => {
    const pcm = audio && goldenPcm(audio);
    const written = writeClientMessage(fields["type"] as ClientType, { ...fields, ...(pcm && { content: pcm }) });
    const inProto = decodeFrame(written, "proto");
    const inJson = decodeFrame(JSON.stringify({ ...fields, ...(pcm && { content_b64: encodeBase64(pcm) }) }));
    // What JSON has beside the message is no field of this wire.
    expect(meaningOf(inProto)).toEqual(meaningOf(inJson));
  });

  test("[Y12] bytes are those of proto3: tags, zeros left out, signs, doubles", () => {
    expect(hexOf(encodeMessage({ type: "pong", ts: 1_760_000_000_000 }, "proto"))).toBe("3207088080b3c19c33");
    expect(hexOf(encodeMessage({ type: "closing", reason: "bye" }, "proto"))).toBe("3a050a03627965");
    expect(hexOf(encodeMessage({ type: "listeners", live: false }, "proto"))).toBe("4a00");
    expect(decodeFrame(bytesOf("32 00"), "proto")).toEqual({ ok: true, value: { type: "end", last_seq: 0 } });
    expect(decodeFrame(bytesOf("32 02 08 05"), "proto")).toEqual({ ok: true, value: { type: "end", last_seq: 5 } });
    // A field that nobody knows, and one message behind another: the last one counts.
    expect(decodeFrame(bytesOf("2a 00 32 04 08 05 f8 07 32 02 08 06"), "proto")).toMatchObject({ ok: false });
    expect(decodeFrame(bytesOf("32 05 08 05 f8 07 01 2a 00"), "proto")).toEqual({ ok: true, value: { type: "ping" } });
  });

  test("[Y12] whatever a client sends is a message or refused", () => {
    const usual = writeClientMessage("hello", {
      sample_rate: 16_000,
      channels: 1,
      format: "pcm_s16le",
      subscribe: ["live"],
    });
    const broken = fc
      .tuple(fc.nat(usual.length - 1), fc.nat(255), fc.nat(usual.length))
      .map(([at, byte, end]) => usual.map((old, index) => (index === at ? byte : old)).subarray(0, end));
    const judge = (): void =>
      fc.assert(
        fc.property(fc.oneof(fc.uint8Array({ maxLength: 200 }), broken), (bytes) => {
          expect(decodeFrame(bytes, "proto")).toHaveProperty("ok");
        }),
        { seed, numRuns: 3_000 },
      );
    expect(judge).not.toThrow();
  });

  test("[Y12] what a room says in the other encodings, it can say in this one: no field is left behind", () => {
    const kinds: Readonly<Record<string, { readonly kind: string }>> = roomTypes;
    const messages: Readonly<Record<string, object>> = protoMessages;
    const lacking = roomMessageSchema.options.flatMap(({ shape }) => {
      const type = shape.type.value;
      const fields = messages[kinds[type]?.kind ?? ""] ?? {};
      // An event is one text here, and audio is bytes.
      const own = Object.keys(shape).filter((field) => !["type", "event", "content_b64"].includes(field));
      return own.filter((field) => !(field in fields)).map((field) => `${type}.${field}`);
    });
    expect(lacking).toEqual([]);
  });

  test("[Y12] a number is given once, in each message and in the published file", () => {
    const file = readFileSync("schemas/wire/interview.proto", "utf8");
    for (const [name, fields] of Object.entries({
      ...protoMessages,
      ClientMessage: clientTypes,
      RoomMessage: roomTypes,
    })) {
      const numbers = Object.values(fields).map(({ n }) => n);
      expect([name, new Set(numbers).size]).toEqual([name, numbers.length]);
      for (const [field, { n }] of Object.entries(fields)) expect(file).toMatch(new RegExp(` ${field} = ${n};`));
    }
  });
});

function meaningOf(decoded: ReturnType<typeof decodeFrame>): unknown {
  return decoded.ok ? withoutEmpty(decoded.value) : decoded.error.code;
}

/** No entries and none at all are one in this wire. */
function withoutEmpty(message: object): object {
  const entries = Object.entries(message).filter(([, value]) => !(Array.isArray(value) && value.length === 0));
  return Object.fromEntries(entries.map(([key, value]) => [key, value instanceof Uint8Array ? hexOf(value) : value]));
}
