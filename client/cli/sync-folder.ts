/**
 * A folder that is the same on every device: `settings.json`, and `knowledge/*.md` and `*.txt`. What was last written here is noted with its
 * revision, so that a file that somebody changed meanwhile is neither written over nor pushed as if it knew the newer version.
 */
import { mkdir, realpath, rename, rm, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import type { SyncClient, SyncConflict } from "@roomtone/client/node";
import { bytesOf, contentOf, isSameContent, type Kind, type LocalFile, shaOf } from "./sync-content.ts";
import { entriesOf, filesIn, type FoundFiles, readOr, type UnfitFile } from "./sync-files.ts";
import { conflictFile, FileNames, fileOfId } from "./sync-names.ts";
import { type Notes, notesIn, notesName, stateFolder, type Written } from "./sync-notes.ts";
import { UsageError } from "./usage-error.ts";

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
    const empty: Notes = { gateway, files: {}, conflicts: {} };
    const notes = text === undefined ? empty : notesIn(text.toString());
    if (notes.gateway !== gateway)
      throw new UsageError(`This folder is synced with ${notes.gateway}: use another one for ${gateway}.`);
    return new SyncFolder(folder, { ...notes, files: oneFileEach(notes.files) });
  }

  async changes(): Promise<LocalChanges> {
    const { files, unnamed } = await this.#files();
    const touched = files.filter((file) => this.#isTouched(file));
    const changed = touched.filter(({ fault }) => fault === undefined);
    const unfit = [
      ...unnamed,
      ...touched.flatMap(({ name, fault }) => (fault === undefined ? [] : [{ name, why: fault }])),
    ];
    const here = new Set(files.map(keyOf));
    const removed = Object.entries(this.#notes.files)
      .filter(([key]) => !here.has(key))
      .map(([key, { name, revision }]) => ({ ...partsOf(key), name, revision }));
    const there = new Set([...(await entriesOf(this.#folder)), ...(await entriesOf(join(this.#folder, "knowledge")))]);
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
    const { files: all, unnamed } = await this.#files();
    const changed = all.filter((file) => this.#isTouched(file));
    const fileNames = new FileNames([
      ...all.map((file) => [keyOf(file), file.name] as const),
      ...Object.entries(this.#notes.files).map(([key, { name }]) => [key, name] as const),
      // No document's, and not to be written over either.
      ...unnamed.map(({ name }) => [`no document: ${name}`, name] as const),
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

  async #files(): Promise<FoundFiles> {
    // By the name that was noted, where an id came from elsewhere.
    const byName = new Map(
      Object.entries(this.#notes.files).flatMap(([key, { name }]) => {
        const { kind, id } = partsOf(key);
        return kind === "knowledge" ? [[name, id]] : [];
      }),
    );
    return filesIn(this.#folder, (name) => byName.get(name));
  }

  #isTouched(file: LocalFile): boolean {
    return file.fault !== undefined || this.#notes.files[keyOf(file)]?.sha256 !== shaOf(file.bytes);
  }

  async #isThere(kind: Kind, name: string): Promise<boolean> {
    return (await readOr(this.#path(kind, name), undefined)) !== undefined;
  }

  #path(kind: Kind, name: string): string {
    return kind === "settings" ? join(this.#folder, name) : join(this.#folder, "knowledge", name);
  }

  /** Whole or not at all; where the file is a link, what it leads to. */
  async #put(kind: Kind, name: string, bytes: Uint8Array): Promise<void> {
    const named = this.#path(kind, name);
    const path = await realpath(named).catch(() => named);
    // Hidden, and so no document; a name that somebody may have given would write over theirs.
    const temporary = join(dirname(path), `.roomtone-${basename(path)}.tmp`);
    await writeFile(temporary, bytes);
    await rename(temporary, path);
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
