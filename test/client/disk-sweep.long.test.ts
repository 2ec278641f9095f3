/**
 * A disk that is full from any step on, under a whole capture: first steps, reconnecting, renumbering, the end, and a second process.
 * Each kind of disk gets full at every step that may need space, one story for each.
 */
import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import type * as Fs from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { expect, test, vi } from "vitest";
import { startCapture } from "../../client/capture/capture.ts";
import { openFileOutbox } from "../../client/node/file-outbox.ts";
import { until } from "../../client/testkit/until.ts";
import { ackMessage, FakeRoom, readyMessage } from "./support/fake-room.ts";
import { frameOf } from "./support/frame-of.ts";
import { type DiskKind, FullDisk } from "./support/full-disk.ts";
import { sweepOf } from "../support/sweep.ts";
import { feed, Listener, samplesOf, second, wireFormat } from "./support/meeting.ts";

const disks = vi.hoisted(() => new Map<string, unknown>());
vi.mock("node:fs/promises", async (original) => {
  const { onDisks } = await import("./support/full-disk.ts");
  return onDisks(await original<typeof Fs>(), (folder) => {
    for (let at = folder; at !== dirname(at); at = dirname(at)) {
      const disk = disks.get(at);
      if (disk) return disk as FullDisk;
    }
    return undefined;
  });
});

/** At one time; they wait most of theirs. */
const maxStories = 40;
const kinds: readonly DiskKind[] = ["once", "full", "copying", "shared"];

interface Plan {
  readonly live: boolean;
  /** Seconds that an earlier process left, never sent. */
  readonly left: number;
  /** Seconds of somebody else that the track has. */
  readonly others: number;
}

/** A room that keeps what comes, and breaks the first connection after two seconds. */
async function startRoom(others: number): Promise<{ room: FakeRoom; kept: Map<number, Buffer> }> {
  const kept = new Map<number, Buffer>();
  const room = await FakeRoom.start((peer, frame) => {
    if (frame.type === "hello") peer.say(readyMessage("full", Math.max(others, ...kept.keys())));
    if (frame.type === "end") peer.say({ type: "ended", last_seq: frame["last_seq"], complete: true, missing: [] });
    if (frame.type !== "chunk" || frame.seq === undefined) return;
    kept.set(frame.seq, Buffer.from(String(frame["content_b64"]), "base64"));
    if (peer.connection === 1 && kept.size === 2) return peer.close(1012, "restart");
    peer.say(ackMessage(frame));
  });
  return { room, kept };
}

/**
 * Captures five seconds over a disk that is full from `failsAt` on; somebody empties it once the room has what was stored.
 * @returns how many steps might have needed space.
 */
