/** What lies in a synced folder: its documents, and what is none, with the reason. Changes nothing. */
import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { type LocalFile, textFault } from "./sync-content.ts";
import { idOfFile, isConflictFile } from "./sync-names.ts";

/** A file that stays here, and why. */
export interface UnfitFile {
  readonly name: string;
  readonly why: string;
}

export interface FoundFiles {
  readonly files: readonly LocalFile[];
  /** What somebody may have meant to be a document, and is none. */
  readonly unnamed: readonly UnfitFile[];
}

/** Names that people give texts; those that are documents are `.md` and `.txt`. */
const textName = /\.(md|txt|markdown|mdown|text)$/i;
const documentName = /\.(md|txt)$/;

/** @param notedId the id of the document that was last written under a name, where one was. */
export async function filesIn(folder: string, notedId: (name: string) => string | undefined): Promise<FoundFiles> {
  const files: LocalFile[] = [];
  const unnamed: UnfitFile[] = [];
  const settings = await readOr(join(folder, "settings.json"), undefined);
  if (settings) files.push({ kind: "settings", id: "settings", name: "settings.json", bytes: settings });
  const place = join(folder, "knowledge");
  const names = (await entriesOf(place)).filter((name) => !name.startsWith(".") && !isConflictFile(name));
  const ids = new Set<string>();
  // What was written here before goes first: whatever else looks like it is another file.
  for (const name of names.toSorted((a, b) => Number(!notedId(a)) - Number(!notedId(b)) || (a < b ? -1 : 1))) {
    const id = notedId(name) ?? idOfFile(name);
    const fault = await faultOf(join(place, name));
    if (id === undefined || ids.has(id)) {
      const why = id === undefined ? await noDocument(place, name, fault) : sameName;
      if (why !== undefined) unnamed.push({ name, why });
      continue;
    }
    const bytes = fault === undefined ? await readOr(join(place, name), undefined) : Buffer.alloc(0);
    if (bytes === undefined) continue;
    ids.add(id);
    files.push({ kind: "knowledge", id, name, bytes, fault: fault ?? textFault(bytes) });
  }
  return { files, unnamed: unnamed.toSorted((a, b) => (a.name < b.name ? -1 : 1)) };
}

const sameName = "another file has the same name, written in another way";
const isFolder = "it is a folder";

/** @returns why it can't be read as a file; a link is what it leads to. */
async function faultOf(path: string): Promise<string | undefined> {
  try {
    const found = await stat(path);
    if (found.isDirectory()) return isFolder;
    return found.isFile() ? undefined : "it is no file";
  } catch (cause) {
    if (cause instanceof Error && "code" in cause && ["ENOENT", "ELOOP", "ENOTDIR"].includes(String(cause.code)))
      return "it is a link that leads nowhere";
    throw cause;
  }
}

/** @returns undefined for what nobody takes for a document. */
async function noDocument(place: string, name: string, fault: string | undefined): Promise<string | undefined> {
  if (fault === isFolder)
    return (await entriesOf(join(place, name))).some((inside) => textName.test(inside)) ? fault : undefined;
  if (documentName.test(name)) return fault ?? "its name is too long";
  return textName.test(name) ? "only names that end in .md or .txt are documents" : undefined;
}

/** Names of all that is there, whatever it is. */
export async function entriesOf(folder: string): Promise<string[]> {
  return readdir(folder).catch((cause: unknown) => ifMissing(cause, []));
}

export async function readOr<T>(path: string, none: T): Promise<Buffer | T> {
  return readFile(path).catch((cause: unknown) => ifMissing(cause, none));
}

function ifMissing<T>(cause: unknown, none: T): T {
  if (cause instanceof Error && "code" in cause && cause.code === "ENOENT") return none;
  throw cause;
}
