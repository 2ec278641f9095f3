/** The app outbox on a database alone: what it tells, once each, whatever dies or answers badly meanwhile. */
import assert from "node:assert/strict";
import { describe, expect, test } from "vitest";
import type { CaptionsMode } from "../../../schemas/http/sessions.ts";
import type { FeedBatch, FeedMessage } from "../../../schemas/meeting-feed.ts";
import { AppOutbox } from "../../../server/gateway/app-outbox/app-outbox.ts";
import type { TrackProgress } from "../../../server/gateway/app-outbox/feed-plan.ts";
import { migrate, migrations } from "../../../server/gateway/core/migrations.ts";
import { EventLog } from "../../../server/gateway/events/event-log.ts";
import type { Database } from "../../../server/shared/lib/sql.ts";
import { logFor } from "../../../server/shared/telemetry/log.ts";
import { nodeSqlite } from "../../support/node-database.ts";
import { randomFrom, seed as newSeed } from "../support/random.ts";

/** The receiver, as the app's `MeetingFeed` is one: each id has its effect once, in order. */
class Receiver {
  readonly taken: FeedMessage[] = [];
  calls = 0;

  take({ messages }: FeedBatch): { taken_through: number } {
    this.calls += 1;
    for (const message of messages) if (message.id > this.lastId) this.taken.push(message);
    return { taken_through: this.lastId };
  }

  get lastId(): number {
    return this.taken.at(-1)?.id ?? 0;
  }
}

/** A room as the outbox sees it. A new `AppOutbox` is what a restart leaves. */
class World {
  now = Date.UTC(2026, 0, 1);
  readonly #sqlite = nodeSqlite(() => this.now);
  db: Database = this.#sqlite.open();
  events: EventLog;
  readonly tracks = new Map<string, TrackProgress>();
  finalized: { result_key: string; coverage: number } | undefined;
  isDeleted = false;
  isArchiving = false;
  readonly receiver = new Receiver();
  take: (batch: FeedBatch) => Promise<unknown> = async (batch) => this.receiver.take(batch);
  alarmAt: number | undefined;
  captions: CaptionsMode | undefined;
  outbox: AppOutbox;

  constructor() {
    migrate(this.db);
    [this.events, this.outbox] = this.open();
  }

  restart(): void {
    this.db = this.#sqlite.open();
    [this.events, this.outbox] = this.open();
    this.outbox.woke();
  }

  open(): [EventLog, AppOutbox] {
    const { db } = this;
    const outbox = new AppOutbox({
      db,
      tenant: "acme",
      sessionId: "s",
      known: () => ({
        openedAt: Date.UTC(2025, 11, 31),
        captions: this.captions,
        tracks: [...this.tracks.values()],
        finalized: this.finalized,
        isDeleted: this.isDeleted,
      }),
      isArchiving: () => this.isArchiving,
      take: (batch) => this.take(batch),
      synced: () => Promise.resolve(),
      wakeAt: (at) => {
        this.alarmAt = Math.min(this.alarmAt ?? at, at);
      },
      random: () => 1,
      log: logFor({}),
    });
    return [new EventLog(db), outbox];
  }

  keep(track: string, seconds: number): void {
    const before = this.tracks.get(track)?.kept_seconds;
    if (before === undefined) this.events.append({ type: "track.opened", track, by: "room" });
    const kept_seconds = (before ?? 0) + seconds;
    this.tracks.set(track, { track, kept_seconds, archived_seq: kept_seconds });
  }

  /** Moves the clock to the alarm and lets it run. */
  async wake(): Promise<void> {
    if (this.alarmAt === undefined) return;
    this.now = Math.max(this.now, this.alarmAt);
    this.alarmAt = undefined;
    await this.outbox.run();
  }

  rows(table: string): number {
    return this.db.sql.exec<{ n: number }>(`SELECT count(*) AS n FROM ${table}`).one().n;
  }
}

const typesOf = (messages: readonly FeedMessage[]): string[] => messages.map(({ type }) => type);
const utterance = (id: string) =>
  ({ type: "utterance.added", utterance_id: id, start_ms: 0, end_ms: 1, text: "Hello", by: "person" }) as const;

