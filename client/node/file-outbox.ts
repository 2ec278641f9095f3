/**
 * An outbox in a folder: one file a second, and `outbox.json` for what the files don't say.
 *
 *   <folder>/outbox.json            {"version":1,"next_seq":41,"end":null}
 *   <folder>/00000040.<time>.pcm    32,000 bytes
 *   <folder>/….lock                 see folder-lock.ts
 *
 * A file is written under another name, synced, and renamed: a crash leaves a whole second or none. The next
 * number is the highest file's plus one; before the highest file goes, `outbox.json` takes the number over.
 *
 * A file of another length than 32,000 bytes comes from outside, a broken disk say. It can't be sent; opening
 * the outbox renames it to `….pcm.damaged`, keeps its number used, and goes on: that second stays missing, and
 * the room's answer to `end` names it.
 */
import { mkdir, readdir, readFile, rename, rm, stat } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import * as z from "zod";
import { chunkBytes } from "../../schemas/audio.ts";
import {
  checkedFrame,
  type Outbox,
  OutboxDamagedError,
  type OutboxEnd,
  type OutboxFrame,
  standingEnd,
} from "../capture/outbox.ts";
import { SeqSet } from "../capture/seq-set.ts";
import { isErrorCode, syncFolder, writeDurably } from "./durable-file.ts";
import { lockFolder } from "./folder-lock.ts";

const recordSchema = z.object({
  version: z.literal(1),
  next_seq: z.int().min(1),
  end: z.object({ last_seq: z.int().min(0), padding_samples: z.int().min(0) }).nullable(),
});
type OutboxRecord = z.infer<typeof recordSchema>;
const framePattern = /^(\d{8})\.(\d+)\.pcm(\.damaged)?$/;
/** Sizes asked for side by side when a folder is opened. */
const statBatch = 256;

export interface FileOutboxOptions {
  readonly folder: string;
  /** Seconds it may hold; 32 kB each. Default: one day. */
  readonly maxFrames?: number;
}

/** Opens the outbox, and locks it against a second writer. Rejects with OutboxLockedError where one lives. */
export async function openFileOutbox({ folder, maxFrames = 86_400 }: FileOutboxOptions): Promise<Outbox> {
  const firstMade = await mkdir(folder, { recursive: true });
  if (firstMade !== undefined) await syncFolder(dirname(resolve(firstMade)));
  const unlock = await lockFolder(folder);
  try {
    return await openLocked(folder, maxFrames, unlock);
  } catch (cause) {
    await unlock();
    throw cause;
  }
}

async function openLocked(folder: string, maxFrames: number, unlock: () => Promise<void>): Promise<Outbox> {
  const record = await readRecord(join(folder, "outbox.json"));
  const found = await findFrames(folder);
  const files = found.files;
  let nextSeq = Math.max(record?.next_seq ?? 1, found.highestSeq + 1);
  let end: OutboxEnd | undefined = record?.end
    ? { lastSeq: record.end.last_seq, paddingSamples: record.end.padding_samples }
    : undefined;

  const writeRecord = async (): Promise<void> => {
    const value: OutboxRecord = {
      version: 1,
      next_seq: nextSeq,
      end: end ? { last_seq: end.lastSeq, padding_samples: end.paddingSamples } : null,
    };
    await writeDurably(folder, "outbox.json", new TextEncoder().encode(JSON.stringify(value)));
  };

  return {
    load: () => {
      // In order: each then lengthens the last range, and none is inserted before others.
      const seqs = [...files.keys()].sort((a, b) => a - b);
      const unacked = SeqSet.of(seqs.map((seq) => [seq, seq])).ranges();
      return Promise.resolve({ unacked, nextSeq, end: standingEnd(end, nextSeq) });
    },
    async put(frame) {
      const { seq, timestampMs, pcm } = checkedFrame(frame, nextSeq);
      if (files.size >= maxFrames) return false;
      const name = `${String(seq).padStart(8, "0")}.${timestampMs}.pcm`;
      try {
        await writeDurably(folder, name, pcm);
      } catch (cause) {
        if (isErrorCode(cause, "ENOSPC") || isErrorCode(cause, "EDQUOT")) return false;
        throw cause;
      }
      files.set(seq, name);
      nextSeq = seq + 1;
      return true;
    },
    async read(seq): Promise<OutboxFrame | undefined> {
      const name = files.get(seq);
      if (name === undefined) return undefined;
      const pcm = await readFile(join(folder, name));
      if (pcm.byteLength !== chunkBytes) {
        throw new OutboxDamagedError(
          `${join(folder, name)} has ${pcm.byteLength} bytes instead of ${chunkBytes}. ` +
            "Start again to go on without this second.",
        );
      }
      return { seq, timestampMs: Number(framePattern.exec(name)?.[2]), pcm };
    },
    async remove(seqs) {
      // Upwards, so that a full disk has space again when the record is written.
      for (const seq of seqs.toSorted((x, y) => x - y)) {
        const name = files.get(seq);
        if (name === undefined) continue;
        // The number must live on before the file that proves it goes.
        if (seq === nextSeq - 1) await writeRecord();
        await rm(join(folder, name), { force: true });
        files.delete(seq);
      }
    },
    async skipTo(next) {
      if (next <= nextSeq) return;
      nextSeq = next;
      await writeRecord();
    },
    async setEnd(value) {
      end = value;
      await writeRecord();
    },
    close: unlock,
  };
}

async function readRecord(path: string): Promise<OutboxRecord | undefined> {
  try {
    return recordSchema.parse(JSON.parse(await readFile(path, "utf8")));
  } catch (cause) {
    if (isErrorCode(cause, "ENOENT")) return undefined;
    if (!(cause instanceof SyntaxError || cause instanceof z.ZodError)) throw cause;
    // Guessing would use numbers again that the room knows with other audio.
    throw new OutboxDamagedError(
      `${path} is damaged. The seconds beside it are whole: to go on from the highest of them, delete it.`,
      { cause },
    );
  }
}

/** The whole seconds of a folder by number. Sweeps away what a crash left half written, sets aside what is damaged. */
async function findFrames(folder: string): Promise<{ files: Map<number, string>; highestSeq: number }> {
  const files = new Map<number, string>();
  let highestSeq = 0;
  const names = await readdir(folder);
  for (const name of names.filter((each) => each.endsWith(".tmp"))) await rm(join(folder, name), { force: true });
  const frames = names.filter((name) => framePattern.test(name));
  for (let from = 0; from < frames.length; from += statBatch) {
    const batch = frames.slice(from, from + statBatch);
    const sizes = await Promise.all(batch.map(async (name) => (await stat(join(folder, name))).size));
    for (const [index, name] of batch.entries()) {
      const seq = Number(name.slice(0, 8));
      highestSeq = Math.max(highestSeq, seq);
      if (name.endsWith(".damaged")) continue;
      if (sizes[index] === chunkBytes) files.set(seq, name);
      else await rename(join(folder, name), join(folder, `${name}.damaged`));
    }
  }
  return { files, highestSeq };
}
