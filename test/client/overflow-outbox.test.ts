/** [O5] A live source whose store is full or fails: it goes on from memory, and the store makes up for it. */
import { IDBDatabase as FakeDatabase, IDBFactory } from "fake-indexeddb";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { openIdbOutbox } from "../../client/browser/idb-outbox.ts";
import { createMemoryOutbox } from "../../client/capture/memory-outbox.ts";
import { type Outbox, OutboxDamagedError, OutboxUnavailableError } from "../../client/capture/outbox.ts";
import { OverflowOutbox } from "../../client/capture/overflow-outbox.ts";
import { seed } from "../unit/support/random.ts";
import { testOutbox } from "./outbox.contract.ts";
import { useFakeMeeting } from "./support/fake-meeting.ts";
import { ackMessage, type FakeRoom, readyMessage } from "./support/fake-room.ts";
import { frameOf } from "./support/frame-of.ts";
import { useQuota } from "./support/full-idb.ts";
import { samplesOf } from "./support/meeting.ts";
import { seededRandom } from "../../client/testkit/fault-plan.ts";

/** A store in memory, whose every step fails while it is broken, and which takes no second while it is full. */
class ShakyStore {
  isBroken = false;
  isFull = false;
  isGone = false;
  readonly inner = createMemoryOutbox(10_000);
  readonly outbox: Outbox;

  constructor() {
    const call =
      <A extends unknown[], T>(step: (...args: A) => Promise<T>) =>
      (...args: A): Promise<T> =>
        this.isGone
          ? Promise.reject(new OutboxDamagedError("deleted"))
          : this.isBroken
            ? Promise.reject(new Error("broken"))
            : step(...args);
    const { inner } = this;
    this.outbox = {
      bind: call((...args: Parameters<Outbox["bind"]>) => inner.bind(...args)),
      load: call((...args: Parameters<Outbox["load"]>) => inner.load(...args)),
      put: call((frame) => (this.isFull ? Promise.resolve(false) : inner.put(frame))),
      read: call((...args: Parameters<Outbox["read"]>) => inner.read(...args)),
      remove: call((...args: Parameters<Outbox["remove"]>) => inner.remove(...args)),
      skipTo: call((...args: Parameters<Outbox["skipTo"]>) => inner.skipTo(...args)),
      setEnd: call((...args: Parameters<Outbox["setEnd"]>) => inner.setEnd(...args)),
      hold: call((...args: Parameters<Outbox["hold"]>) => inner.hold(...args)),
      release: call((...args: Parameters<Outbox["release"]>) => inner.release(...args)),
      setAside: call((...args: Parameters<Outbox["setAside"]>) => inner.setAside(...args)),
      faultOf: (cause) => (cause instanceof Error && cause.message === "broken" ? "passing" : undefined),
      close: () => Promise.resolve(),
    };
  }
}

async function shaky({ maxSeconds = 600 } = {}): Promise<{
  store: ShakyStore;
  outbox: OverflowOutbox;
  clock: { ms: number };
}> {
  const store = new ShakyStore();
  const clock = { ms: 0 };
  const contents = await store.outbox.load();
  const outbox = new OverflowOutbox(store.outbox, contents, { maxSeconds, random: () => 0, elapsed: () => clock.ms });
  await outbox.bind("meeting/mic");
  return { store, outbox, clock };
}

describe("over a store that works it is that store", () => {
  testOutbox({
    locks: false,
    place: () => {
      let opened: Outbox | undefined;
      return Promise.resolve({
        async open(maxFrames) {
          opened ??= createMemoryOutbox(maxFrames);
          return new OverflowOutbox(opened, await opened.load(), { maxSeconds: 0, random: () => 0 });
        },
      });
    },
  });
});

