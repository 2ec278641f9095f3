/**
 * An outbox in a folder: one file a second, and `outbox.json` for what the files don't say (capture/outbox-state.ts).
 *
 *   <folder>/outbox.json            {"version":2,"owner":"monday/mic","next_slot":41, …}
 *   <folder>/00000040.<time>.pcm    32,000 bytes, by slot
 *   <folder>/outbox.spare           a few blocks, in which the state is written when the disk is full
 *   <folder>/….lock                 see folder-lock.ts
 *
 * On a full disk (O1) what is in the folder goes to the room all the same: another process can take it up, and whatever can be kept in
 * memory for now is. Only what must be on disk before anything may be sent takes the spare's blocks.
 *
 * A file is written under another name, synced, and renamed: a crash leaves a whole second or none. The next slot
 * is the highest file's plus one; before the highest file goes, `outbox.json` takes it over.
 *
 * A file of another length than 32,000 bytes comes from outside, a broken disk say. It can't be sent; opening
 * the outbox renames it to `….pcm.damaged`, keeps its number used, and goes on: that second stays missing, and
 * the room's answer to `end` names it. `….pcm.aside` is a second that the room has with other bytes.
 */
import { readdir, readFile, rename, rm, stat } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { $ZodError } from "zod/v4/core";
import { chunkBytes, chunkMs } from "../../schemas/wire/audio.ts";
import { checkCapacity, checkedFrame, type Outbox, OutboxDamagedError, type OutboxFrame } from "../capture/outbox.ts";
import * as states from "../capture/outbox-state.ts";
import { despiteDiskFaults, diskFault } from "./disk-fault.ts";
import { isErrorCode, makeFolder, syncFolder, writeBySwap, writeDurably } from "./durable-file.ts";
import { lockFolder } from "./folder-lock.ts";

const bookName = "outbox.json";
const spareName = "outbox.spare";
/** More than the state ever takes, so that it can be written on a full disk: only then can the disk be emptied. */
const spareBytes = 16_384;
/** What this outbox writes under another name first. Whatever else is in the folder is somebody's. */
const temporaryPattern = /^(outbox\.json|outbox\.spare|\d{8}\.\d+\.pcm)\.tmp$/;
const framePattern = /^(\d{8})\.(\d+)\.pcm(\.damaged|\.aside)?$/;
/** Sizes asked for side by side when a folder is opened. */
const statBatch = 256;

export interface FileOutboxOptions {
  readonly folder: string;
  /** Seconds it may hold; 32 kB each. Default: one day. */
  readonly maxFrames?: number;
}

/** Opens the outbox, and locks it against a second writer. Rejects with OutboxLockedError where one lives. */
export async function openFileOutbox({ folder, maxFrames = 86_400 }: FileOutboxOptions): Promise<Outbox> {
  if (folder === "") throw new TypeError("folder is the path of a folder, not empty");
  checkCapacity(maxFrames);
  return despiteDiskFaults(() => openOnce(folder, maxFrames));
}

async function openOnce(folder: string, maxFrames: number): Promise<Outbox> {
  const firstMade = await makeFolder(resolve(folder));
  if (firstMade !== undefined) await syncFolder(dirname(firstMade));
  const [book, spare] = [join(folder, bookName), join(folder, spareName)];
  const unlock = await lockFolder(folder, { linkTo: book, giveUp: () => rm(spare, { force: true }) });
  try {
    return await openLocked(folder, maxFrames, unlock);
  } catch (cause) {
    await unlock();
    throw cause;
  }
}

