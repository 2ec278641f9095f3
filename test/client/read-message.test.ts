/** What a capture reads of the room's messages, beside the contract's own schemas: the same verdict on every field that is read. */
import { encode } from "@msgpack/msgpack";
import { expect, test } from "vitest";
import { parseRoomMessage } from "../../client/capture/read-message.ts";
import { goldenRoomMessages } from "../../client/testkit/golden-frames.ts";
import { encodeBase64 } from "../../schemas/wire/base64.ts";
import { roomMessageSchema } from "../../schemas/wire/messages.ts";

/** Paths of the fields that a capture reads, by the type of their message. */
const read: Readonly<Record<string, readonly (readonly string[])[]>> = {
  ready: [
    ["type"],
    ["mark"],
    ["ingest"],
    ["ingest", "missing_chunks"],
    ["resume"],
    ["resume", "next_seq"],
    ["resume", "missing"],
    ["limits"],
    ["limits", "max_in_flight"],
    ["limits", "max_realtime_factor"],
    ["live"],
  ],
  status: [["type"], ["mark"], ["last_seq"]],
  ack: [["type"], ["mark"], ["seq"], ["sha256"], ["contiguous_seq"]],
  ended: [["type"], ["mark"], ["last_seq"], ["complete"], ["missing"]],
  error: [["type"], ["mark"], ["code"], ["detail"], ["seq"], ["retry_after_ms"]],
  pong: [["type"], ["mark"], ["ts"]],
  closing: [["type"], ["reason"]],
  listeners: [["type"], ["mark"], ["live"]],
  live: [["type"], ["mark"], ["track"], ["sample_rate"], ["at_ms"], ["flush"], ["content_b64"]],
};
/** JSON leaves `undefined` out: the field is missing. */
const values: readonly unknown[] = [
  undefined,
  null,
  true,
  "",
  "internal",
  "m".repeat(257),
  "0".repeat(64),
  "G".repeat(64),
  -1,
  0,
  0.5,
  1,
  16,
  2 ** 53,
  [],
  [[1, 2]],
  [[0, 1]],
  [[1]],
  {},
];

const messages = Object.entries(goldenRoomMessages).map(([name, message]) => ({
  name,
  message: message.type === "ack" ? { ...message, sha256: "a".repeat(64) } : message,
}));

function withField(message: object, [key = "", ...rest]: readonly string[], value: unknown): object {
  const inner: unknown = (message as Record<string, unknown>)[key];
  return { ...message, [key]: rest.length === 0 ? value : withField(inner as object, rest, value) };
}

test.for(messages)("[W1] $name: read from JSON and from MessagePack, or passed over", ({ message }) => {
  const { content, ...spelled } = { content: undefined, ...message };
  // Bytes are a text in JSON.
  const text = content ? { ...spelled, content_b64: encodeBase64(content) } : message;
  const fromText = parseRoomMessage(JSON.stringify(text));
  const bytes = encode(message);
  expect(parseRoomMessage(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength))).toEqual(
    fromText && content ? { ...fromText, content_b64: undefined, content } : fromText,
  );
  expect(fromText === undefined).toBe(read[message.type] === undefined);
  expect(text).toMatchObject(fromText ?? {});
});

test("[W1] the verdict on every field that is read is the contract's", () => {
  for (const { name, message } of messages) {
    for (const path of read[message.type] ?? []) {
      for (const value of values) {
        // A code that is unknown may be a later version's (V6).
        if (path.join() === "code" && typeof value === "string") continue;
        const text = JSON.stringify(withField({ ...message, content: undefined }, path, value));
        const expected = roomMessageSchema.safeParse(JSON.parse(text)).success;
        expect(parseRoomMessage(text) !== undefined, `${name}: ${path.join(".")} = ${String(value)}`).toBe(expected);
      }
    }
  }
});

test("what is no message of this version is passed over", () => {
  for (const data of ["", "nonsense", "[]", '{"type":"later"}', new ArrayBuffer(0), new Uint8Array([0xc1]).buffer, 7])
    expect(parseRoomMessage(data)).toBeUndefined();
});
