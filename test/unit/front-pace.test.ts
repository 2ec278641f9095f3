/** No client has its frames done before anybody else's: so many go on at once, however they were sent. */
import { PassThrough } from "node:stream";
import { expect, test, vi } from "vitest";
import { ClientFrames } from "../../server/front/client-frames.ts";
import { FramePace } from "../../server/front/frame-pace.ts";
import { frontLimits } from "../../server/front/front-limits.ts";
import { passFrames } from "../../server/front/pass-frames.ts";
import { FrameReader } from "../../server/front/web-socket-frames.ts";

const { maxFramesAtOnce, framesAtOnceMs } = frontLimits;
/** A ping of the client's, and a message of it in the smallest of pieces. */
const kinds = [
  ["messages", Buffer.from([0x81, 0x82, 1, 2, 3, 4, 5, 6])],
  ["pings", Buffer.from([0x89, 0x80, 1, 2, 3, 4])],
  ["pieces of a message", Buffer.from([0x00, 0x80, 1, 2, 3, 4])],
] as const;

function countFrames(bytes: Buffer): number {
  return [...new FrameReader().read(bytes)].filter((part) => "head" in part).length;
}

test("[L14] a client's next frames go on when the time of the last ones is over", () => {
  const pace = new FramePace();
  expect(pace.left(1_000)).toBe(maxFramesAtOnce);
  pace.take(maxFramesAtOnce);
  expect([pace.left(1_000), pace.waitMs(1_000)]).toEqual([0, framesAtOnceMs]);
  expect([pace.left(999 + framesAtOnceMs), pace.waitMs(999 + framesAtOnceMs)]).toEqual([0, 1]);
  expect(pace.left(1_000 + framesAtOnceMs)).toBe(maxFramesAtOnce);
});

test.each(kinds)("[L14] of a thousand small %s in one piece so many go on, and the rest is left unread", (_, one) => {
  const frames = new ClientFrames();
  const sent = Buffer.concat(Array.from({ length: 1_000 }, () => one));
  const { passed, rest } = frames.pass(sent, maxFramesAtOnce);
  expect(countFrames(Buffer.concat(passed))).toBe(maxFramesAtOnce);
  expect(Buffer.concat([...passed, rest]).equals(sent)).toBe(true);
  expect(frames.pass(rest, 0)).toEqual({ passed: [], smallFrames: 0, rest });
});

test("[L14] frames that bring audio are not counted", () => {
  const chunk = Buffer.concat([Buffer.from([0x82, 0xfe, 0x10, 0, 1, 2, 3, 4]), Buffer.alloc(4_096)]);
  const sent = Buffer.concat(Array.from({ length: 2 * maxFramesAtOnce }, () => chunk));
  expect(new ClientFrames().pass(sent, 1)).toMatchObject({ smallFrames: 0, rest: Buffer.alloc(0) });
});

test("[L14] a frame that has begun goes on to its end", () => {
  const frames = new ClientFrames();
  const sent = Buffer.concat([Buffer.from([0x82, 0xfe, 0x10, 0, 1, 2, 3, 4]), Buffer.alloc(4_096)]);
  expect(Buffer.concat(frames.pass(sent.subarray(0, 100), 1).passed).length).toBe(100);
  expect(Buffer.concat(frames.pass(sent.subarray(100), 0).passed).length).toBe(sent.length - 100);
});

test.each(kinds)("[L14] all of the %s arrive in the end, in order and in turns", async (_, one) => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] });
  try {
    const [client, runtime] = [new PassThrough(), new PassThrough({ highWaterMark: 1_000_000 })];
    const sent = Buffer.concat(Array.from({ length: 100 }, () => one));
    passFrames(client, runtime, sent.subarray(0, 3), new ClientFrames(), () => {});
    client.write(sent.subarray(3));
    const arrived: Buffer[] = [];
    for (let turn = 1; turn <= Math.ceil(100 / maxFramesAtOnce); turn += 1) {
      await new Promise(setImmediate);
      const bytes = runtime.read() as Buffer;
      expect(countFrames(bytes)).toBeLessThanOrEqual(maxFramesAtOnce);
      arrived.push(bytes);
      vi.advanceTimersByTime(framesAtOnceMs);
    }
    expect(Buffer.concat(arrived).equals(sent)).toBe(true);
  } finally {
    vi.useRealTimers();
  }
});
