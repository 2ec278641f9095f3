/**
 * A disk under `node:fs/promises` on which a process can die: after so many steps that change it, the next does
 * nothing, or half of a write, and neither does any that follows. Used by `vi.mock` of that module.
 */
import type * as Fs from "node:fs/promises";

export class CrashingDisk {
  /** Steps done so far. */
  steps = 0;
  /** Takes no write of a file, but a small one where `outbox.spare` was given up. */
  isFull = false;
  #left = Infinity;
  #isSpareGiven = false;

  get isDead(): boolean {
    return this.#left === 0;
  }

  dieAfter(steps: number): void {
    this.#left = steps;
  }

  /** @throws where the process died before. */
  step(): void {
    if (this.isDead) throw new Error("the process is dead");
    this.#left -= 1;
    this.steps += 1;
  }

  wrap(fs: typeof Fs): Partial<typeof Fs> {
    const open = async (path: string, flags: string): Promise<Fs.FileHandle> => {
      if (flags === "r") return fs.open(path, flags);
      this.step();
      const file = await fs.open(path, flags);
      const write = file.writeFile.bind(file);
      file.writeFile = async (data) => {
        const bytes = data as Uint8Array;
        if (this.isFull && !(this.#isSpareGiven && bytes.length < 16_384)) {
          throw Object.assign(new Error("no space left on device"), { code: "ENOSPC" });
        }
        try {
          this.step();
        } catch (cause) {
          await write(bytes.subarray(0, bytes.length / 2));
          throw cause;
        }
        await write(bytes);
      };
      return file;
    };
    const rename: typeof Fs.rename = async (from, to) => {
      this.step();
      await fs.rename(from, to);
    };
    const rm: typeof Fs.rm = async (path, options) => {
      this.step();
      if (String(path).endsWith("outbox.spare")) this.#isSpareGiven = true;
      await fs.rm(path, options);
    };
    return { ...fs, open: open as typeof Fs.open, rename, rm };
  }
}
