/** The archive of a room on a machine so busy that each look at the sockets takes long. */
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Archiver } from "../../../server/gateway/archive/archiver.ts";
import { RecentChunks } from "../../../server/gateway/archive/recent-chunks.ts";
import { IngestLoad } from "../../../server/gateway/core/ingest-load.ts";
import { chunkBytes } from "../../../schemas/wire/audio.ts";
import { nodeSqlite } from "../../support/node-database.ts";
import { openEngine } from "./support/engine.ts";

const lookMs = 100;
const chunksPerLook = 8;
const looks = 900;

vi.mock("../../../server/shared/lib/wait.ts", () => ({
  giveWay: () => new Promise((resolve) => setTimeout(resolve, lookMs)),
  wait: (ms: number) => new Promise((resolve) => setTimeout(resolve, ms)),
}));
beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const now = (): number => Date.now();

/** An archiver of this engine, whose R2 takes all of it or nothing. */
function archiverOf(
  tracks: ReturnType<typeof openEngine>["tracks"],
  {
    load = new IngestLoad(now, { chunks: 16, withinMs: 500 }),
    put = (): Promise<unknown> => Promise.resolve(),
    wakeAt = (): void => undefined,
  } = {},
): Archiver {
  return new Archiver({
    bucket: { put },
    tracks,
    recent: new RecentChunks(4),
    load,
    session: { tenant: "default", sessionId: "s" },
    synced: () => Promise.resolve(),
    wakeAt,
    now,
    random: () => 0.5,
    isStopped: () => false,
  });
}

test("[K10] what waits for R2 stays bounded though chunks come faster than the sockets are looked at", async () => {
  const { tracks } = openEngine(nodeSqlite(now).open());
  const load = new IngestLoad(now, { chunks: 16, withinMs: 500 });
  const archiver = archiverOf(tracks, { load });
  const content = new Uint8Array(chunkBytes);
  let [seq, most] = [0, 0];
  for (let look = 0; look < looks; look += 1) {
    for (let n = 0; n < chunksPerLook; n += 1) {
      seq += 1;
      tracks.keep("mic", { seq, timestamp_ms: now(), content }, true);
      load.came();
      archiver.kick();
    }
    await vi.advanceTimersByTimeAsync(lookMs);
    most = Math.max(most, tracks.pendingChunks);
  }
  expect(most).toBeLessThan(2_560);
});

test("[K3] a pass that can't be ended, as its room is dying, fails into the log, and holds up nobody", async () => {
  const logged = vi.spyOn(console, "error").mockImplementation(() => undefined);
  const { tracks } = openEngine(nodeSqlite(now).open());
  const archiver = archiverOf(tracks, {
    put: () => Promise.reject(new Error("R2 is away")),
    wakeAt: () => {
      throw new Error("the room's storage is gone");
    },
  });
  tracks.keep("mic", { seq: 1, timestamp_ms: now(), content: new Uint8Array(chunkBytes) }, true);
  const drained = archiver.drain();
  await vi.advanceTimersByTimeAsync(60_000);
  await drained;
  expect(tracks.pendingChunks).toBe(1);
  expect(JSON.stringify(logged.mock.calls)).toContain("archive.pass_failed");
});
