/** The app outbox in real rooms, with the real receiver behind faults: complete, in order, once, and in nobody's way. */
import { env } from "cloudflare:workers";
import { assert, describe, expect, inject, test } from "vitest";
import type { FeedMessage } from "../../schemas/meeting-feed.ts";
import type { Env as AppEnv } from "../../server/app/env.ts";
import type { FeedPosition } from "../../server/app/feed/meeting-feed.ts";
import { type AppUnderTest, bindApp, faults } from "./support/app-faults.ts";
import { range } from "./support/audio.ts";
import { bucketFaults } from "./support/bucket-faults.ts";
import { Client } from "./support/client.ts";
import { clock } from "./support/clock.ts";
import { createSession, eventsOf, post, resolve, send } from "./support/http.ts";
import { answerTo, inference } from "./support/inference.ts";
import { randomFrom } from "../unit/support/random.ts";
import { newSession, RoomUnderTest } from "./support/room.ts";
import { eventually } from "./support/waiting.ts";

const { MEETING_FEED } = env as unknown as AppEnv;

class Meeting {
  readonly room = new RoomUnderTest(newSession());
  readonly app: AppUnderTest = bindApp(this.room.sessionId);
  #captions = 0;

  get id(): string {
    return this.room.sessionId;
  }

  async keep(seqs: readonly number[], track = "mixed"): Promise<void> {
    const client = await Client.connect(this.id, { track });
    await client.keepAll(seqs);
    client.close();
  }