async function openLocked(folder: string, maxFrames: number, unlock: () => Promise<void>): Promise<Outbox> {
  await ensureSpare(folder);
  const stored = await readState(join(folder, bookName));
  /** By slot, rising. */
  const { files, highestSlot, highestStartedAt } = await findFrames(folder);
  // Seconds are put without the state being written: the highest file says what it does not know yet.
  const isBehind = highestSlot >= stored.next_slot;
  let state: states.OutboxState = isBehind
    ? { ...stored, next_slot: highestSlot + 1, last_ended_at: highestStartedAt + chunkMs }
    : stored;

  /** Files of seconds that are to go, by slot: all but those for which a full disk had no space. */
  const removed = new Map<number, string>();
  /** Whether `outbox.json` is older than the state. */
  let isStateBehind = false;
  /** Whether it must not be, before another second is stored. */
  let isReleaseBehind = false;

  const store = async (next: states.OutboxState): Promise<void> => {
    await writeBook(folder, next);
    state = next;
    isStateBehind = false;
    isReleaseBehind = false;
  };
  /** Stores a state if there is space, and else keeps it in memory. @returns whether it is on disk. */
  const note = async (next: states.OutboxState): Promise<boolean> => {
    try {
      await store(next);
    } catch (cause) {
      if (diskFault(cause) !== "full") throw cause;
      state = next;
      isStateBehind = true;
    }
    return !isStateBehind;
  };
  const fileOf = (seq: number): { slot: number; path: string } | undefined => {
    const slot = states.slotOf(state, seq);
    const name = slot === undefined ? undefined : files.get(slot);
    return slot === undefined || name === undefined ? undefined : { slot, path: join(folder, name) };
  };
  /** Upwards, so that a full disk has space again when the state is written. */
  const sweep = async (): Promise<void> => {
    for (const [slot, name] of [...removed].sort(([x], [y]) => x - y)) {
      // The slot must live on in the state before the file that proves it goes.
      if (slot === state.next_slot - 1 && !(await note(state))) continue;
      await rm(join(folder, name), { force: true });
      removed.delete(slot);
    }
    if (isStateBehind) await note(state);
  };

  return {
    async bind(owner, origin) {
      await note(states.bound(state, owner, origin));
    },
    load: () => Promise.resolve(states.contentsOf(state, files.keys())),
    async put(frame) {
      const { seq, timestampMs, pcm } = checkedFrame(frame, states.nextSeqOf(state));
      if (files.size + removed.size >= maxFrames) return false;
      // A crash would take it for one that was never sent, and double it.
      if (isReleaseBehind && !(await note(state))) return false;
      const next = states.advanced(state, seq + 1, timestampMs);
      const slot = next.next_slot - 1;
      const name = `${String(slot).padStart(8, "0")}.${timestampMs}.pcm`;
      try {
        await writeDurably(folder, name, pcm);
      } catch (cause) {
        if (diskFault(cause) === "full") return false;
        throw cause;
      }
      files.set(slot, name);
      state = next;
      return true;
    },
    async read(seq): Promise<OutboxFrame | undefined> {
      const file = fileOf(seq);
      if (!file) return undefined;
      const pcm = await readFile(file.path);
      if (pcm.byteLength !== chunkBytes) {
        throw new OutboxDamagedError(
          `${file.path} has ${pcm.byteLength} bytes instead of ${chunkBytes}. ` +
            "Start again to go on without this second.",
        );
      }
      return { seq, timestampMs: Number(framePattern.exec(basename(file.path))?.[2]), pcm };
    },
    async remove(seqs) {
      for (const seq of seqs) {
        const slot = states.slotOf(state, seq);
        const name = slot === undefined ? undefined : files.get(slot);
        if (slot === undefined || name === undefined) continue;
        files.delete(slot);
        removed.set(slot, name);
      }
      await sweep();
    },
    async skipTo(next) {
      if (next > states.nextSeqOf(state)) await note(states.advanced(state, next));
    },
    async setEnd(end) {
      await note(states.endedAt(state, end));
    },
    async hold(seq) {
      const next = states.held(state, seq);
      if (next === state) return;
      // Forgotten on a full disk: then a next process takes these seconds for sent, under the numbers they have.
      await note(next);
      await ensureSpare(folder);
    },
    async release(by) {
      const slots = [...files.keys(), ...removed.keys()];
      const next = states.released(state, by, Math.min(state.next_slot, ...slots.slice(0, 1), ...removed.keys()));
      const from = state.unsent_from ?? state.next_slot;
      // Of what is not stored yet nothing can be doubled.
      if (slots.every((slot) => slot < from)) isReleaseBehind = !(await note(next));
      else await store(next);
      return states.endOf(state);
    },
    async setAside(seq) {
      const file = fileOf(seq);
      if (!file) return;
      await rename(file.path, `${file.path}.aside`).catch((cause: unknown) => {
        // Renamed by an attempt that failed after it.
        if (!isErrorCode(cause, "ENOENT")) throw cause;
      });
      await syncFolder(folder);
      files.delete(file.slot);
    },
    faultOf: diskFault,
    async close() {
      try {
        // There may be space by now; and what can't be stored is as the last crash would have left it.
        if (isStateBehind || removed.size > 0) await sweep();
      } catch (cause) {
        if (diskFault(cause) === undefined) throw cause;
      } finally {
        await despiteDiskFaults(unlock);
      }
    },
  };
}