describe("app outbox", () => {
  test("[X3] [Q1] tells of each track again, without new seconds, once captions are set otherwise; and says nothing of other settings", async () => {
    const world = new World();
    world.keep("mic", 3);
    world.outbox.settingsChanged();
    await world.wake();
    const before = world.receiver.taken.length;
    world.outbox.settingsChanged();
    expect(world.alarmAt).toBeUndefined();
    world.captions = "final";
    world.outbox.settingsChanged();
    await world.wake();
    expect(world.receiver.taken.slice(before)).toMatchObject([
      { type: "track.progressed", track: "mic", seconds: 0, kept_seconds: 3 },
    ]);
    world.outbox.settingsChanged();
    expect(world.alarmAt).toBeUndefined();
    // Set in a room that sleeps before it could tell of it.
    world.captions = "off";
    world.restart();
    await world.wake();
    expect(world.receiver.taken.slice(before + 1)).toMatchObject([{ type: "track.progressed", seconds: 0 }]);
  });

  test("[X3] tells what is there in one batch, numbered from 1; and then only what is new", async () => {
    const world = new World();
    world.keep("mixed", 3);
    world.events.append(utterance("u1"));
    world.outbox.resolveCalled();
    await world.outbox.run();
    expect(world.receiver.taken).toMatchObject([
      { id: 1, type: "session.opened", at: "2025-12-31T00:00:00.000Z" },
      { id: 2, type: "track.opened", track: "mixed", event_id: 1 },
      { id: 3, type: "track.progressed", track: "mixed", seconds: 3, kept_seconds: 3, archived_seq: 3 },
      { id: 4, type: "utterances.changed", first_event_id: 2, last_event_id: 2, added: 1, revised: 0 },
      { id: 5, type: "resolve.called", calls: 1, total_calls: 1 },
    ]);
    expect(world.receiver.calls).toBe(1);
    world.keep("mixed", 2);
    world.finalized = { result_key: "sessions/s/result.json", coverage: 1 };
    await world.outbox.run();
    expect(world.receiver.taken.slice(5)).toMatchObject([
      { id: 6, type: "track.progressed", seconds: 2, kept_seconds: 5 },
      { id: 7, type: "session.finalized", coverage: 1 },
    ]);
    await world.outbox.run();
    expect(world.receiver.calls).toBe(2);
    expect(world.rows("app_outbox")).toBe(0);
  });

  test("[X4] what was written before a crash is sent again as it was, and has its effect once", async () => {
    const world = new World();
    world.keep("mixed", 3);
    world.take = async (batch) => {
      world.receiver.take(batch);
      throw new Error("the answer was lost");
    };
    await world.outbox.run();
    const sent = structuredClone(world.receiver.taken);
    // More happens before the same messages go out once more: it is told under other ids.
    world.keep("mixed", 4);
    world.take = async (batch) => world.receiver.take(batch);
    world.restart();
    await world.wake();
    expect(world.receiver.taken.slice(0, sent.length)).toEqual(sent);
    expect(world.receiver.taken.at(-1)).toMatchObject({ id: sent.length + 1, seconds: 4, kept_seconds: 7 });
  });

  test("[X5] an app that is away for an hour: no more rows than a moment takes, and calls that get rarer", async () => {
    const world = new World();
    let calls = 0;
    world.take = () => {
      calls += 1;
      return Promise.reject(new Error("the app is down"));
    };
    let mostRows = 0;
    const until = world.now + 3_600_000;
    while (world.now < until) {
      world.keep("mic", 1);
      world.keep("mixed", 1);
      world.events.append(utterance(`u${world.now}`));
      world.outbox.tellLater();
      world.now += 1_000;
      if (world.alarmAt !== undefined && world.alarmAt <= world.now) await world.wake();
      mostRows = Math.max(mostRows, world.rows("app_outbox"));
    }
    expect(mostRows).toBeLessThan(10);
    expect(calls).toBeLessThan(30);
    world.take = async (batch) => world.receiver.take(batch);
    await world.wake();
    const { taken, calls: answered } = world.receiver;
    expect(answered).toBe(2);
    expect(totals(taken)).toEqual({ mic: 3_600, mixed: 3_600 });
    expect(eventsTold(taken)).toBe(3_600);
  });

  test.each([
    ["no object", "nothing"],
    ["no number", { taken_through: "3" }],
    ["an id that was not sent", { taken_through: 99 }],
    ["nothing taken", { taken_through: 0 }],
    ["nothing", undefined],
  ])("[X4] an answer that is none (%s) takes nothing: the same goes out again, later", async (_, answer) => {
    const world = new World();
    world.keep("mixed", 1);
    const sent: string[] = [];
    world.take = async ({ messages }) => {
      sent.push(JSON.stringify(messages));
      return answer;
    };
    await world.outbox.run();
    await world.wake();
    await world.wake();
    expect(sent).toHaveLength(3);
    expect(new Set(sent).size).toBe(1);
    world.take = async (batch) => world.receiver.take(batch);
    await world.wake();
    expect(totals(world.receiver.taken)).toEqual({ mixed: 1 });
  });

  test("[X4] what an answer leaves out goes out again, and nothing of it is passed over", async () => {
    const world = new World();
    world.keep("a", 1);
    world.keep("b", 1);
    world.take = async ({ messages, ...batch }) => world.receiver.take({ ...batch, messages: messages.slice(0, 1) });
    for (let runs = 0; runs < 5; runs += 1) {
      await world.outbox.run();
      await world.wake();
    }
    expect(world.receiver.taken.map(({ id }) => id)).toEqual([1, 2, 3, 4, 5]);
  });

  test("[X6] what is untold at a deletion is written down before its tables go; the end is told last", async () => {
    const world = new World();
    world.keep("mixed", 3);
    world.take = () => Promise.reject(new Error("the app is down"));
    await world.outbox.run();
    world.keep("mixed", 4);
    world.outbox.collect();
    for (const table of ["events", "track_rows", "meta"]) world.db.sql.exec(`DELETE FROM ${table}`);
    world.tracks.clear();
    world.isDeleted = true;
    world.restart();
    world.take = async (batch) => world.receiver.take(batch);
    await world.wake();
    expect(totals(world.receiver.taken)).toEqual({ mixed: 7 });
    expect(typesOf(world.receiver.taken).at(-1)).toBe("session.deleted");
    expect(world.rows("app_outbox")).toBe(0);
    world.alarmAt = undefined;
    world.restart();
    expect(world.alarmAt).toBeUndefined();
    await world.outbox.run();
    expect(typesOf(world.receiver.taken).filter((type) => type === "session.deleted")).toHaveLength(1);
  });

  test("[X5] a clock that was set back does not keep the app waiting", async () => {
    const world = new World();
    world.keep("mixed", 1);
    world.take = () => Promise.reject(new Error("the app is down"));
    await world.outbox.run();
    world.now -= 86_400_000;
    world.take = async (batch) => world.receiver.take(batch);
    await world.outbox.run();
    expect(totals(world.receiver.taken)).toEqual({ mixed: 1 });
  });

  test.each([1, 2, 3, newSeed])(
    "[X3][X4] random: all is told once, in order, through crashes and bad answers; seed %i",
    async (seed) => {
      const whole = randomFrom(seed);
      const random = (): number => whole(1_000_000) / 1_000_000;
      const chance = (p: number): boolean => random() < p;
      const world = new World();
      const badly: ((batch: FeedBatch) => Promise<unknown>)[] = [
        () => Promise.reject(new Error("down")),
        async (batch) => {
          world.receiver.take(batch);
          throw new Error("the answer was lost");
        },
        async () => ({ taken_through: 1e9 }),
        async ({ messages, ...batch }) =>
          world.receiver.take({ ...batch, messages: messages.slice(0, Math.ceil(random() * messages.length)) }),
      ];
      const sentAs = new Map<number, string>();
      world.take = async (batch) => {
        for (const message of batch.messages) {
          const text = JSON.stringify(message);
          assert.equal(sentAs.get(message.id) ?? text, text, "an id has two messages");
          sentAs.set(message.id, text);
        }
        const bad = chance(0.5) ? badly[Math.floor(random() * badly.length)] : undefined;
        return bad ? bad(batch) : world.receiver.take(batch);
      };
      const kept: Record<string, number> = {};
      let utterances = 0;
      let calls = 0;
      for (let step = 0; step < 300; step += 1) {
        const track = chance(0.5) ? "mic" : "mixed";
        if (chance(0.6)) {
          world.keep(track, 1);
          kept[track] = (kept[track] ?? 0) + 1;
        }
        if (chance(0.2)) world.events.append(utterance(`u${(utterances += 1)}`));
        if (chance(0.2)) {
          calls += 1;
          world.outbox.resolveCalled();
        }
        world.outbox.tellLater();
        if (chance(0.3)) await world.wake();
        if (chance(0.1)) world.restart();
        world.now += 1_000;
      }
      world.finalized = { result_key: "sessions/s/result.json", coverage: 1 };
      world.take = async (batch) => world.receiver.take(batch);
      world.outbox.tellSoon();
      for (let runs = 0; runs < 4; runs += 1) await world.wake();
      const { taken } = world.receiver;
      expect(taken.map(({ id }) => id)).toEqual(taken.map((_, i) => i + 1));
      expect(totals(taken)).toEqual(kept);
      expect(eventsTold(taken)).toBe(utterances);
      expect(callsTold(taken)).toBe(calls);
      expect(typesOf(taken)[0]).toBe("session.opened");
      expect(typesOf(taken).at(-1)).toBe("session.finalized");
      expect(typesOf(taken).filter((type) => type === "track.opened")).toHaveLength(Object.keys(kept).length);
    },
  );
});

