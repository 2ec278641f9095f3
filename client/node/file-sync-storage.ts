/**
 * What a device of sync keeps, in a folder:
 *
 *   state.log      a line for each commit: a list of [key, value], where null removes; a line that a crash has cut is none
 *   body-<sha256>  bodies that the gateway has not taken yet
 *
 * A commit is on disk, as a whole, when its promise resolves. The log is written anew once most of it is out of date. One process at a
 * time has the folder.
 */
import { type FileHandle, open, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { type SyncBatch, SyncDamagedError, type SyncStorage } from "../sync/sync-types.ts";
import { isErrorCode, makeFolder, writeDurably } from "./durable-file.ts";
import { lockFolder } from "./folder-lock.ts";

const logName = "state.log";
/** Below that, what is out of date is not worth a rewrite. */
const leastRewriteBytes = 1_048_576;
const sha256Pattern = /^[0-9a-f]{64}$/;

/** @throws OutboxLockedError while another process has the folder; SyncDamagedError for a log that this did not write. */
export async function openFileSyncStorage(folder: string): Promise<SyncStorage> {
  await makeFolder(folder);
  const unlock = await lockFolder(folder, { linkTo: join(folder, logName), giveUp: () => Promise.resolve() });
  try {
    const { rows, bytes } = await readLog(folder);
    return new FileSyncStorage(folder, rows, bytes, unlock);
  } catch (cause) {
    await unlock();
    throw cause;
  }
}

class FileSyncStorage implements SyncStorage {
  readonly #folder: string;
  readonly #rows: Map<string, unknown>;
  readonly #unlock: () => Promise<void>;
  /** Of the log that are whole commits; what lies behind them is cut off before the next one. */
  #bytes: number;
  #liveBytes: number;
  #file: FileHandle | undefined;

  constructor(folder: string, rows: Map<string, unknown>, bytes: number, unlock: () => Promise<void>) {
    this.#folder = folder;
    this.#rows = rows;
    this.#bytes = bytes;
    this.#liveBytes = bytes;
    this.#unlock = unlock;
  }

  load(): Promise<ReadonlyMap<string, unknown>> {
    return Promise.resolve(new Map(this.#rows));
  }

  async commit(batch: SyncBatch): Promise<void> {
    const line = new TextEncoder().encode(`${JSON.stringify([...batch])}\n`);
    this.#file ??= await this.#opened();
    try {
      await this.#file.truncate(this.#bytes);
      await writeAll(this.#file, line, this.#bytes);
      await this.#file.sync();
    } catch (cause) {
      await this.#shut();
      throw cause;
    }
    this.#bytes += line.length;
    apply(this.#rows, batch);
    if (this.#bytes > Math.max(leastRewriteBytes, 2 * this.#liveBytes)) await this.#rewrite();
  }

  async putBody(sha256: string, bytes: Uint8Array): Promise<void> {
    await writeDurably(this.#folder, bodyName(sha256), bytes);
  }

  async body(sha256: string): Promise<Uint8Array | undefined> {
    try {
      return await readFile(join(this.#folder, bodyName(sha256)));
    } catch (cause) {
      if (isErrorCode(cause, "ENOENT")) return undefined;
      throw cause;
    }
  }

  async dropBody(sha256: string): Promise<void> {
    await rm(join(this.#folder, bodyName(sha256)), { force: true });
  }

  async close(): Promise<void> {
    await this.#shut();
    await this.#unlock();
  }

  async #rewrite(): Promise<void> {
    const bytes = new TextEncoder().encode(this.#rows.size === 0 ? "" : `${JSON.stringify([...this.#rows])}\n`);
    await this.#shut();
    await writeDurably(this.#folder, logName, bytes);
    [this.#bytes, this.#liveBytes] = [bytes.length, bytes.length];
  }

  async #opened(): Promise<FileHandle> {
    try {
      return await open(join(this.#folder, logName), "r+");
    } catch (cause) {
      if (!isErrorCode(cause, "ENOENT")) throw cause;
      await writeDurably(this.#folder, logName, new Uint8Array());
      return open(join(this.#folder, logName), "r+");
    }
  }

  async #shut(): Promise<void> {
    const file = this.#file;
    this.#file = undefined;
    await file?.close();
  }
}

async function readLog(folder: string): Promise<{ rows: Map<string, unknown>; bytes: number }> {
  let text = "";
  try {
    text = await readFile(join(folder, logName), "utf8");
  } catch (cause) {
    if (!isErrorCode(cause, "ENOENT")) throw cause;
  }
  const whole = text.slice(0, text.lastIndexOf("\n") + 1);
  const rows = new Map<string, unknown>();
  for (const [at, line] of whole.split("\n").slice(0, -1).entries())
    apply(rows, batchIn(line, `${folder}, line ${at + 1}`));
  return { rows, bytes: new TextEncoder().encode(whole).length };
}

function batchIn(line: string, where: string): Map<string, unknown> {
  try {
    const entries: unknown = JSON.parse(line);
    if (Array.isArray(entries) && entries.every(isEntry)) return new Map(entries);
  } catch {
    // Told below.
  }
  throw new SyncDamagedError(`What is kept of sync is damaged: ${where}. Move the folder away to begin anew.`);
}

function isEntry(entry: unknown): entry is [string, unknown] {
  return Array.isArray(entry) && entry.length === 2 && typeof entry[0] === "string";
}

function apply(rows: Map<string, unknown>, batch: SyncBatch): void {
  for (const [key, value] of batch) {
    if (value === null) rows.delete(key);
    else rows.set(key, value);
  }
}

async function writeAll(file: FileHandle, bytes: Uint8Array, from: number): Promise<void> {
  for (let done = 0; done < bytes.length;)
    done += (await file.write(bytes, done, bytes.length - done, from + done)).bytesWritten;
}

/** A name of a file is never what somebody sent. */
function bodyName(sha256: string): string {
  if (!sha256Pattern.test(sha256)) throw new TypeError("A body is named by its SHA-256.");
  return `body-${sha256}`;
}