  async caption(): Promise<void> {
    const start_ms = (this.#captions += 1) * 10;
    await post(this.id, "utterances", { utterances: [{ text: "Hello", start_ms, end_ms: start_ms + 5 }] });
  }

  async resolve(): Promise<void> {
    inference(this.id, (request) => Response.json(answerTo(request)));
    assert.equal((await resolve(this.id)).status, 200);
  }

  /** Runs the room's alarms until the app has taken all there is to tell. */
  async settle(): Promise<FeedMessage[]> {
    await this.room.wakeUntil("all is told", async () => {
      const [due] = await this.room.rows("SELECT due_at FROM jobs WHERE name = 'app_outbox'");
      return due === undefined;
    });
    return this.told();
  }

  /** Every message that was handed out, each once. The same id was always the same message. */
  told(): FeedMessage[] {
    const byId = new Map<number, FeedMessage>();
    for (const message of this.app.sent) {
      assert.deepEqual(byId.get(message.id) ?? message, message, "one id, two messages");
      byId.set(message.id, message);
    }
    return [...byId.values()].sort((a, b) => a.id - b.id);
  }

  position(): Promise<FeedPosition> {
    return MEETING_FEED.getByName(`default/${this.id}`).position();
  }

  /** What the app took is what was told: all of it, once, from the first on. */
  async expectComplete(): Promise<FeedMessage[]> {
    const told = this.told();
    const ids = told.map(({ id }) => id);
    assert.deepEqual(ids, range(1, told.length));
    assert.deepEqual(await this.position(), { last_id: told.length, taken: told.length, missed: 0 });
    assert.equal(told[0]?.type, "session.opened");
    return told;
  }
}

const typesOf = (messages: readonly FeedMessage[]): string[] => messages.map(({ type }) => type);

function secondsOf(messages: readonly FeedMessage[]): Record<string, number> {
  const sums: Record<string, number> = {};
  for (const message of messages) {
    if (message.type !== "track.progressed") continue;
    sums[message.track] = (sums[message.track] ?? 0) + message.seconds;
    expect(message.kept_seconds).toBe(sums[message.track]);
  }
  return sums;
}

/** Each opening and each utterance of the log is told, in order. */
async function expectEventsTold(meeting: Meeting, told: readonly FeedMessage[]): Promise<void> {
  const events = await eventsOf(meeting.id);
  const idsOf = (type: string): number[] => events.filter((event) => event.type === type).map((e) => e.event_id);
  expect(told.flatMap((one) => (one.type === "track.opened" ? [one.event_id] : []))).toEqual(idsOf("track.opened"));
  const spans = told.flatMap((one) => (one.type === "utterances.changed" ? [one] : []));
  const added = idsOf("utterance.added");
  expect(spans.reduce((sum, span) => sum + span.added, 0)).toBe(added.length);
  for (const { first_event_id, last_event_id } of spans) {
    expect(added).toContain(first_event_id);
    expect(added).toContain(last_event_id);
  }
}

describe("what the app hears", () => {
  test("[X3] a meeting, from its opening to its deletion", async () => {
    const meeting = new Meeting();
    await createSession(meeting.id, {});
    expect(typesOf(await meeting.settle())).toEqual(["session.opened"]);
    await meeting.keep([1, 2, 3], "mic");
    await meeting.room.wakeUntil("archived", async () => (await meeting.room.pending()) === 0);
    await meeting.caption();
    await meeting.resolve();
    const during = (await meeting.settle()).slice(1);
    expect(secondsOf(during)).toEqual({ mic: 3 });
    expect(new Set(typesOf(during))).toEqual(
      new Set(["track.opened", "track.progressed", "utterances.changed", "resolve.called"]),
    );
    const progress = during.findLast(({ type }) => type === "track.progressed");
    expect(progress).toMatchObject({ track: "mic", archived_seq: 3 });
    expect(during.findLast(({ type }) => type === "resolve.called")).toMatchObject({ total_calls: 1 });
    await expectEventsTold(meeting, during);
    expect((await post(meeting.id, "finalize")).status).toBe(200);
    const finalized = (await meeting.settle()).at(-1);
    expect(finalized).toMatchObject({
      type: "session.finalized",
      result_key: `sessions/${meeting.id}/result.json`,
      coverage: 1,
    });
    expect((await send("DELETE", `/v1/sessions/${meeting.id}`)).status).toBe(200);
    expect((await meeting.settle()).at(-1)?.type).toBe("session.deleted");
    await meeting.expectComplete();
    expect(await meeting.room.count("app_outbox")).toBe(0);
  });

  test("[X1] [X5] no app bound: no row, no job", async () => {
    const room = new RoomUnderTest(newSession());
    const client = await Client.connect(room.sessionId);
    await client.keepAll([1, 2]);
    await post(room.sessionId, "utterances", { utterances: [{ text: "Hello", start_ms: 0, end_ms: 1 }] });
    expect((await post(room.sessionId, "finalize")).status).toBe(200);
    expect([await room.count("app_outbox"), await room.count("app_told")]).toEqual([0, 0]);
    expect(await room.count("jobs", "name = 'app_outbox'")).toBe(0);
  });

  test("[X3] an app that is bound in the middle of a meeting hears of it from its beginning", async () => {
    const room = new RoomUnderTest(newSession());
    const client = await Client.connect(room.sessionId);
    await client.keepAll([1, 2]);
    client.close();
    const app = bindApp(room.sessionId);
    await room.evict();
    await room.wakeUntil("all is told", async () => app.sent.some(({ type }) => type === "track.progressed"));
    expect(typesOf(app.sent).slice(0, 2)).toEqual(["session.opened", "track.opened"]);
    expect(secondsOf(app.sent)).toEqual({ mixed: 2 });
  });

  test("[X3] a second that comes late, and audio that reaches R2 late, are told when they do", async () => {
    const meeting = new Meeting();
    const bucket = bucketFaults(meeting.id);
    bucket.failPuts();
    await meeting.keep([1, 3]);
    const isTold = async (): Promise<boolean> => typesOf(meeting.app.sent).includes("track.progressed");
    await meeting.room.wakeUntil("the first is told", isTold);
    expect(meeting.told().at(-1)).toMatchObject({ type: "track.progressed", kept_seconds: 2, archived_seq: 0 });
    bucket.heal();
    await meeting.keep([2]);
    expect((await meeting.settle()).at(-1)).toMatchObject({ kept_seconds: 3, archived_seq: 3 });
    await meeting.expectComplete();
  });
});

describe("through faults", () => {
  test("[X4] [X5] an app that is down for an hour: a bounded outbox, and all of it afterwards", async () => {
    const meeting = new Meeting();
    meeting.app.fault = faults.down;
    const until = clock.now() + 3_600_000;
    let mostRows = 0;
    for (let seq = 1; clock.now() < until; seq += 1) {
      await meeting.keep([seq], seq % 2 === 0 ? "mic" : "mixed");
      await meeting.caption();
      clock.advance(120_000);
      await meeting.room.wake();
      mostRows = Math.max(mostRows, await meeting.room.count("app_outbox"));
    }
    expect(mostRows).toBeLessThan(10);
    const calls = meeting.app.calls;
    expect(calls).toBeGreaterThan(5);
    meeting.app.fault = undefined;
    await meeting.settle();
    const told = await meeting.expectComplete();
    expect(meeting.app.calls - calls).toBeLessThan(6);
    expect(secondsOf(told)).toEqual({ mixed: 15, mic: 15 });
    await expectEventsTold(meeting, told);
  });

  test.each([
    ["an answer that is lost", faults.lostAnswer],
    ["an answer that is none", faults.malformed],
    ["no answer", faults.down],
  ])("[X4] [X7] %s: the same goes out again after a kill, and has its effect once", async (_, fault) => {
    const meeting = new Meeting();
    await meeting.keep([1, 2]);
    meeting.app.fault = fault;
    await meeting.room.wakeUntil("a call", async () => meeting.app.calls > 0);
    await meeting.keep([3]);
    await meeting.room.kill();
    meeting.app.fault = undefined;
    await meeting.settle();
    expect(secondsOf(await meeting.expectComplete())).toEqual({ mixed: 3 });
  });

  test("[X5] [K7] an app that does not answer: chunks are acked, archived and finalized", async () => {
    const meeting = new Meeting();
    let isHeld = true;
    meeting.app.fault = async (batch, app) => {
      // Looked at by the room's own timer: a promise of the test's would tie the two together.
      await eventually("the test lets it go on", async () => !isHeld);
      return app.takeMeeting(batch);
    };
    await createSession(meeting.id, {});
    const woken = meeting.room.wakeUntil("a call", async () => meeting.app.calls > 0);
    await eventually("a call", async () => meeting.app.calls > 0);
    await meeting.keep([1, 2, 3]);
    await eventually("archived", async () => (await meeting.room.pending()) === 0);
    expect((await post(meeting.id, "finalize")).status).toBe(200);
    isHeld = false;
    await woken;
    meeting.app.fault = undefined;
    await meeting.settle();
    expect(typesOf(await meeting.expectComplete())).toContain("session.finalized");
  });

  test("[X6] a deletion while the app is away: what was untold is told after the rows are gone, the end last", async () => {
    const meeting = new Meeting();
    meeting.app.fault = faults.down;
    await meeting.keep([1, 2]);
    await meeting.resolve();
    await meeting.room.wakeUntil("a call", async () => meeting.app.calls > 0);
    await meeting.keep([3]);
    expect((await send("DELETE", `/v1/sessions/${meeting.id}`)).status).toBe(200);
    expect([await meeting.room.count("events"), await meeting.room.count("ledger")]).toEqual([0, 0]);
    await meeting.room.kill();
    clock.advance(3_600_000);
    await meeting.room.wake();
    await meeting.room.wake();
    meeting.app.fault = undefined;
    await meeting.room.evict();
    await meeting.settle();
    const told = await meeting.expectComplete();
    expect(secondsOf(told)).toEqual({ mixed: 3 });
    expect(typesOf(told)).toContain("resolve.called");
    expect(typesOf(told).at(-1)).toBe("session.deleted");
    expect(await meeting.room.count("app_outbox")).toBe(0);
    expect(await meeting.room.status()).toBe("deleted");
  });

  test.each([1, inject("seed")])(
    "[X4] [X7] random kills, evictions and faults on both sides; seed %i",
    async (seed) => {
      const random = randomFrom(seed);
      const meeting = new Meeting();
      const kinds = [undefined, undefined, faults.down, faults.lostAnswer, faults.malformed];
      const kept: Record<string, number> = {};
      let calls = 0;
      await createSession(meeting.id, {});
      for (let step = 0; step < 40; step += 1) {
        meeting.app.fault = kinds[random(kinds.length)];
        const track = random(2) === 0 ? "mic" : "mixed";
        switch (random(6)) {
          case 0:
          case 1:
            kept[track] = (kept[track] ?? 0) + 1;
            await meeting.keep([kept[track]], track);
            break;
          case 2:
            await meeting.caption();
            break;
          case 3:
            calls += 1;
            await meeting.resolve();
            break;
          case 4:
            await (random(2) === 0 ? meeting.room.kill() : meeting.room.evict());
            break;
          default:
            await meeting.room.wake();
        }
      }
      meeting.app.fault = undefined;
      await meeting.room.evict();
      expect((await post(meeting.id, "finalize")).status).toBe(200);
      await meeting.settle();
      const told = await meeting.expectComplete();
      expect(secondsOf(told)).toEqual(kept);
      expect(told.reduce((sum, one) => sum + (one.type === "resolve.called" ? one.calls : 0), 0)).toBe(calls);
      await expectEventsTold(meeting, told);
      expect(typesOf(told).at(-1)).toBe("session.finalized");
    },
  );
});
