/** What the front listener does to WebSocket bytes on their way: however they are cut into pieces, it finds the same frames. */
import { expect, test } from "vitest";
import { limits } from "../../schemas/limits.ts";
import { ClientFrames } from "../../server/front/client-frames.ts";
import { maxConnections } from "../../server/front/front-limits.ts";
import { FrameReader } from "../../server/front/web-socket-frames.ts";

const mask = [1, 2, 3, 4];

/** A client's frame: masked, of zeros, which the mask does not matter to here. */
function frame(opcode: number, payloadBytes: number, fin = true): Buffer {
  const first = (fin ? 0x80 : 0) | opcode;
  if (payloadBytes < 126) return Buffer.from([first, 0x80 | payloadBytes, ...mask, ...new Uint8Array(payloadBytes)]);
  const head = Buffer.alloc(payloadBytes < 65_536 ? 4 : 10);
  head.writeUInt8(first, 0);
  head.writeUInt8(0x80 | (payloadBytes < 65_536 ? 126 : 127), 1);
  if (payloadBytes < 65_536) head.writeUInt16BE(payloadBytes, 2);
  else head.writeBigUInt64BE(BigInt(payloadBytes), 2);
  return Buffer.concat([head, Buffer.from(mask), Buffer.alloc(payloadBytes)]);
}

/** The lengths of the frames in these bytes. */
function lengths(bytes: Buffer): number[] {
  return [...new FrameReader().read(bytes)].flatMap((part) => ("head" in part ? [part.head.payloadBytes] : []));
}

function passInPieces(frames: ClientFrames, bytes: Buffer, size: number): Buffer {
  const passed: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += size) passed.push(...frames.pass(bytes.subarray(at, at + size)).passed);
  return Buffer.concat(passed);
}

test.each([1, 2, 3, 7, 1_000, 1_000_000])("frames within the limit pass unchanged, in pieces of %d bytes", (size) => {
  const bytes = Buffer.concat([
    frame(1, 5),
    frame(9, 0),
    frame(2, 126),
    frame(2, 32_100),
    frame(2, 65_536),
    frame(8, 2),
  ]);
  const frames = new ClientFrames();
  expect(passInPieces(frames, bytes, size).equals(bytes)).toBe(true);
  expect(frames.hasSentClose).toBe(true);
});

test.each([3, 4_096, 10_000_000])(
  "[W7] of a binary message too large, one byte beyond the limit passes, in pieces of %d bytes",
  (size) => {
    const bytes = Buffer.concat([frame(2, 1_000_000), frame(1, 4)]);
    expect(lengths(passInPieces(new ClientFrames(), bytes, size))).toEqual([limits.maxMessageBytes + 1, 4]);
  },
);

const beyond = limits.maxMessageBytes + 1;

test("a text is too large in any characters: a room counts UTF-16 units, of up to three bytes", () => {
  const most = frame(1, 3 * beyond);
  expect(Buffer.concat(new ClientFrames().pass(most).passed).equals(most)).toBe(true);
  expect(lengths(Buffer.concat(new ClientFrames().pass(frame(1, 3 * beyond + 1)).passed))).toEqual([beyond]);
  const inFrames = Buffer.concat([frame(1, 60_000, false), frame(9, 3), frame(0, 1_000_000), frame(2, 1_000_000)]);
  expect(lengths(passInPieces(new ClientFrames(), inFrames, 5_000))).toEqual([60_000, 3, beyond, beyond]);
});

test.each([
  ["a message of 30 MB", frame(2, 30_000_000).subarray(0, 14), [beyond]],
  ["a text whose end is far", frame(1, 30_000_000, false).subarray(0, 14), [beyond]],
  [
    "what goes on too long",
    Buffer.concat([frame(2, 60_000, false), frame(0, 30_000_000).subarray(0, 14)]),
    [60_000, beyond],
  ],
])("[W7] %s is refused when its head is read: nothing of it is waited for", (_, bytes, passed) => {
  const frames = new ClientFrames();
  const sent = passInPieces(frames, bytes, 1_000);
  const heads = [...new FrameReader().read(sent)].flatMap((part) => ("head" in part ? [part.head] : []));
  expect(heads.map(({ payloadBytes }) => payloadBytes)).toEqual(passed);
  // Whole, and the message's last: the room has it to refuse.
  expect(heads.at(-1)?.fin).toBe(true);
  expect(sent.length).toBeGreaterThan(passed.reduce((sum, length) => sum + length, 0));
  expect(frames.pass(Buffer.alloc(1_000_000)).passed).toEqual([]);
});

test("the limit holds for a message in many frames, and the next message has its own", () => {
  const bytes = Buffer.concat([
    frame(2, 60_000, false),
    frame(0, 60_000, false),
    frame(9, 3),
    frame(0, 60_000),
    frame(1, 9),
  ]);
  expect(lengths(passInPieces(new ClientFrames(), bytes, 5_000))).toEqual([60_000, beyond, 3, 9]);
});

test("after the gateway's close frame only the client's own goes on", () => {
  const frames = new ClientFrames();
  frames.handleGatewayClosed();
  expect(lengths(passInPieces(frames, Buffer.concat([frame(2, 500), frame(9, 1), frame(8, 2)]), 64))).toEqual([2]);
});

test("a length that nothing can hold is no reason to wait for memory", () => {
  const head = Buffer.from([0x82, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, ...mask]);
  const frames = new ClientFrames();
  expect(passInPieces(frames, Buffer.concat([head, Buffer.alloc(200_000)]), 65_536).length).toBeLessThan(66_000);
});

test.each([
  [256, 64],
  [1_024, 192],
  [20_000, 4_936],
  [Number.POSITIVE_INFINITY, 8_192],
])("with %d descriptors there are %d connections", (descriptors, connections) => {
  expect(maxConnections(descriptors)).toBe(connections);
});
