/** Acks go first: what background work does while chunks rush in, on a clock of the test's. */
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Archiver } from "../../../server/gateway/archive/archiver.ts";
import { RecentChunks } from "../../../server/gateway/archive/recent-chunks.ts";
import { Hold } from "../../../server/gateway/core/hold.ts";
import { IngestLoad } from "../../../server/gateway/core/ingest-load.ts";
import { chunkBytes } from "../../../schemas/wire/audio.ts";
import { nodeSqlite } from "../../support/node-database.ts";
import { openEngine } from "./support/engine.ts";

const held = { chunks: 512, ms: 4_000 } as const;
/** A client that catches up sends at least so many in 100 ms. */
const rushPerStep = 8;

const now = (): number => Date.now();

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const tenMs = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 10));

/** A room's tracks and archive, over a bucket. @param takes how long it takes for a chunk. */
function openArchive(takes: () => Promise<void> = tenMs) {
  const { tracks } = openEngine(nodeSqlite(now).open());
  const load = new IngestLoad(now, { chunks: 16, withinMs: 500 });
  const put: string[] = [];
  const wakes: number[] = [];
  let failing = false;
  const archiver = new Archiver({
    bucket: {
      put: async (key) => {
        await takes();
        if (failing) throw new Error("R2 is down");
        put.push(key);
      },
    },
    tracks,
    recent: new RecentChunks(4),
    load,
    session: { tenant: "default", sessionId: "s" },
    synced: () => Promise.resolve(),
    wakeAt: (at) => void wakes.push(at),
    now,
    random: () => 0.5,
    isStopped: () => false,
  });
  const content = new Uint8Array(chunkBytes);
  let seq = 0;
  const keep = (): void => {
    seq += 1;
    tracks.keep("mic", { seq, timestamp_ms: now(), content }, true);
    load.came();
    archiver.kick();
  };
  /** As many chunks a second as a client that catches up sends. */
  const rush = async (ms: number): Promise<void> => {
    for (let at = 0; at < ms; at += 100) {
      for (let n = 0; n < rushPerStep; n += 1) keep();
      await vi.advanceTimersByTimeAsync(100);
    }
  };
  const fail = (is: boolean): void => {
    failing = is;
  };
  return { tracks, archiver, put, wakes, keep, rush, fail };
}

test("[K10] a live track's chunks go to R2 as they come, however long the meeting", async () => {
  const { keep, put } = openArchive();
  for (let second = 1; second <= 20; second += 1) {
    keep();
    await vi.advanceTimersByTimeAsync(1_000);
    expect(put).toHaveLength(second);
  }
});

test("[K10] while chunks rush in none goes to R2, and all go as soon as the rush is over", async () => {
  const { rush, put, tracks } = openArchive();
  await rush(3_000);
  // The first ones came before it was a rush.
  const early = put.length;
  expect(early).toBeLessThanOrEqual(16);
  await rush(500);
  expect(put).toHaveLength(early);
  await vi.advanceTimersByTimeAsync(2_000);
  expect(tracks.pendingChunks).toBe(0);
  expect(new Set(put).size).toBe(35 * rushPerStep);
});

test("[K10] a rush that lasts is archived beside: what waits for R2 stays bounded, and no put is lost or made in vain", async () => {
  const { rush, put, tracks } = openArchive();
  const lasts = 15;
  let most = 0;
  for (let second = 0; second < lasts; second += 1) {
    await rush(1_000);
    most = Math.max(most, tracks.pendingChunks);
  }
  expect(put.length).toBeGreaterThan(lasts * 10 * rushPerStep - held.chunks);
  expect(most).toBeLessThanOrEqual(held.chunks);
  await vi.advanceTimersByTimeAsync(5_000);
  expect(put).toHaveLength(lasts * 10 * rushPerStep);
  expect(new Set(put).size).toBe(put.length);
});

test("[K10] a rush that fills what may wait is archived before its time", async () => {
  const { keep, tracks } = openArchive();
  for (let n = 0; n < held.chunks + 100; n += 1) keep();
  await vi.advanceTimersByTimeAsync(held.ms / 10);
  expect(tracks.pendingChunks).toBeLessThan(held.chunks);
});

test("[K10] whoever waits for the archive, a finalize or a deletion, does not wait for a rush", async () => {
  const { rush, put, archiver, tracks } = openArchive();
  await rush(1_000);
  expect(tracks.pendingChunks).toBeGreaterThan(32);
  const drained = archiver.drain();
  await rush(1_000);
  await vi.advanceTimersByTimeAsync(100);
  await drained;
  expect(put.length).toBeGreaterThanOrEqual(10 * rushPerStep);
});

test("[K3] [K10] an alarm that finds the archive held back leaves one behind what waits", async () => {
  const { rush, archiver, wakes, tracks, put } = openArchive();
  await rush(1_000);
  const before = put.length;
  await archiver.wake();
  expect(put).toHaveLength(before);
  expect(tracks.pendingChunks).toBeGreaterThan(0);
  expect(wakes).toEqual([Date.now() + 5_000]);
});

test("[K3] [K10] R2 fails in the middle of a rush: the archive backs off as ever, and has all in the end", async () => {
  const { rush, fail, archiver, tracks, put } = openArchive();
  fail(true);
  await rush(5_500);
  expect(put).toEqual([]);
  expect(archiver.notBefore).toBeGreaterThan(Date.now());
  fail(false);
  await vi.advanceTimersByTimeAsync(70_000);
  const drained = archiver.wake();
  await vi.advanceTimersByTimeAsync(10_000);
  await drained;
  expect(tracks.pendingChunks).toBe(0);
  expect(new Set(put).size).toBe(55 * rushPerStep);
});

test("[K10] between puts that R2 answers at once, others of the thread have their turn", async () => {
  vi.useRealTimers();
  const course: string[] = [];
  const { keep, fail, put, archiver } = openArchive(async () => {
    course.push("put");
    setTimeout(() => course.push("others"), 0);
  });
  fail(true);
  for (let n = 0; n < 40; n += 1) keep();
  await archiver.drain();
  fail(false);
  course.length = 0;
  await archiver.drain();
  expect(put).toHaveLength(40);
  // A put of each lane, at most.
  const runs = course
    .join(" ")
    .split("others")
    .map((run) => run.trim().split("put").length - 1);
  expect(Math.max(...runs)).toBeLessThanOrEqual(4);
});

test("[K10] what waits for a rush to be over waits no longer than it may, once for each rush", async () => {
  const load = new IngestLoad(now, { chunks: 16, withinMs: 500 });
  const hold = new Hold({ load, maxMs: 10_000, isTooMuch: () => false });
  const rush = async (ms: number): Promise<void> => {
    for (let at = 0; at < ms; at += 20) {
      load.came();
      await vi.advanceTimersByTimeAsync(20);
    }
  };
  const waited = async (isUrgent = (): boolean => false): Promise<number> => {
    const start = Date.now();
    let ended: number | undefined;
    void hold.over(isUrgent).then(() => (ended = Date.now()));
    await rush(12_000);
    return (ended ?? Number.POSITIVE_INFINITY) - start;
  };
  await rush(500);
  expect(await waited()).toBeLessThanOrEqual(10_100);
  // It lasts: work goes on beside it.
  expect(await waited()).toBeLessThanOrEqual(100);
  await vi.advanceTimersByTimeAsync(1_000);
  expect(hold.isOn).toBe(false);
  await rush(500);
  expect(hold.isOn).toBe(true);
  expect(await waited(() => true)).toBeLessThanOrEqual(100);
});
