/**
 * A folder that is the same on every device: `settings.json`, and `knowledge/*.md` and `*.txt`. What was last written here is noted with its
 * revision, so that a file that somebody changed meanwhile is neither written over nor pushed as if it knew the newer version.
 */
import { mkdir, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { SyncClient, SyncConflict } from "@roomtone/client/node";
import { bytesOf, contentOf, isSameContent, type Kind, type LocalFile, shaOf, textFault } from "./sync-content.ts";
import { conflictFile, FileNames, fileOfId, idOfFile } from "./sync-names.ts";
import { UsageError } from "./usage-error.ts";

export const stateFolder = ".roomtone-sync";
const notesName = "written.json";

interface Written {
  readonly name: string;
  readonly revision: number;
  /** SHA-256 of the file's bytes. */
  readonly sha256: string;
}
interface Notes {
  readonly gateway: string;
  readonly files: Record<string, Written>;
  /** By their conflict's id: the file with what came second. */
  readonly conflicts: Record<string, { readonly key: string; readonly name: string }>;
}
/** A file that stays here, and why. */
export interface UnfitFile {
  readonly name: string;
  readonly why: string;
}

/** What differs between the folder and what this device last had. */
export interface LocalChanges {
  readonly changed: readonly LocalFile[];
  readonly removed: readonly {
    readonly kind: Kind;
    readonly id: string;
    readonly name: string;
    readonly revision: number;
  }[];
  /** Conflicts whose file somebody has taken away: they are settled. */
  readonly settled: readonly string[];
  readonly unfit: readonly UnfitFile[];
}

export class SyncFolder {
  readonly #folder: string;
  #notes: Notes;
  /** Of files as they were put into the queue: once that is sent, the gateway has them, whatever became of them. */
  readonly #queued = new Map<string, string>();

  private constructor(folder: string, notes: Notes) {
    this.#folder = folder;
    this.#notes = notes;
  }

  /** @throws UsageError for a folder of another gateway. */
  static async open(folder: string, gateway: string): Promise<SyncFolder> {
    await mkdir(join(folder, stateFolder), { recursive: true });
    const text = await readOr(join(folder, stateFolder, notesName), undefined);
    const empty = { gateway, files: {}, conflicts: {} };
    const notes = text === undefined ? empty : (JSON.parse(text.toString()) as Notes);
    if (notes.gateway !== gateway)
      throw new UsageError(`This folder is synced with ${notes.gateway}: use another one for ${gateway}.`);
    return new SyncFolder(folder, { ...notes, files: oneFileEach(notes.files) });
  }

  async changes(): Promise<LocalChanges> {
    const { files, unnamed } = await this.#files();
    const touched = files.filter((file) => this.#notes.files[keyOf(file)]?.sha256 !== shaOf(file.bytes));
    const changed = touched.filter(({ fault }) => fault === undefined);
    const unfit = [
      ...unnamed,
      ...touched.flatMap(({ name, fault }) => (fault === undefined ? [] : [{ name, why: fault }])),
    ];
    const here = new Set(files.map(keyOf));
    const removed = Object.entries(this.#notes.files)
      .filter(([key]) => !here.has(key))
      .map(([key, { name, revision }]) => ({ ...partsOf(key), name, revision }));
    const there = new Set([...(await names(this.#folder)), ...(await names(join(this.#folder, "knowledge")))]);
    const settled = Object.entries(this.#notes.conflicts).flatMap(([id, { name }]) => (there.has(name) ? [] : [id]));
    return { changed, removed, settled, unfit };
  }

  /** Puts what was changed here into the device's queue. @throws UsageError where all is gone, unless that is meant. */
  async queue(client: SyncClient, { changed, removed, settled }: LocalChanges, mayEmpty: boolean): Promise<void> {
    const known = Object.keys(this.#notes.files).length;
    if (removed.length > 1 && removed.length === known && changed.length === 0 && !mayEmpty)
      throw new UsageError(
        "Every file of this folder is gone. If they are to be deleted everywhere, add --delete-all.",
      );
    for (const conflictId of settled) await client.resolve(conflictId, "theirs");
    for (const file of changed) {
      const revision = this.#notes.files[keyOf(file)]?.revision ?? 0;
      this.#queued.set(keyOf(file), shaOf(file.bytes));
      await client.set(file.kind, file.id, contentOf(file), { revision });
    }
    for (const { kind, id, revision } of removed) await client.delete(kind, id, { revision });
  }

  /** Writes what the device has into the folder. @returns files that were left alone, since somebody changed them. */
  async write(client: SyncClient): Promise<string[]> {
    await mkdir(join(this.#folder, "knowledge"), { recursive: true });
    const { files: all } = await this.#files();
    const changed = all.filter((file) => this.#notes.files[keyOf(file)]?.sha256 !== shaOf(file.bytes));
    const fileNames = new FileNames([
      ...all.map((file) => [keyOf(file), file.name] as const),
      ...Object.entries(this.#notes.files).map(([key, { name }]) => [key, name] as const),
    ]);
    const pending = new Set(client.pending().map(({ collection, id }) => `${collection}/${id}`));
    const conflicts = client.conflicts();
    const mine = new Map(changed.map((file) => [keyOf(file), file]));
    const left: string[] = [];
    const files: Record<string, Written> = {};
    for (const kind of ["settings", "knowledge"] as const) {
      for (const document of client.documents(kind)) {
        if (kind === "settings" && document.id !== "settings") continue;
        const key = `${kind}/${document.id}`;
        const before = this.#notes.files[key];
        const own = mine.get(key);
        const name =
          before?.name ??
          own?.name ??
          (kind === "settings" ? "settings.json" : fileNames.free(key, fileOfId(document.id, document.media_type)));
        const bytes = await bytesOf(client, document);
        const isFit = own !== undefined && own.fault === undefined;
        const isSame = isFit && isSameContent(own, document, bytes);
        const isKept =
          isFit &&
          (this.#queued.get(key) === shaOf(own.bytes) ||
            conflicts.some((one) => isOf(one, key) && isSameContent(own, one.yours ?? {})));
        if (own && !isSame && !isKept) {
          // Somebody's work, which the gateway does not have yet.
          left.push(name);
          if (before) files[key] = before;
          continue;
        }
        if (own === undefined && before?.revision === document.revision) {
          files[key] = before;
          // Deleted here, and not pushed.
          if (!(await this.#isThere(kind, name))) left.push(name);
          continue;
        }
        // Settings say the same however they are laid out.
        const now = own && isSame ? own.bytes : bytes;
        if (now === bytes && !pending.has(key)) await this.#put(kind, name, bytes);
        files[key] = { name, revision: document.revision, sha256: shaOf(now) };
      }
    }
    for (const [key, before] of Object.entries(this.#notes.files)) {
      if (files[key]) continue;
      if (mine.has(key)) left.push(before.name);
      else await rm(this.#path(partsOf(key).kind, before.name), { force: true });
    }
    await this.#note({ ...this.#notes, files, conflicts: await this.#writeConflicts(conflicts, client) });
    return left;
  }

  async #writeConflicts(conflicts: readonly SyncConflict[], client: SyncClient): Promise<Notes["conflicts"]> {
    const noted: Notes["conflicts"] = {};
    for (const { collection: kind, id, conflict_id, yours } of conflicts) {
      if (kind === "adapters" || (kind === "settings" && id !== "settings")) continue;
      const name = conflictFile(kind === "settings" ? "settings.json" : fileOfId(id, yours?.media_type), conflict_id);
      noted[conflict_id] = { key: `${kind}/${id}`, name };
      if (this.#notes.conflicts[conflict_id]) continue;
      const bytes = yours && !yours.deleted ? await bytesOf(client, yours) : Buffer.from("(deleted)\n");
      await this.#put(kind, name, bytes);
    }
    for (const [id, { key, name }] of Object.entries(this.#notes.conflicts))
      if (!noted[id]) await rm(this.#path(partsOf(key).kind, name), { force: true });
    return noted;
  }

  async #files(): Promise<{ files: LocalFile[]; unnamed: UnfitFile[] }> {
    const files: LocalFile[] = [];
    const unnamed: UnfitFile[] = [];
    const settings = await readOr(join(this.#folder, "settings.json"), undefined);
    if (settings) files.push({ kind: "settings", id: "settings", name: "settings.json", bytes: settings });
    // By the name that was noted, where an id came from elsewhere.
    const byName = new Map(Object.entries(this.#notes.files).map(([key, { name }]) => [name, key]));
    for (const name of await names(join(this.#folder, "knowledge"))) {
      const noted = byName.get(name);
      const id = noted?.startsWith("knowledge/") ? partsOf(noted).id : idOfFile(name);
      if (id === undefined) {
        if (/\.(md|txt)$/.test(name) && !/\.conflict-[0-9a-f]{8}\./.test(name))
          unnamed.push({ name, why: "its name is too long" });
        continue;
      }
      const bytes = await readOr(join(this.#folder, "knowledge", name), undefined);
      if (bytes === undefined) continue;
      files.push({ kind: "knowledge", id, name, bytes, fault: textFault(bytes) });
    }
    return { files, unnamed };
  }

  async #isThere(kind: Kind, name: string): Promise<boolean> {
    return (await readOr(this.#path(kind, name), undefined)) !== undefined;
  }

  #path(kind: Kind, name: string): string {
    return kind === "settings" ? join(this.#folder, name) : join(this.#folder, "knowledge", name);
  }

  /** Whole or not at all. */
  async #put(kind: Kind, name: string, bytes: Uint8Array): Promise<void> {
    const path = this.#path(kind, name);
    await writeFile(`${path}.tmp`, bytes);
    await rename(`${path}.tmp`, path);
  }

  async #note(notes: Notes): Promise<void> {
    const path = join(this.#folder, stateFolder, notesName);
    await writeFile(`${path}.tmp`, `${JSON.stringify(notes, null, 2)}\n`);
    await rename(`${path}.tmp`, path);
    this.#notes = notes;
  }
}

const keyOf = ({ kind, id }: Pick<LocalFile, "kind" | "id">): string => `${kind}/${id}`;

function partsOf(key: string): { kind: Kind; id: string } {
  const at = key.indexOf("/");
  return { kind: key.slice(0, at) === "settings" ? "settings" : "knowledge", id: key.slice(at + 1) };
}

/** An earlier version could write two documents into one file: it is the last one's, and the others get files of their own. */
function oneFileEach(files: Notes["files"]): Notes["files"] {
  const byPath = new Map(Object.entries(files).map(([key, { name }]) => [`${partsOf(key).kind}/${name}`, key]));
  return Object.fromEntries(
    Object.entries(files).filter(([key, { name }]) => byPath.get(`${partsOf(key).kind}/${name}`) === key),
  );
}

function isOf({ collection, id }: SyncConflict, key: string): boolean {
  return `${collection}/${id}` === key;
}

async function readOr<T>(path: string, none: T): Promise<Buffer | T> {
  try {
    return await readFile(path);
  } catch (cause) {
    if (cause instanceof Error && "code" in cause && cause.code === "ENOENT") return none;
    throw cause;
  }
}

async function names(folder: string): Promise<string[]> {
  try {
    const entries = await readdir(folder, { withFileTypes: true });
    return entries.filter((entry) => entry.isFile()).map(({ name }) => name);
  } catch (cause) {
    if (cause instanceof Error && "code" in cause && cause.code === "ENOENT") return [];
    throw cause;
  }
}
