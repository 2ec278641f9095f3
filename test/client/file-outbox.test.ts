import { type ChildProcessByStdio, spawn } from "node:child_process";
import { on, once } from "node:events";
import { readdirSync, statSync } from "node:fs";
import { mkdtemp, readdir, readFile, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { fileURLToPath } from "node:url";
import { describe, expect, onTestFinished, test } from "vitest";
import { type Outbox, OutboxDamagedError, OutboxLockedError } from "../../client/capture/outbox.ts";
import { SeqSet } from "../../client/capture/seq-set.ts";
import { openFileOutbox } from "../../client/node/file-outbox.ts";
import { randomFrom, seed } from "../unit/support/random.ts";
import { roundsOf } from "../support/sweep.ts";
import { until } from "../../client/testkit/until.ts";
import { testOutbox } from "./outbox.contract.ts";
import { frameOf } from "./support/frame-of.ts";

async function newFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "roomtone-outbox-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** @returns an outbox that holds these seconds, opened, filled, closed and opened again by `open`. */
async function folderWith(...seqs: number[]): Promise<string> {
  const folder = await newFolder();
  const outbox = await openFileOutbox({ folder });
  for (const seq of seqs) await outbox.put(frameOf(seq));
  await outbox.close();
  return folder;
}

const nameOf = (seq: number): string => `${String(seq).padStart(8, "0")}.${frameOf(seq).timestampMs}.pcm`;

testOutbox({
  locks: true,
  place: async () => {
    // Not there yet, with its parents.
    const folder = join(await newFolder(), "a", "b");
    return { open: (maxFrames) => openFileOutbox({ folder, ...(maxFrames === undefined ? {} : { maxFrames }) }) };
  },
});

describe("what a crash leaves", () => {
  test("half-written files are swept away and used for nothing", async () => {
    const folder = await folderWith(1);
    await writeFile(join(folder, `${nameOf(2)}.tmp`), new Uint8Array(100));
    await writeFile(join(folder, "outbox.json.tmp"), "{");
    const outbox = await openFileOutbox({ folder });
    expect(await outbox.load()).toMatchObject({ unacked: [[1, 1]], nextSeq: 2, end: undefined });
    await outbox.close();
    expect(await readdir(folder)).toEqual([nameOf(1), "outbox.spare"]);
  });

  test(`kill -9 in the middle of puts leaves whole seconds, all that were confirmed (seed ${seed})`, async () => {
    const folder = await newFolder();
    const random = randomFrom(seed);
    const [confirmed, removing] = [new Set<number>(), new Set<number>()];
    for (let round = 0; round < roundsOf(3, 12); round += 1) {
      const writer = await startWriter(folder, (line) => {
        const [verb, seq] = line.split(" ");
        if (verb === "put") confirmed.add(Number(seq));
        if (verb === "removing") removing.add(Number(seq));
      });
      await writer.said(1 + random(40));
      await writer.kill();
      const outbox = await openFileOutbox({ folder });
      await checkWhole(outbox, confirmed, removing);
      await outbox.close();
      expect((await readdir(folder)).filter((name) => name.endsWith(".damaged"))).toEqual([]);
    }
    expect(confirmed.size).toBeGreaterThan(20);
  });

  test("at no moment is a part of a second to be seen under its name", async () => {
    const folder = await newFolder();
    const outbox = await openFileOutbox({ folder });
    const done = new AbortController();
    const sizes = new Set<number>();
    const watch = async (): Promise<void> => {
      while (!done.signal.aborted) {
        for (const name of readdirSync(folder).filter((each) => each.endsWith(".pcm"))) {
          sizes.add(statSync(join(folder, name)).size);
        }
        await new Promise(setImmediate);
      }
    };
    const watching = watch();
    for (let seq = 1; seq <= 60; seq += 1) await outbox.put(frameOf(seq));
    done.abort();
    await watching;
    await outbox.close();
    expect([...sizes]).toEqual([32_000]);
  });
});

describe("the lock", () => {
  test("holds against another process while it lives, and not a moment longer", async () => {
    const folder = await newFolder();
    const writer = await startWriter(folder);
    await expect(openFileOutbox({ folder })).rejects.toThrow(OutboxLockedError);
    await writer.kill();
    const outbox = await openFileOutbox({ folder });
    await outbox.close();
    expect((await readdir(folder)).filter((name) => name.endsWith(".lock"))).toEqual([]);
  });

  test.runIf(process.platform === "linux")("a dead process whose number another now has does not hold it", async () => {
    const folder = await newFolder();
    // As in a container, where the writer is process 1 before and after.
    await writeFile(join(folder, `${process.pid}.1.${crypto.randomUUID()}.lock`), "");
    const outbox = await openFileOutbox({ folder });
    expect(await outbox.load()).toMatchObject({ nextSeq: 1 });
    await outbox.close();
  });

  test.runIf(process.platform === "linux")(
    "a dead process that its parent has not buried does not hold it",
    async () => {
      const folder = await newFolder();
      // The shell's child becomes a zombie: exec makes the shell a program that never asks for it.
      const parent = spawn("sh", ["-c", "sleep 0.3 & echo $!; exec sleep 60"], {
        stdio: ["ignore", "pipe", "inherit"],
      });
      onTestFinished(() => void parent.kill("SIGKILL"));
      const [output] = (await once(parent.stdout, "data")) as [Buffer];
      const pid = Number(output.toString());
      const isZombie = async (): Promise<true | undefined> =>
        / Z /.test(await readFile(`/proc/${pid}/stat`, "utf8")) ? true : undefined;
      await until(isZombie, { what: "the child to be a zombie" });
      await writeFile(join(folder, `${pid}.0.${crypto.randomUUID()}.lock`), "");
      const outbox = await openFileOutbox({ folder });
      expect(await outbox.load()).toMatchObject({ nextSeq: 1 });
      await outbox.close();
    },
  );

  test("of many that come at once, no two get it", async () => {
    const folder = await newFolder();
    const opened = await Promise.allSettled(Array.from({ length: 12 }, () => openFileOutbox({ folder })));
    const got = opened.filter((each) => each.status === "fulfilled").map((each) => each.value);
    expect(got.length).toBeLessThanOrEqual(1);
    for (const outbox of got) await outbox.close();
    const after = await openFileOutbox({ folder });
    expect(await after.load()).toMatchObject({ nextSeq: 1 });
    await after.close();
  });
});

describe("damage from outside", () => {
  test.for([0, 1, 31_999])("a second of %i bytes is set aside; its number stays used", async (bytes) => {
    const folder = await folderWith(1, 2, 3);
    await truncate(join(folder, nameOf(3)), bytes);
    for (let round = 0; round < 2; round += 1) {
      const outbox = await openFileOutbox({ folder });
      expect(await outbox.load()).toMatchObject({ unacked: [[1, 2]], nextSeq: 4, end: undefined });
      expect(await outbox.read(3)).toBeUndefined();
      await outbox.close();
    }
    expect((await readFile(join(folder, `${nameOf(3)}.damaged`))).byteLength).toBe(bytes);
  });

  test("a second that is damaged while the outbox is open is not sent as audio", async () => {
    const folder = await folderWith(1);
    const outbox = await openFileOutbox({ folder });
    await truncate(join(folder, nameOf(1)), 5);
    await expect(outbox.read(1)).rejects.toThrow(OutboxDamagedError);
    await outbox.close();
  });

  test.for(["", "{", '{"version":1,"next_seq":2,"end":null}'])(
    "a record that reads %j is refused with what to do, and the lock let go",
    async (text) => {
      const folder = await folderWith(1);
      await writeFile(join(folder, "outbox.json"), text);
      for (let round = 0; round < 2; round += 1) {
        await expect(openFileOutbox({ folder })).rejects.toThrow(/outbox\.json is damaged.*delete it/s);
      }
      await rm(join(folder, "outbox.json"));
      const outbox = await openFileOutbox({ folder });
      expect(await outbox.load()).toMatchObject({ unacked: [[1, 1]], nextSeq: 2 });
      await outbox.close();
    },
  );

  test("other files are left alone", async () => {
    const folder = await folderWith(1);
    await writeFile(join(folder, "notes.txt"), "mine");
    await writeFile(join(folder, "1.pcm"), "mine");
    const outbox = await openFileOutbox({ folder });
    expect(await outbox.load()).toMatchObject({ unacked: [[1, 1]] });
    await outbox.close();
    expect((await readdir(folder)).sort()).toEqual([nameOf(1), "1.pcm", "notes.txt", "outbox.spare"].sort());
  });
});

async function checkWhole(outbox: Outbox, confirmed: Set<number>, removing: Set<number>): Promise<void> {
  const { unacked, nextSeq } = await outbox.load();
  const there = SeqSet.of(unacked);
  expect(nextSeq).toBeGreaterThan(Math.max(...confirmed));
  expect([...confirmed].filter((seq) => !removing.has(seq) && !there.has(seq))).toEqual([]);
  for (const seq of there) {
    const frame = await outbox.read(seq);
    expect(frame?.timestampMs).toBe(frameOf(seq).timestampMs);
    expect(Buffer.compare(frame?.pcm ?? new Uint8Array(), frameOf(seq).pcm)).toBe(0);
  }
}

interface Writer {
  /** Resolves when it has said so many more lines. */
  said(lines: number): Promise<void>;
  /** kill -9; resolves when it is dead and all it said was heard. */
  kill(): Promise<void>;
}

const script = fileURLToPath(new URL("support/put-for-ever.ts", import.meta.url));

/** Starts a process that puts for ever. @returns when it has the folder. */
async function startWriter(folder: string, onLine: (line: string) => void = () => undefined): Promise<Writer> {
  const child: ChildProcessByStdio<null, Readable, null> = spawn(
    process.execPath,
    ["--import", "tsx", script, folder],
    { stdio: ["ignore", "pipe", "inherit"] },
  );
  onTestFinished(() => void child.kill("SIGKILL"));
  const lines = createInterface({ input: child.stdout });
  // Every line, from the first on, so that none is missed between two waits.
  const heard = on(lines, "line", { close: ["close"] });
  const said = async (count: number): Promise<void> => {
    for (let left = count; left > 0; left -= 1) {
      if ((await heard.next()).done) throw new Error("the writer died by itself");
    }
  };
  lines.on("line", onLine);
  const ended = Promise.all([once(lines, "close"), once(child, "exit")]);
  await said(1);
  return {
    said,
    kill: async () => {
      child.kill("SIGKILL");
      await ended;
    },
  };
}

test.runIf(process.platform === "linux")("a folder that can't be made is an error, and no wait for ever", async () => {
  await expect(openFileOutbox({ folder: "/proc/nope/a/b" })).rejects.toMatchObject({ code: "ENOENT" });
  const file = join(await newFolder(), "file");
  await writeFile(file, "x");
  for (const folder of [file, join(file, "a"), join(file, "a", "b")])
    await expect(openFileOutbox({ folder })).rejects.toMatchObject({ code: "ENOTDIR" });
});
