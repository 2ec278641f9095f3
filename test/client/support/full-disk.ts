/**
 * Disks under `node:fs/promises` that get full at a step that the test chooses, one for each folder, so that many stories run at once.
 * Used by `vi.mock` of that module. Space is counted as disks do, in blocks; what a file of several names has is free once all are gone.
 */
import type * as Fs from "node:fs/promises";
import { dirname } from "node:path";

const blockBytes = 4_096;

export type DiskKind =
  /** One step fails, and there is space again for the next. */
  | "once"
  /** What is in a file can be written over; nothing else can be written. */
  | "full"
  /** As btrfs, ZFS and APFS: writing over takes new blocks. */
  | "copying"
  /** Another process takes whatever is given back. */
  | "shared";

interface Inode {
  blocks: number;
  names: number;
}

export class FullDisk {
  readonly #kind: DiskKind;
  readonly #failsAt: number;
  readonly #files = new Map<string, Inode>();
  #isFull = false;
  #isCounting = false;
  #freeBlocks = 0;
  /** Steps that may need space, so far. */
  steps = 0;

  /** @param failsAt the step from which on there is no space. */
  constructor(kind: DiskKind, failsAt: number) {
    this.#kind = kind;
    this.#failsAt = failsAt;
  }

  /** From now on steps count. */
  begin(): void {
    this.#isCounting = true;
  }

  /** Somebody emptied it: it stays so. */
  empty(): void {
    this.#isFull = false;
    this.#freeBlocks = Infinity;
  }

  /** A step that needs so many free blocks, and takes them if it is to write. @throws where it has fewer. */
  take(blocks: number, isToWrite = true): void {
    if (!this.#isCounting) return;
    this.steps += 1;
    const isNow = this.steps === this.#failsAt && this.#freeBlocks !== Infinity;
    if (isNow && this.#kind !== "once") this.#isFull = true;
    if ((isNow && this.#kind === "once") || (this.#isFull && blocks > this.#freeBlocks)) {
      throw Object.assign(new Error("ENOSPC: no space left on device"), { code: "ENOSPC", syscall: "write" });
    }
    if (this.#isFull && isToWrite) this.#freeBlocks -= blocks;
  }

  /** A file was made, with no bytes. @returns what its bytes are charged to. */
  handleMade(path: string): Inode {
    const file = this.#files.get(path) ?? { blocks: 0, names: 1 };
    this.#give(file.blocks);
    file.blocks = 0;
    this.#files.set(path, file);
    return file;
  }

  handleWritten(file: Inode, blocks: number): void {
    file.blocks = Math.max(file.blocks, blocks);
  }

  inodeOf(path: string): Inode {
    return this.#files.get(path) ?? { blocks: 0, names: 1 };
  }

  /** @returns blocks that writing over a file of so many takes. */
  overwriteCost({ blocks: has }: Inode, blocks: number): number {
    return this.#kind === "copying" ? blocks : Math.max(0, blocks - has);
  }

  get linkCost(): number {
    return this.#kind === "copying" ? 1 : 0;
  }

  handleLinked(from: string, to: string): void {
    const file = this.inodeOf(from);
    file.names += 1;
    this.#files.set(to, file);
  }

  handleRenamed(from: string, to: string): void {
    const file = this.inodeOf(from);
    this.handleRemoved(to);
    this.#files.delete(from);
    this.#files.set(to, file);
  }

  handleRemoved(path: string): void {
    const file = this.#files.get(path);
    if (!file) return;
    this.#files.delete(path);
    file.names -= 1;
    if (file.names === 0) this.#give(file.blocks);
  }

  #give(blocks: number): void {
    if (this.#kind !== "shared") this.#freeBlocks += blocks;
  }
}

const blocksOf = (bytes: number): number => Math.ceil(bytes / blockBytes);

/** @param diskOf the disk that a folder lies on; undefined for the machine's own. */
export function onDisks(fs: typeof Fs, diskOf: (folder: string) => FullDisk | undefined): Partial<typeof Fs> {
  const open = async (path: string, flags: string): Promise<Fs.FileHandle> => {
    const disk = diskOf(dirname(path));
    if (!disk || flags === "r") return fs.open(path, flags);
    if (flags !== "r+") disk.take(1, false);
    const file = await fs.open(path, flags);
    const inode = flags === "r+" ? disk.inodeOf(path) : disk.handleMade(path);
    const write = file.writeFile.bind(file);
    const writeOver = file.write.bind(file) as (bytes: Uint8Array, ...rest: number[]) => Promise<unknown>;
    file.writeFile = async (data) => {
      const bytes = data as Uint8Array;
      try {
        disk.take(disk.overwriteCost(inode, blocksOf(bytes.length)));
      } catch (cause) {
        await write(bytes.subarray(0, bytes.length / 2));
        throw cause;
      }
      await write(bytes);
      disk.handleWritten(inode, blocksOf(bytes.length));
    };
    file.write = (async (bytes: Uint8Array, ...rest: number[]) => {
      disk.take(disk.overwriteCost(inode, blocksOf(bytes.length)), false);
      disk.handleWritten(inode, blocksOf(bytes.length));
      return writeOver(bytes, ...rest);
    }) as typeof file.write;
    file.sync = async () => disk.take(0);
    return file;
  };
  const rename = async (from: string, to: string): Promise<void> => {
    const disk = diskOf(dirname(to));
    disk?.take(0);
    await fs.rename(from, to);
    disk?.handleRenamed(from, to);
  };
  const link = async (from: string, to: string): Promise<void> => {
    const disk = diskOf(dirname(to));
    disk?.take(disk.linkCost, false);
    await fs.link(from, to);
    disk?.handleLinked(from, to);
  };
  const truncate = async (path: string, bytes = 0): Promise<void> => {
    diskOf(dirname(path))?.take(0);
    await fs.truncate(path, bytes);
  };
  const mkdir = async (path: string): Promise<void> => {
    const isThere = await fs.stat(path).then(
      () => true,
      () => false,
    );
    if (!isThere) diskOf(dirname(path))?.take(1, false);
    await fs.mkdir(path);
  };
  const rm = async (path: string, options?: { readonly force?: boolean }): Promise<void> => {
    await fs.rm(path, options);
    diskOf(dirname(path))?.handleRemoved(path);
  };
  const calls = { open, rename, link, truncate, mkdir, rm };
  return { ...fs, ...(calls as unknown as Partial<typeof Fs>) };
}
