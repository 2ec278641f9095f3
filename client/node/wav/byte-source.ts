/** Bytes in order, from a file or a stream, with no more in memory than was asked for. */
import type { FileHandle } from "node:fs/promises";
import { despiteDiskFaults } from "../disk-fault.ts";

export interface ByteSource {
  /** @returns `length` bytes, fewer at the end only. */
  read(length: number): Promise<Buffer>;
  /** Passes over bytes. @returns how many there were. */
  skip(length: number): Promise<number>;
}

/** A file, which can pass over bytes without reading them. @param size of the file, bytes. */
export class FileBytes implements ByteSource {
  readonly #file: FileHandle;
  readonly #size: number;
  #at = 0;

  constructor(file: FileHandle, size: number) {
    this.#file = file;
    this.#size = size;
  }

  /** Bytes behind the ones that were read. */
  get left(): number {
    return Math.max(0, this.#size - this.#at);
  }

  async read(length: number): Promise<Buffer> {
    const buffer = Buffer.alloc(Math.min(length, this.left));
    let filled = 0;
    while (filled < buffer.length) {
      const from = filled;
      // A network drive that is away for a moment is no end.
      const { bytesRead } = await despiteDiskFaults(() =>
        this.#file.read(buffer, from, buffer.length - from, this.#at + from),
      );
      // The file was cut while it is read.
      if (bytesRead === 0) break;
      filled += bytesRead;
    }
    this.#at += filled;
    return buffer.subarray(0, filled);
  }

  async skip(length: number): Promise<number> {
    const skipped = Math.min(length, this.left);
    this.#at += skipped;
    return skipped;
  }
}

const skipStepBytes = 65_536;

/** A stream, pulled as bytes are asked for: whoever writes it waits meanwhile. */
export class StreamBytes implements ByteSource {
  readonly #pieces: AsyncIterator<Buffer>;
  /** Read from the stream, and not asked for yet. */
  #rest: Buffer = Buffer.alloc(0);
  #isOver = false;

  constructor(stream: AsyncIterable<Buffer>) {
    this.#pieces = stream[Symbol.asyncIterator]();
  }

  /** @returns the next `length` bytes without taking them; fewer at the end only. */
  async peek(length: number): Promise<Buffer> {
    const pieces = [this.#rest];
    let have = this.#rest.length;
    while (have < length && !this.#isOver) {
      const next = await this.#pieces.next();
      if (next.done === true) this.#isOver = true;
      else {
        pieces.push(next.value);
        have += next.value.length;
      }
    }
    if (pieces.length > 1) this.#rest = Buffer.concat(pieces);
    return this.#rest.subarray(0, length);
  }

  async read(length: number): Promise<Buffer> {
    const bytes = await this.peek(length);
    this.#rest = this.#rest.subarray(bytes.length);
    return bytes;
  }

  /** @returns whatever has arrived, at least one byte and at most `maxLength`; empty at the end. */
  async readSome(maxLength: number): Promise<Buffer> {
    await this.peek(1);
    return this.read(Math.min(maxLength, Math.max(1, this.#rest.length)));
  }

  async skip(length: number): Promise<number> {
    let skipped = 0;
    while (skipped < length) {
      const bytes = await this.read(Math.min(skipStepBytes, length - skipped));
      if (bytes.length === 0) break;
      skipped += bytes.length;
    }
    return skipped;
  }
}