describe("the room's schema", () => {
  test("[X1] a room that a newer version has opened stays as it is under an older one, and opens again under the newer", () => {
    const db = nodeSqlite(() => 0).open();
    migrate(db);
    const newer = String(migrations.length + 2);
    db.sql.exec("UPDATE meta SET value = ? WHERE key = 'schema_version'", newer);
    migrate(db);
    expect(db.sql.exec("SELECT value FROM meta WHERE key = 'schema_version'").one()).toEqual({ value: newer });
  });
});

/** Seconds of each track, as their messages add up. */
function totals(taken: readonly FeedMessage[]): Record<string, number> {
  const sums: Record<string, number> = {};
  for (const message of taken) {
    if (message.type !== "track.progressed") continue;
    const { track, seconds, kept_seconds } = message;
    sums[track] = (sums[track] ?? 0) + seconds;
    assert.equal(sums[track], kept_seconds, "the seconds of a track do not add up");
  }
  return sums;
}

function eventsTold(taken: readonly FeedMessage[]): number {
  let last = 0;
  return taken.reduce((sum, message) => {
    if (message.type !== "utterances.changed") return sum;
    assert.ok(message.first_event_id > last, "events were told twice");
    last = message.last_event_id;
    return sum + message.added;
  }, 0);
}

function callsTold(taken: readonly FeedMessage[]): number {
  return taken.reduce((sum, message) => sum + (message.type === "resolve.called" ? message.calls : 0), 0);
}
