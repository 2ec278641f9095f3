/**
 * As much of WASI as flite needs: arguments, one file that it writes, and an end. It reads nothing of this machine, writes
 * nothing to it, and its clock stands still. One run an instance.
 */

import { Instance, type WasmMemory, type WasmModule } from "./web-assembly.ts";

const errno = { ok: 0, badDescriptor: 8, cannotSeek: 70 } as const;
const fileType = { characters: 2, folder: 3, file: 4 } as const;
const rootDescriptor = 3;
const everyRight = 0xffff_ffff_ffff_ffffn;

class ProgramEnd extends Error {
  readonly code: number;
  constructor(code: number) {
    super(`the program ended with ${code}`);
    this.code = code;
  }
}

/** @returns what the program wrote into the files that it opened. @throws with what it printed where it ended badly. */
export function runWasi(module: WasmModule, args: readonly string[]): Uint8Array {
  const program = new WasiProgram(args);
  const instance = new Instance(module, { wasi_snapshot_preview1: program.imports() });
  program.memory = instance.exports["memory"] as WasmMemory;
  try {
    (instance.exports["_start"] as () => void)();
  } catch (cause) {
    if (!(cause instanceof ProgramEnd)) throw cause;
    if (cause.code !== 0) throw new Error(`${cause.message}: ${program.printed}`, { cause });
  }
  return program.written();
}

class WasiProgram {
  memory: WasmMemory | undefined;
  printed = "";
  readonly #args: readonly Uint8Array[];
  #file = new Uint8Array(1 << 18);
  #size = 0;
  #positions = new Map<number, number>();

  constructor(args: readonly string[]) {
    this.#args = args.map((text) => new TextEncoder().encode(`${text}\0`));
  }

  written(): Uint8Array {
    return this.#file.subarray(0, this.#size);
  }

  imports(): Record<string, (...values: never[]) => number> {
    return {
      args_sizes_get: (count: number, size: number) => {
        this.#view().setUint32(count, this.#args.length, true);
        return this.#put32(
          size,
          this.#args.reduce((sum, { byteLength }) => sum + byteLength, 0),
        );
      },
      args_get: (pointers: number, bytes: number) => this.#putArgs(pointers, bytes),
      clock_time_get: (_id: number, _precision: bigint, at: number) => {
        this.#view().setBigUint64(at, 0n, true);
        return errno.ok;
      },
      fd_close: () => errno.ok,
      fd_fdstat_get: (fd: number, at: number) => this.#putStatus(fd, at),
      fd_fdstat_set_flags: () => errno.ok,
      fd_prestat_get: (fd: number, at: number) => {
        if (fd !== rootDescriptor) return errno.badDescriptor;
        this.#view().setUint8(at, 0);
        return this.#put32(at + 4, 1);
      },
      fd_prestat_dir_name: (_fd: number, at: number) => {
        this.#view().setUint8(at, ".".codePointAt(0) ?? 0);
        return errno.ok;
      },
      // There is nothing to read.
      fd_read: (_fd: number, _vectors: number, _count: number, read: number) => this.#put32(read, 0),
      fd_seek: (fd: number, offset: bigint, from: number, at: number) => this.#seek(fd, Number(offset), from, at),
      fd_write: (fd: number, vectors: number, count: number, wrote: number) => this.#write(fd, vectors, count, wrote),
      path_open: (...values: number[]) => {
        const fd = rootDescriptor + 1 + this.#positions.size;
        this.#positions.set(fd, 0);
        return this.#put32(values[8] ?? 0, fd);
      },
      proc_exit: (code: number) => {
        throw new ProgramEnd(code);
      },
    };
  }

  #view(): DataView {
    if (!this.memory) throw new Error("the program has no memory yet");
    return new DataView(this.memory.buffer);
  }

  #put32(at: number, value: number): number {
    this.#view().setUint32(at, value, true);
    return errno.ok;
  }

  #putArgs(pointers: number, bytes: number): number {
    const view = this.#view();
    const memory = new Uint8Array(view.buffer);
    let to = bytes;
    for (const [i, arg] of this.#args.entries()) {
      view.setUint32(pointers + 4 * i, to, true);
      memory.set(arg, to);
      to += arg.byteLength;
    }
    return errno.ok;
  }

  #putStatus(fd: number, at: number): number {
    const view = this.#view();
    const type = fd < rootDescriptor ? fileType.characters : fd === rootDescriptor ? fileType.folder : fileType.file;
    view.setUint8(at, type);
    view.setUint16(at + 2, 0, true);
    view.setBigUint64(at + 8, everyRight, true);
    view.setBigUint64(at + 16, everyRight, true);
    return errno.ok;
  }

  #seek(fd: number, offset: number, from: number, at: number): number {
    const position = this.#positions.get(fd);
    if (position === undefined) return errno.cannotSeek;
    const base = [0, position, this.#size][from] ?? 0;
    this.#positions.set(fd, base + offset);
    this.#view().setBigUint64(at, BigInt(base + offset), true);
    return errno.ok;
  }

  #write(fd: number, vectors: number, count: number, wrote: number): number {
    const view = this.#view();
    let total = 0;
    for (let i = 0; i < count; i++) {
      const at = view.getUint32(vectors + 8 * i, true);
      const bytes = new Uint8Array(view.buffer, at, view.getUint32(vectors + 8 * i + 4, true));
      if (fd < rootDescriptor) this.printed += new TextDecoder().decode(bytes);
      else this.#append(fd, bytes);
      total += bytes.byteLength;
    }
    return this.#put32(wrote, total);
  }

  #append(fd: number, bytes: Uint8Array): void {
    const at = this.#positions.get(fd) ?? 0;
    const end = at + bytes.byteLength;
    if (end > this.#file.byteLength) {
      const larger = new Uint8Array(Math.max(end, 2 * this.#file.byteLength));
      larger.set(this.#file);
      this.#file = larger;
    }
    this.#file.set(bytes, at);
    this.#positions.set(fd, end);
    this.#size = Math.max(this.#size, end);
  }
}
