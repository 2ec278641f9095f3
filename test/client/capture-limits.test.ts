/** What a capture does when the room says "later": to a connection, and to seconds. */
import { describe, expect, test } from "vitest";
import type { CaptureEvents } from "../../client/capture/capture-types.ts";
import { until } from "../../client/testkit/until.ts";
import { useFakeMeeting } from "./support/fake-meeting.ts";
import { ackMessage, type FakeFrame, type FakeRoom, readyMessage } from "./support/fake-room.ts";
import { samplesOf } from "./support/meeting.ts";

const sessionId = "meeting";
const { startRoom, start } = useFakeMeeting(sessionId);

const limited = (afterMs?: number, seq?: number): object => ({
  type: "error",
  code: "rate_limited",
  detail: "At most 5 in a minute.",
  retryable: true,
  ...(seq === undefined ? {} : { seq }),
  ...(afterMs === undefined ? {} : { retry_after_ms: afterMs }),
});

/** Refuses the first connection. @returns when each was made. */
async function refusingRoom(afterMs: number | undefined): Promise<{ room: FakeRoom; madeAt: number[] }> {
  const madeAt: number[] = [];
  const room = await startRoom(
    (peer, { type }) => {
      if (type === "hello" && peer.connection > 1) peer.say(readyMessage(sessionId));
    },
    (peer) => {
      madeAt.push(performance.now());
      if (peer.connection > 1) return;
      peer.say(limited(afterMs));
      peer.close(4429, "rate_limited");
    },
  );
  return { room, madeAt };
}
const pauseOf = ([first = 0, second = 0]: readonly number[]): number => second - first;

describe("[L1] a connection is refused with rate_limited, 4429", () => {
  test("the next attempt comes when the room said, with jitter on top, and gets in", async () => {
    const { room, madeAt } = await refusingRoom(300);
    const [, listener] = await start(room);
    const { afterMs, reason } = await listener.next("retrying");
    const goneMs = performance.now() - (madeAt[0] ?? 0);
    expect(reason).toBe("rate_limited");
    expect(listener.of("disconnected")).toMatchObject([{ code: 4429 }]);
    await listener.next("connected");
    expect(pauseOf(madeAt)).toBeGreaterThanOrEqual(300);
    // Some of the pause is over by then, however busy the machine is.
    expect(afterMs).toBeGreaterThanOrEqual(Math.floor(300 + 250 - goneMs));
    expect(afterMs).toBeLessThanOrEqual(300 + 250);
  });

  test("cutting the pause short does not come before that", async () => {
    const { room, madeAt } = await refusingRoom(300);
    const [capture, listener] = await start(room);
    await listener.next("retrying");
    for (let i = 0; i < 3; i += 1) capture.reconnect();
    await listener.next("connected");
    expect(pauseOf(madeAt)).toBeGreaterThanOrEqual(300);
    expect(room.connections).toBe(2);
  });

  test("where the room names no time, it is an attempt that failed as any other", async () => {
    const { room } = await refusingRoom(undefined);
    const [, listener] = await start(room);
    expect((await listener.next("retrying")).afterMs).toBe(250);
    await listener.next("connected");
  });

  test("closing does not wait for it", async () => {
    const { room } = await refusingRoom(3_600_000);
    const [capture, listener] = await start(room);
    await listener.next("retrying");
    await capture.close();
    expect(room.connections).toBe(1);
  });
});

const seqsOf = (room: FakeRoom): (number | undefined)[] =>
  room.frames.filter(({ type }) => type === "chunk").map(({ seq }) => seq);
const tell = (peer: { say: (message: object) => void }, frame: FakeFrame): boolean => {
  if (frame.type === "hello") peer.say(readyMessage(sessionId));
  if (frame.type === "end") peer.say({ type: "ended", last_seq: frame["last_seq"], complete: true, missing: [] });
  return frame.type === "chunk";
};

describe("[L2] seconds are refused with rate_limited", () => {
  test("nothing is sent before the longest of the pauses is over; the wait is no unanswered question", async () => {
    const pauses = [1_500, 20, undefined, 50];
    const sentAt: number[] = [];
    const room = await startRoom((peer, frame) => {
      if (!tell(peer, frame)) return;
      sentAt.push(performance.now());
      if (sentAt.length > pauses.length) peer.say(ackMessage(frame));
      // Refused together, or the first refusal may keep the others from being sent.
      else if (sentAt.length === pauses.length) {
        for (const [index, pause] of pauses.entries()) peer.say(limited(pause ?? 30, index + 1));
      }
    });
    const [capture, listener] = await start(room, { times: { answerTimeoutMs: 700, pingAfterMs: 350 } });
    const told: CaptureEvents["limited"][] = [];
    capture.on("limited", (event) => told.push(event));
    await capture.write(samplesOf(1, 6));
    expect(await capture.end()).toEqual({ complete: true, missing: [], lost: [] });
    expect(seqsOf(room)).toEqual([1, 2, 3, 4, 1, 2, 3, 4, 5, 6]);
    // A timer may be a millisecond early.
    expect((sentAt[4] ?? 0) - (sentAt[3] ?? 0)).toBeGreaterThanOrEqual(1_499);
    expect(told).toEqual([{ afterMs: 1_500, detail: "At most 5 in a minute." }]);
    expect([room.connections, listener.of("disconnected")]).toEqual([1, []]);
  });

  test("a pause of nothing is no loop", async () => {
    let refused = 0;
    const room = await startRoom((peer, frame) => {
      if (!tell(peer, frame)) return;
      refused += 1;
      peer.say(limited(0, frame.seq));
    });
    const [capture] = await start(room);
    await capture.write(samplesOf(1, 1));
    const startedAt = performance.now();
    await until(() => refused >= 4 || undefined, { what: "4 refusals" });
    expect(performance.now() - startedAt).toBeGreaterThan(250);
  });

  test("a lost connection ends the pause: the next room is another", async () => {
    const room = await startRoom((peer, frame) => {
      if (!tell(peer, frame)) return;
      peer.say(peer.connection > 1 ? ackMessage(frame) : limited(3_600_000, frame.seq));
      if (peer.connection === 1) peer.close(1012, "going_away");
    });
    const [capture, listener] = await start(room);
    await capture.write(samplesOf(1, 1));
    await listener.next("acked");
    expect(await capture.end()).toMatchObject({ complete: true });
  });
});

test("what can be no token is told without quoting it, and asked for again", async () => {
  const room = await startRoom((peer, { type }) => {
    if (type === "hello") peer.say(readyMessage(sessionId));
  });
  let asked = 0;
  const [, listener] = await start(room, { token: () => ((asked += 1) === 1 ? "s3cret token\n" : "a.b.c") });
  await listener.next("connected");
  const reasons = listener.of("retrying").map(({ reason }) => reason);
  expect(reasons).toEqual(["the token provider gave something that can be no token"]);
  expect([asked, room.connections]).toEqual([2, 1]);
});