async function readState(path: string): Promise<states.OutboxState> {
  try {
    return states.outboxStateSchema.parse(JSON.parse(await readFile(path, "utf8")));
  } catch (cause) {
    if (isErrorCode(cause, "ENOENT")) return states.newState;
    if (!(cause instanceof SyntaxError || cause instanceof $ZodError)) throw cause;
    // Guessing would lose seconds, or store them twice.
    throw new OutboxDamagedError(
      `${path} is damaged, or another version wrote it. The seconds beside it are whole, and raw s16le: use another ` +
        "folder and keep them, or delete it and append them to the track as new ones, behind what it has.",
      { cause },
    );
  }
}

async function writeBook(folder: string, state: states.OutboxState): Promise<void> {
  const bytes = new TextEncoder().encode(JSON.stringify(state));
  const spare = join(folder, spareName);
  try {
    await writeDurably(folder, bookName, bytes);
  } catch (cause) {
    if (diskFault(cause) !== "full") throw cause;
    // Where others take whatever is given up, the spare must stay: the two files change places.
    if (await writeBySwap(folder, bookName, spareName, bytes)) return;
    await rm(spare, { force: true });
    await writeDurably(folder, bookName, bytes);
  }
}

/** Takes the blocks of the spare file, if the disk has them. */
async function ensureSpare(folder: string): Promise<void> {
  const path = join(folder, spareName);
  const size = await stat(path).then(
    (found) => found.size,
    (cause: unknown) => {
      if (isErrorCode(cause, "ENOENT")) return 0;
      throw cause;
    },
  );
  if (size === spareBytes) return;
  try {
    await writeDurably(folder, spareName, new Uint8Array(spareBytes));
  } catch (cause) {
    if (diskFault(cause) !== "full") throw cause;
  }
}

interface FoundFrames {
  readonly files: Map<number, string>;
  readonly highestSlot: number;
  /** When that second began, ms since 1970. */
  readonly highestStartedAt: number;
}

/** The whole seconds of a folder by slot. Sweeps away what a crash left half written, sets aside what is damaged. */
async function findFrames(folder: string): Promise<FoundFrames> {
  const files = new Map<number, string>();
  let highestSlot = 0;
  let highestStartedAt = 0;
  const names = await readdir(folder);
  for (const name of names.filter((each) => temporaryPattern.test(each))) await rm(join(folder, name), { force: true });
  const frames = names.filter((name) => framePattern.test(name)).sort();
  for (let from = 0; from < frames.length; from += statBatch) {
    const batch = frames.slice(from, from + statBatch);
    const sizes = await Promise.all(batch.map(async (name) => (await stat(join(folder, name))).size));
    for (const [index, name] of batch.entries()) {
      const slot = Number(name.slice(0, 8));
      if (slot > highestSlot) {
        highestSlot = slot;
        highestStartedAt = Number(framePattern.exec(name)?.[2]);
      }
      if (!name.endsWith(".pcm")) continue;
      if (sizes[index] === chunkBytes) files.set(slot, name);
      else await rename(join(folder, name), join(folder, `${name}.damaged`));
    }
  }
  return { files, highestSlot, highestStartedAt };
}
