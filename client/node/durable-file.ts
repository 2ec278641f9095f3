/** Files that are whole or not there, and on disk once the promise says so. */
import { mkdir, open, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";

/** Writes a whole file or none. `<name>.tmp` may be left behind by a crash. */
export async function writeDurably(folder: string, name: string, bytes: Uint8Array): Promise<void> {
  const temporary = join(folder, `${name}.tmp`);
  try {
    const file = await open(temporary, "w");
    try {
      await file.writeFile(bytes);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, join(folder, name));
  } catch (cause) {
    await rm(temporary, { force: true });
    throw cause;
  }
  await syncFolder(folder);
}

/**
 * Makes a folder with its parents. Not with `recursive`: in Node that never ends below a folder that is there and takes no entry,
 * such as /proc.
 *
 * @returns the topmost folder that was made.
 */
export async function makeFolder(folder: string): Promise<string | undefined> {
  try {
    await mkdir(folder);
    return folder;
  } catch (cause) {
    if (isErrorCode(cause, "EEXIST")) return undefined;
    const parent = dirname(folder);
    if (!isErrorCode(cause, "ENOENT") || parent === folder) throw cause;
    const topmost = await makeFolder(parent);
    try {
      await mkdir(folder);
    } catch (again) {
      if (!isErrorCode(again, "EEXIST")) throw again;
    }
    return topmost ?? folder;
  }
}

/** Has a folder's entries on disk. Windows knows no such thing, and needs none: NTFS logs its entries. */
export async function syncFolder(folder: string): Promise<void> {
  if (process.platform === "win32") return;
  const directory = await open(folder, "r");
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}

export function isErrorCode(cause: unknown, code: string): boolean {
  return cause instanceof Error && "code" in cause && cause.code === code;
}
