/** Files that are whole or not there, and on disk once the promise says so. */
import { link, mkdir, open, rename, rm } from "node:fs/promises";
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
 * Replaces a file on a full disk, as a whole or not at all: the bytes go into the blocks that `spare` has, and the old file is the
 * next spare. What is left of its length becomes blanks.
 * @returns false where there is no spare or the disk can't do that; then nothing has changed but the spare's content.
 */
export async function writeBySwap(folder: string, name: string, spare: string, bytes: Uint8Array): Promise<boolean> {
  const [path, sparePath, oldPath] = [join(folder, name), join(folder, spare), join(folder, `${spare}.tmp`)];
  try {
    const file = await open(sparePath, "r+");
    try {
      const { size } = await file.stat();
      const filled = new Uint8Array(Math.max(size, bytes.length)).fill(0x20);
      filled.set(bytes);
      await file.write(filled, 0, filled.length, 0);
      await file.sync();
    } finally {
      await file.close();
    }
    await rm(oldPath, { force: true });
    await link(path, oldPath);
  } catch (cause) {
    if (cause instanceof Error && "syscall" in cause) return false;
    throw cause;
  }
  await rename(sparePath, path);
  await rename(oldPath, sparePath);
  await syncFolder(folder);
  return true;
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
