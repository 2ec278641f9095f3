/** A live capture in a runtime whose steady clock stands still while the machine sleeps, as browsers' may (SPEC C10). */
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { Capture } from "../../client/capture/capture.ts";
import type { CaptureOptions } from "../../client/capture/capture-types.ts";
import { useFakeMeeting } from "./support/fake-meeting.ts";
import { ackMessage, type FakeRoom, readyMessage } from "./support/fake-room.ts";
import { type Listener, samplesOf } from "./support/meeting.ts";

const sessionId = "meeting";
const { startRoom, start } = useFakeMeeting(sessionId);
/** How far the room's clock went beyond this test's steady one. */
let roomAheadMs = 0;

beforeEach(() => {
  roomAheadMs = 0;
  vi.useFakeTimers({ toFake: ["Date", "performance"] });
});
afterEach(() => void vi.useRealTimers());

const step = (ms: number): unknown => vi.setSystemTime(Date.now() + ms);
function sleepFor(ms: number): void {
  step(ms);
  roomAheadMs += ms;
}

async function startLive(options: Partial<CaptureOptions> = {}): Promise<[FakeRoom, Capture, Listener]> {
  const room = await startRoom((peer, frame) => {
    if (frame.type === "hello") peer.say(readyMessage(sessionId, Math.max(0, ...seqsOf(room))));
    if (frame.type === "chunk") peer.say(ackMessage(frame));
    if (frame.type === "end") peer.say({ type: "ended", last_seq: frame["last_seq"], complete: true, missing: [] });
  });
  room.clock = () => 1_700_000_000_000 + performance.now() + roomAheadMs;
  const [capture, listener] = await start(room, { live: true, ...options });
  await listener.next("connected");
  return [room, capture, listener];
}

function seqsOf(room: FakeRoom): number[] {
  return room.frames.flatMap(({ type, seq }) => (type === "chunk" && seq !== undefined ? [seq] : []));
}

/** A second of a source that runs in real time, in ten blocks. */
async function second(capture: Capture, at: number): Promise<void> {
  const samples = samplesOf(at, at);
  for (let i = 0; i < 10; i += 1) {
    vi.advanceTimersByTime(100);
    expect(await capture.write(samples.subarray(i * 1_600, (i + 1) * 1_600))).toBe(true);
  }
}

async function play(capture: Capture, disturb: (at: number) => void): Promise<void> {
  for (let at = 1; at <= 8; at += 1) {
    await second(capture, at);
    disturb(at);
  }
}

test.for([120_000, -120_000, 3_000])(
  "[C10] a wall clock that is set by %i ms makes no gap and drops nothing",
  async (ms) => {
    const [room, capture, listener] = await startLive();
    await play(capture, (at) => at % 3 === 0 && step(ms));
    await capture.end();
    expect(seqsOf(room)).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
    expect([listener.of("gap"), listener.of("disconnected")]).toEqual([[], []]);
    const audio = room.frames.flatMap(({ content_b64: content }) => (typeof content === "string" ? [content] : []));
    const bytes = Buffer.concat(audio.map((text) => Buffer.from(text, "base64")));
    expect(Buffer.compare(bytes, Buffer.from(samplesOf(1, 8).buffer))).toBe(0);
  },
);

test("[C10] sleep is a gap, as long as the room says that it was", async () => {
  const [room, capture, listener] = await startLive();
  await play(capture, (at) => {
    if (at === 4) sleepFor(12_000);
    // Corrected while the machine slept.
    if (at === 4) step(100_000);
  });
  await capture.end();
  const [gap, ...others] = listener.of("gap");
  expect([gap?.from, others]).toEqual([5, []]);
  // This source runs much faster than its room answers, the more so on a busy machine.
  expect(Math.abs((gap?.to ?? 0) - 16)).toBeLessThanOrEqual(4);
  expect(seqsOf(room).slice(0, 5)).toEqual([1, 2, 3, 4, (gap?.to ?? 0) + 1]);
});

test("[C10] slept at the end of the track, and set before it", async () => {
  const [, slept, heard] = await startLive();
  await second(slept, 1);
  sleepFor(7_000);
  await slept.end();
  expect(heard.of("gap")).toMatchObject([{ from: 2, to: 8 }]);
  const [, was, listener] = await startLive();
  await second(was, 1);
  step(7_000);
  await was.end();
  expect(listener.of("gap")).toEqual([]);
});

test("[C10] a connection that gives no answer any more was slept over: a gap, and a new connection", async () => {
  const [room, capture, listener] = await startLive({ times: { deadAfterMs: 5_000, pingAfterMs: 500 } });
  await second(capture, 1);
  await listener.next("acked", 1);
  room.clock = () => Number.NaN;
  sleepFor(9_000);
  await second(capture, 2);
  await listener.next("gap");
  room.clock = () => 1_700_000_000_000 + performance.now() + roomAheadMs;
  await listener.next("connected", 2);
  await second(capture, 3);
  await capture.end();
  expect(listener.of("disconnected")).toMatchObject([{ reason: "slept" }]);
  expect(seqsOf(room)).toEqual([1, 11, 12]);
});
