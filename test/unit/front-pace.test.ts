/** No client has its frames done before anybody else's: so many go on at once, however they were sent. */
import { PassThrough } from "node:stream";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { ClientFrames } from "../../server/front/client-frames.ts";
import { FramePace } from "../../server/front/frame-pace.ts";
import { frontLimits } from "../../server/front/front-limits.ts";
import { passFrames } from "../../server/front/pass-frames.ts";
import { FrameReader } from "../../server/front/web-socket-frames.ts";

const { maxFramesAtOnce, framesAtOnceMs, unansweredFramesMs } = frontLimits;
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
  pace.take(maxFramesAtOnce, 1_000);
  pace.answered(maxFramesAtOnce, 1_000);
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

test("[L14] a slow runtime gets the next frames when it has answered as many, one for one", () => {
  const pace = new FramePace();
  pace.left(1_000);
  pace.take(maxFramesAtOnce, 1_000);
  const later = 1_000 + 3 * framesAtOnceMs;
  expect(pace.left(later)).toBe(0);
  pace.answered(3, later);
  expect(pace.left(later)).toBe(3);
  pace.take(3, later);
  expect([pace.left(later), pace.waitMs(later)]).toEqual([0, unansweredFramesMs]);
  // More than was asked for, such as events, is no credit for later.
  pace.answered(1_000, later);
  expect(pace.left(later + framesAtOnceMs)).toBe(maxFramesAtOnce);
});

test("[L14] what is never answered goes on after a while", () => {
  const pace = new FramePace();
  pace.left(1_000);
  pace.take(maxFramesAtOnce, 1_000);
  expect([pace.left(999 + unansweredFramesMs), pace.waitMs(999 + unansweredFramesMs)]).toEqual([0, framesAtOnceMs]);
  expect(pace.left(1_000 + unansweredFramesMs)).toBe(maxFramesAtOnce);
});

/** A client that has sent so many of one kind, and what of it goes on. */
function sending(
  one: Buffer,
  frames: number,
): { sent: Buffer; answered: (n: number) => void; arrived: () => Promise<Buffer> } {
  const [client, runtime] = [new PassThrough(), new PassThrough({ highWaterMark: 1_000_000 })];
  const sent = Buffer.concat(Array.from({ length: frames }, () => one));
  const answered = passFrames(client, runtime, sent.subarray(0, 3), new ClientFrames(), () => {});
  client.write(sent.subarray(3));
  const arrived = async (): Promise<Buffer> => {
    await new Promise(setImmediate);
    return (runtime.read() as Buffer | null) ?? Buffer.alloc(0);
  };
  return { sent, answered, arrived };
}

describe("with a clock of the test's", () => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] }));
  afterEach(() => void vi.useRealTimers());

  test.each(kinds)("[L14] all of the %s arrive in the end, in order and in turns", async (_, one) => {
    const { sent, answered, arrived } = sending(one, 100);
    const all: Buffer[] = [];
    for (let turn = 1; turn <= Math.ceil(100 / maxFramesAtOnce); turn += 1) {
      const bytes = await arrived();
      expect(countFrames(bytes)).toBeLessThanOrEqual(maxFramesAtOnce);
      all.push(bytes);
      answered(countFrames(bytes));
      vi.advanceTimersByTime(framesAtOnceMs);
    }
    expect(Buffer.concat(all).equals(sent)).toBe(true);
  });

  test.each(kinds)(
    "[L14] %s wait with their client for a runtime that is slow, and for one that is silent not for ever",
    async (_, one) => {
      const { answered, arrived } = sending(one, 100);
      expect(countFrames(await arrived())).toBe(maxFramesAtOnce);
      vi.advanceTimersByTime(5 * framesAtOnceMs);
      expect(countFrames(await arrived())).toBe(0);
      for (const answers of [1, 5, maxFramesAtOnce - 6]) {
        answered(answers);
        expect(countFrames(await arrived())).toBe(answers);
      }
      vi.advanceTimersByTime(unansweredFramesMs - 1);
      expect(countFrames(await arrived())).toBe(0);
      vi.advanceTimersByTime(1);
      expect(countFrames(await arrived())).toBe(maxFramesAtOnce);
    },
  );
});