test.for(["isBroken", "isFull"] as const)("[O5] a store that %s: seconds are in memory, and told", async (fault) => {
  const { store, outbox, clock } = await shaky({ maxSeconds: 3 });
  const told: (number | string)[] = [];
  outbox.onUnsaved = (seconds) => told.push(seconds);
  outbox.onRecovered = () => told.push("recovered");
  expect(await outbox.put(frameOf(1))).toBe(true);
  store[fault] = true;
  for (const seq of [2, 3, 4]) expect(await outbox.put(frameOf(seq))).toBe(true);
  expect(await outbox.put(frameOf(5)), "memory has its bound").toBe(false);
  expect((await outbox.read(3))?.pcm).toEqual(frameOf(3).pcm);
  await outbox.remove([3]);
  expect(await outbox.put(frameOf(5)), "and room again").toBe(true);
  await outbox.setEnd({ lastSeq: 5, paddingSamples: 9 });
  store[fault] = false;
  clock.ms += 60_000;
  await outbox.remove([2]);
  expect(told).toEqual([1, 2, 3, 2, 3, 2, 1, 0, "recovered"]);
  expect(await store.inner.load()).toMatchObject({
    unacked: [
      [1, 1],
      [4, 5],
    ],
    nextSeq: 6,
    end: { lastSeq: 5, paddingSamples: 9 },
  });
});

test("[O5] a full store lets go of seconds although others wait for its space", async () => {
  const { store, outbox, clock } = await shaky();
  for (const seq of [1, 2]) await outbox.put(frameOf(seq));
  store.isFull = true;
  await outbox.put(frameOf(3));
  await outbox.remove([1]);
  expect(await store.inner.load()).toMatchObject({ unacked: [[2, 2]] });
  store.isFull = false;
  clock.ms += 60_000;
  await outbox.remove([]);
  expect(await store.inner.load()).toMatchObject({ unacked: [[2, 3]] });
});

test("[O5] a store that fails is asked again in time, however many acks come, and then lets go of all of them at once", async () => {
  const { store, outbox, clock } = await shaky();
  for (let seq = 1; seq <= 40; seq += 1) await outbox.put(frameOf(seq));
  store.isBroken = true;
  const retries: number[] = [];
  outbox.onRetrying = ({ attempt }) => void retries.push(attempt);
  for (let seq = 1; seq <= 30; seq += 1) await outbox.remove([seq]);
  expect(retries).toEqual([1]);
  store.isBroken = false;
  clock.ms += 60_000;
  await outbox.remove([31]);
  expect(await store.inner.load()).toMatchObject({ unacked: [[32, 40]] });
});

test("[O5] numbers that were held back on disk are not given out before the disk says so", async () => {
  const { store, outbox } = await shaky();
  await outbox.put(frameOf(1));
  await outbox.release(0);
  await outbox.hold(2);
  store.isBroken = true;
  await outbox.put(frameOf(2));
  await expect(outbox.release(0)).rejects.toThrow(OutboxUnavailableError);
  expect(await store.inner.load()).toMatchObject({ unsentFrom: 2 });
  store.isBroken = false;
  await outbox.release(3);
  expect((await outbox.read(5))?.pcm).toEqual(frameOf(2).pcm);
});

test("[O5] held back after the store broke, they may go out again: the disk knew of no hold", async () => {
  const { store, outbox } = await shaky();
  await outbox.put(frameOf(1));
  await outbox.release(0);
  store.isBroken = true;
  await outbox.put(frameOf(2));
  await outbox.hold(2);
  await outbox.release(0);
  await expect(
    outbox.hold(3).then(() => outbox.release(1)),
    "but under no other numbers",
  ).rejects.toThrow(OutboxUnavailableError);
});

test("[O5] a store that is thrown away: memory goes on under the same and under other numbers", async () => {
  const { store, outbox, clock } = await shaky();
  for (const seq of [1, 2]) await outbox.put(frameOf(seq));
  await outbox.release(0);
  store.isBroken = true;
  await outbox.put(frameOf(3));
  store.isGone = true;
  // When it is asked again.
  clock.ms += 60_000;
  await outbox.put(frameOf(4));
  await outbox.remove([1, 3]);
  await outbox.setEnd({ lastSeq: 4, paddingSamples: 7 });
  await outbox.hold(4);
  expect(await outbox.release(5)).toEqual({ lastSeq: 9, paddingSamples: 7 });
  for (const [seq, was] of [
    [2, 2],
    [9, 4],
  ] as const)
    expect((await outbox.read(seq))?.pcm).toEqual(frameOf(was).pcm);
  await expect(outbox.read(1), "was in the store alone").rejects.toThrow(OutboxDamagedError);
});