async function story(kind: DiskKind, failsAt: number, { live, left, others }: Plan): Promise<number> {
  const root = mkdtempSync(join(tmpdir(), "roomtone-full-"));
  const folder = join(root, "spool", "full");
  const said = new Set<string>();
  const { room, kept } = await startRoom(others);
  const disk = new FullDisk(kind, failsAt);
  disks.set(root, disk);
  try {
    if (left > 0) {
      const earlier = await openFileOutbox({ folder });
      await earlier.bind("full/mixed");
      for (let seq = 1; seq <= left; seq += 1) await earlier.put({ ...frameOf(seq), pcm: second(seq) });
      await earlier.close();
    }
    disk.begin();
    const outbox = await openFileOutbox({ folder }).catch((cause: unknown) => {
      // Nothing is in it that could be delivered, and whoever starts it is there to be told.
      if (left > 0 || (cause as { readonly code?: unknown }).code !== "ENOSPC") throw cause;
    });
    if (!outbox) return disk.steps;
    const times = { outboxGiveUpMs: 5_000 };
    const options = {
      baseUrl: room.url,
      sessionId: "full",
      format: wireFormat,
      encoding: "json",
      append: true,
    } as const;
    const capture = await startCapture({ ...options, outbox, live, times, random: () => 0 });
    const listener = new Listener(capture);
    for (const type of ["full", "outboxRetrying", "unsaved"] as const) capture.on(type, () => said.add(type));
    const failed = capture.outcome();
    const fed = feed(capture, samplesOf(left + 1, 5)).then(() => capture.end());
    // Judged below, where the story came so far.
    fed.catch(() => undefined);
    try {
      const isFed = (): boolean => kept.size === 5;
      // What the outbox took, and what a live source's memory did, comes to the room though nobody empties the disk; where a file
      // waits for it, that is told.
      await Promise.race([
        failed,
        until(() => isFed() || (capture.lagSeconds <= 1 && said.size > 0) || undefined, {
          what: () =>
            `room has ${[...kept.keys()].join()}, lag ${capture.lagSeconds}, said ${[...said].join()}; heard ${JSON.stringify(listener.heard.slice(-8))}`,
          timeoutMs: 20_000,
        }),
      ]);
      if (live)
        await Promise.race([
          failed,
          until(() => isFed() || undefined, { what: "all of a live source", timeoutMs: 20_000 }),
        ]);
      // Killed now, a next process would find no second that the room has not.
      const copy = join(root, "killed");
      const keptThen = [...kept.keys()];
      copyFolder(folder, copy);
      disk.empty();
      const found = await openFileOutbox({ folder: copy });
      const { unacked, nextSeq } = await found.load();
      await found.close();
      const stored = unacked.flatMap(([from, to]) => Array.from({ length: to - from + 1 }, (_, index) => from + index));
      const known = [...new Set([...stored, ...keptThen])].sort((x, y) => x - y);
      const isEachOnce =
        known.length === nextSeq - 1 - others && known.every((seq, index) => seq === index + 1 + others);
      // Of a live source seconds may be in memory alone.
      expect(live || isEachOnce, `stored or kept: ${known.join()}, next ${nextSeq}`).toBe(true);
      await expect(Promise.race([fed, failed])).resolves.toMatchObject({ complete: true, lost: [] });
    } finally {
      await capture.close();
    }
    const bytes = [...kept].sort(([x], [y]) => x - y);
    expect(bytes.map(([seq]) => seq)).toEqual([1, 2, 3, 4, 5].map((seq) => seq + others));
    for (const [index, [, pcm]] of bytes.entries())
      expect(pcm.equals(second(index + 1)), `second ${index + 1}`).toBe(true);
    const next = await openFileOutbox({ folder });
    expect(await next.load()).toMatchObject({ unacked: [], nextSeq: others + 6, end: { lastSeq: others + 5 } });
    await next.close();
    return disk.steps;
  } catch (cause) {
    throw new Error(`${kind}, full at step ${failsAt}`, { cause });
  } finally {
    await room.close();
    disks.delete(root);
    rmSync(root, { recursive: true, force: true });
  }
}

/** As a process leaves it that dies now. */
function copyFolder(from: string, to: string): void {
  mkdirSync(to);
  for (const name of readdirSync(from)) {
    try {
      if (!name.endsWith(".lock")) copyFileSync(join(from, name), join(to, name));
    } catch (cause) {
      // Gone in this moment, as it may be a moment before.
      if (!(cause instanceof Error && "code" in cause && cause.code === "ENOENT")) throw cause;
    }
  }
}

test.for<[string, Plan]>([
  ["a file's", { live: false, left: 0, others: 0 }],
  ["a live source's", { live: true, left: 0, others: 0 }],
  ["a second process's", { live: false, left: 3, others: 0 }],
  ["a second process's behind other audio", { live: true, left: 3, others: 2 }],
])(
  "[O1] a disk that is full from any step of %s capture on ends none that can deliver",
  { timeout: 300_000 },
  async ([, plan]) => {
    const steps = await story("once", Infinity, plan);
    expect(steps).toBeGreaterThan(30);
    const runs = kinds.flatMap((kind) => sweepOf(1, steps).map((step) => [kind, step] as const));
    const faults: string[] = [];
    const work = runs.values();
    await Promise.all(
      Array.from({ length: maxStories }, async () => {
        for (const [kind, failsAt] of work) {
          try {
            await story(kind, failsAt, plan);
          } catch (cause) {
            faults.push(`${String(cause)}: ${String((cause as Error).cause)}`);
          }
        }
      }),
    );
    expect(faults).toEqual([]);
  },
);
