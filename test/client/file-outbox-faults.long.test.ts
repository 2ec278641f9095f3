/** What an outbox in a folder does when a step of its disk fails once, and when the disk is full and has no spare any more. */
import { cpSync, mkdtempSync, rmSync } from "node:fs";
import type * as Fs from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test, vi } from "vitest";
import { type OutboxContents, OutboxLockedError } from "../../client/capture/outbox.ts";
import { RetryingOutbox } from "../../client/capture/outbox-retry.ts";
import { openFileOutbox } from "../../client/node/file-outbox.ts";
import { frameOf } from "./support/frame-of.ts";

/** Calls of the file system so far, the one that fails once, and how; and whether no file can be written. */
const disk = vi.hoisted(() => ({ calls: 0, failing: -1, code: "", isFull: false, hasSpare: false }));
vi.mock("node:fs/promises", async (original) => {
  const fs = await original<typeof Fs>();
  const failing = <Args extends unknown[], T>(call: (...args: Args) => Promise<T>) => {
    return async (...args: Args): Promise<T> => {
      disk.calls += 1;
      if (disk.calls === disk.failing) throw Object.assign(new Error(disk.code), { code: disk.code });
      const needsSpace = args[1] !== "r" && !(disk.hasSpare && args[1] === "r+");
      if (disk.isFull && call === (fs.open as unknown) && needsSpace)
        throw Object.assign(new Error("no space left on device"), { code: "ENOSPC" });
      return call(...args);
    };
  };
  const { open, rename, rm, readFile, readdir } = fs;
  return {
    ...fs,
    open: failing(open),
    rename: failing(rename),
    rm: failing(rm),
    readFile: failing(readFile as never),
    readdir: failing(readdir as never),
  };
});

function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "roomtone-faults-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Everything that an outbox does, once. @returns what a next process finds. */
async function story(folder: string): Promise<{ contents: OutboxContents; retries: number }> {
  let retries = 0;
  const opened = await openFileOutbox({ folder });
  const outbox = new RetryingOutbox(opened, { giveUpAfterMs: 60_000, elapsed: () => 0, random: () => 0 });
  outbox.onRetrying = () => (retries += 1);
  await outbox.bind("meeting/mixed");
  await outbox.release(0);
  for (const seq of [1, 2, 3]) await outbox.put(frameOf(seq));
  await outbox.read(2);
  await outbox.setAside(1);
  await outbox.hold(3);
  await outbox.release(5);
  await outbox.skipTo(12);
  await outbox.setEnd({ lastSeq: 11, paddingSamples: 7 });
  await outbox.remove([2]);
  await outbox.close();
  const calls = disk.calls;
  const next = await openFileOutbox({ folder });
  const contents = await next.load();
  await next.close();
  disk.calls = calls;
  return { contents, retries };
}

test.for(["EIO", "ESTALE"])(
  "[O2] %s at any step, once: the step is made again, nothing lost or doubled",
  async (code) => {
    disk.calls = 0;
    disk.failing = -1;
    const { contents } = await story(newFolder());
    expect(contents).toMatchObject({ unacked: [[8, 8]], nextSeq: 12, end: { lastSeq: 11, paddingSamples: 7 } });
    const steps = disk.calls;
    expect(steps).toBeGreaterThan(20);
    const runs = Array.from({ length: steps }, (_, i) => i + 1);
    let retries = 0;
    for (const failing of runs) {
      Object.assign(disk, { calls: 0, failing, code });
      const told = await story(newFolder());
      expect(told.contents, `${code} at call ${failing} of ${steps}`).toEqual(contents);
      retries += told.retries;
    }
    expect(retries).toBeGreaterThan(5);
  },
);

test("[O1] a full disk without a spare: every step but a new second works, and is stored once there is space", async () => {
  disk.failing = -1;
  const folder = newFolder();
  const outbox = await openFileOutbox({ folder });
  await outbox.bind("meeting/mixed");
  await outbox.release(0);
  for (const seq of [1, 2]) await outbox.put(frameOf(seq));
  disk.isFull = true;
  onTestFinished(() => void (disk.isFull = false));
  expect(await outbox.put(frameOf(3))).toBe(false);
  await outbox.bind("meeting/mixed", { gateway: "https://a.example" });
  await outbox.hold(2);
  await outbox.skipTo(6);
  await outbox.setEnd({ lastSeq: 5, paddingSamples: 9 });
  await outbox.remove([1, 2]);
  expect(await outbox.read(2), "as good as removed").toBeUndefined();
  const now = await outbox.load();
  disk.isFull = false;
  await outbox.remove([]);
  await outbox.close();
  const next = await openFileOutbox({ folder });
  expect(await next.load()).toEqual(now);
  expect(now).toMatchObject({ unacked: [], nextSeq: 6, end: { lastSeq: 5 } });
  await next.close();
});

test("[O1] on a full disk, where others take what is given up, a capture reconnects as often as it must", async () => {
  disk.failing = -1;
  const folder = newFolder();
  const outbox = await openFileOutbox({ folder });
  await outbox.bind("meeting/mixed");
  await outbox.release(0);
  for (const seq of [1, 2]) await outbox.put(frameOf(seq));
  // No file can be made; one that is there can be written over.
  Object.assign(disk, { isFull: true, hasSpare: true });
  onTestFinished(() => void Object.assign(disk, { isFull: false, hasSpare: false }));
  for (const by of [0, 4, 0, 2]) {
    await outbox.hold((await outbox.load()).nextSeq);
    await outbox.release(by);
  }
  const now = await outbox.load();
  await outbox.close();
  disk.isFull = false;
  const next = await openFileOutbox({ folder });
  expect(await next.load()).toMatchObject({ unacked: now.unacked, nextSeq: now.nextSeq });
  expect(now.nextSeq).toBe(9);
  await next.close();
});

test("[O1] a folder on a full disk is taken up again, and by one process alone", async () => {
  disk.failing = -1;
  const folder = newFolder();
  const outbox = await openFileOutbox({ folder });
  await outbox.bind("meeting/mixed");
  for (const seq of [1, 2]) await outbox.put(frameOf(seq));
  await outbox.close();
  disk.isFull = true;
  onTestFinished(() => void (disk.isFull = false));
  const next = await openFileOutbox({ folder });
  await expect(openFileOutbox({ folder })).rejects.toThrow(OutboxLockedError);
  expect((await next.load()).unacked).toEqual([[1, 2]]);
  await next.close();
  disk.isFull = false;
  await (await openFileOutbox({ folder })).close();
});

test("[O1] what a live source sends on a full disk is never taken for unsent, though the disk was full from the start", async () => {
  disk.failing = -1;
  const folder = newFolder();
  const outbox = await openFileOutbox({ folder });
  await outbox.bind("meeting/mixed");
  disk.isFull = true;
  onTestFinished(() => void (disk.isFull = false));
  rmSync(join(folder, "outbox.spare"));
  await outbox.release(3);
  expect(await outbox.put(frameOf(4)), "the state goes first").toBe(false);
  disk.isFull = false;
  expect(await outbox.put(frameOf(4))).toBe(true);
  // As a crash leaves it: the state was stored before the second.
  const copy = newFolder();
  cpSync(folder, copy, { recursive: true, filter: (path) => !path.endsWith(".lock") });
  const next = await openFileOutbox({ folder: copy });
  expect(await next.load()).toMatchObject({ unacked: [[4, 4]], unsentFrom: 5 });
  await next.close();
  await outbox.close();
});