test("[O5] whatever fails when: memory and store together are what a store that never failed would be", async () => {
  const random = seededRandom(seed);
  const { store, outbox, clock } = await shaky();
  const model = createMemoryOutbox(10_000);
  await model.bind("meeting/mic");
  let next = 1;
  let isHeld = true;
  const kept = new Set<number>();
  let refused = 0;
  const absent: number[] = [];
  for (let step = 0; step < 600; step += 1) {
    clock.ms += 400;
    if (random() < 0.1) store.isBroken = !store.isBroken;
    if (random() < 0.1) store.isFull = !store.isFull;
    const dice = random();
    if (dice < 0.55) {
      refused += (await outbox.put(frameOf(next))) ? 0 : 1;
      await model.put(frameOf(next));
      kept.add(next);
      next += 1;
    } else if (dice < 0.8 && !isHeld) {
      const gone = [...kept].filter(() => random() < 0.3);
      await outbox.remove(gone);
      await model.remove(gone);
      for (const seq of gone) kept.delete(seq);
    } else if (dice < 0.85) {
      next += 3;
      await outbox.skipTo(next);
      await model.skipTo(next);
    } else if (dice < 0.93) {
      const released = await outbox.release(0).catch((cause: unknown) => cause);
      if (released instanceof OutboxUnavailableError) continue;
      await model.release(0);
      isHeld = false;
    } else {
      await outbox.hold(next);
      await model.hold(next);
      isHeld = true;
    }
    for (const seq of kept) {
      const frame = await outbox.read(seq).catch((cause: unknown) => cause);
      const isThere = frame instanceof OutboxUnavailableError || (frame as { seq?: number } | undefined)?.seq === seq;
      if (!isThere) absent.push(seq);
    }
  }
  store.isBroken = store.isFull = false;
  clock.ms += 60_000;
  await outbox.close();
  expect({ refused, absent }, `seed ${seed}`).toEqual({ refused: 0, absent: [] });
  expect(await store.inner.load(), `seed ${seed}`).toEqual(await model.load());
});

const { startRoom, start } = useFakeMeeting("meeting");

function ackingRoom(): Promise<FakeRoom> {
  return startRoom((peer, frame) => {
    if (frame.type === "hello") peer.say(readyMessage("meeting", 0));
    if (frame.type === "chunk") peer.say(ackMessage(frame));
    if (frame.type === "end") peer.say({ type: "ended", last_seq: frame["last_seq"], complete: true, missing: [] });
  });
}

describe("[O5] a live capture in a browser", () => {
  test("whose storage can't be opened any more, as on a full disk: every second is delivered, through a reconnect", async () => {
    const indexedDB = new IDBFactory();
    const outbox = await openIdbOutbox({ name: "live", indexedDB, locks: null });
    let elapsedMs = 0;
    const room = await ackingRoom();
    const [capture, heard] = await start(room, { outbox, live: true, elapsed: () => elapsedMs });
    const write = async (seq: number): Promise<void> => {
      elapsedMs += 1_000;
      expect(await capture.write(samplesOf(seq, seq))).toBe(true);
    };
    await heard.next("connected");
    await write(1);
    await write(2);
    const transaction = vi.spyOn(FakeDatabase.prototype, "transaction").mockImplementation(() => {
      throw new DOMException("The database connection is closing.", "InvalidStateError");
    });
    onTestFinished(() => transaction.mockRestore());
    vi.spyOn(indexedDB, "open").mockImplementation(() => {
      throw new DOMException("Internal error opening backing store for indexedDB.open.", "UnknownError");
    });
    for (const seq of [3, 4, 5]) await write(seq);
    await heard.next("outboxRetrying");
    capture.reconnect();
    for (const seq of [6, 7, 8]) await write(seq);
    expect(await capture.end()).toMatchObject({ complete: true, missing: [], lost: [] });
    expect([heard.of("failed"), heard.of("gap"), heard.of("full")]).toEqual([[], [], []]);
  });

  test("whose quota is used up goes on, where it used to lose what came", async () => {
    const quota = useQuota();
    const outbox = await openIdbOutbox({ name: "quota", indexedDB: new IDBFactory(), locks: null });
    const [capture, heard] = await start(await ackingRoom(), { outbox, live: true, baseUrl: "http://127.0.0.1:1" });
    await capture.write(samplesOf(1, 1));
    quota.isFull = true;
    for (const seq of [2, 3, 4, 5]) expect(await capture.write(samplesOf(seq, seq))).toBe(true);
    expect(capture.lagSeconds).toBeGreaterThanOrEqual(4);
    expect(heard.of("full")).toEqual([]);
    await capture.close();
  });
});
