/**
 * MessagePack read a second time, out of the specification alone, within the limits that a frame has: what the gateway
 * takes for a message must be one here too, and the other way round. Slow and plain.
 */
import { limits } from "../../schemas/limits.ts";

const maxItems = 64;

class Bad extends Error {}

/** @returns undefined for what is not exactly one value within the limits. */
export function readMsgpack(bytes: Uint8Array): { readonly value: unknown } | undefined {
  const reader = new Reader(bytes);
  try {
    const value = reader.read(0);
    return reader.isAtEnd ? { value } : undefined;
  } catch (cause) {
    if (cause instanceof Bad || cause instanceof RangeError) return undefined;
    throw cause;
  }
}

class Reader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get isAtEnd(): boolean {
    return this.#at === this.#bytes.byteLength;
  }

  read(depth: number): unknown {
    const head = this.#uint(1);
    if (head < 0x80) return head;
    if (head < 0x90) return this.#map(head - 0x80, depth + 1);
    if (head < 0xa0) return this.#array(head - 0x90, depth + 1);
    if (head < 0xc0) return this.#text(head - 0xa0);
    if (head >= 0xe0) return head - 0x100;
    switch (head) {
      case 0xc0:
        return null;
      case 0xc2:
        return false;
      case 0xc3:
        return true;
      case 0xc4:
      case 0xc5:
      case 0xc6:
        return this.#take(this.#uint(1 << (head - 0xc4)));
      case 0xc7:
      case 0xc8:
      case 0xc9:
        return this.#extension(this.#uint(1 << (head - 0xc7)));
      case 0xca:
        return this.#number(4, (at) => this.#view.getFloat32(at));
      case 0xcb:
        return this.#number(8, (at) => this.#view.getFloat64(at));
      case 0xcc:
      case 0xcd:
      case 0xce:
        return this.#uint(1 << (head - 0xcc));
      case 0xcf:
        return this.#number(8, (at) => Number(this.#view.getBigUint64(at)));
      case 0xd0:
        return this.#number(1, (at) => this.#view.getInt8(at));
      case 0xd1:
        return this.#number(2, (at) => this.#view.getInt16(at));
      case 0xd2:
        return this.#number(4, (at) => this.#view.getInt32(at));
      case 0xd3:
        return this.#number(8, (at) => Number(this.#view.getBigInt64(at)));
      case 0xd4:
      case 0xd5:
      case 0xd6:
      case 0xd7:
      case 0xd8:
        return this.#extension(1 << (head - 0xd4));
      case 0xd9:
      case 0xda:
      case 0xdb:
        return this.#text(this.#uint(1 << (head - 0xd9)));
      case 0xdc:
      case 0xdd:
        return this.#array(this.#uint(2 << (head - 0xdc)), depth + 1);
      case 0xde:
      case 0xdf:
        return this.#map(this.#uint(2 << (head - 0xde)), depth + 1);
      default:
        throw new Bad("0xc1 is no format");
    }
  }

  #array(size: number, depth: number): unknown[] {
    this.#enter(size, depth);
    return Array.from({ length: size }, () => this.read(depth));
  }

  #map(size: number, depth: number): Record<string, unknown> {
    this.#enter(size, depth);
    const map: Record<string, unknown> = {};
    for (let i = 0; i < size; i += 1) {
      const key = this.read(depth);
      if ((typeof key !== "string" && typeof key !== "number") || key === "__proto__") throw new Bad("no key");
      map[key] = this.read(depth);
    }
    return map;
  }

  /** A value may lie so many levels deep; an empty map has none in it. */
  #enter(size: number, depth: number): void {
    if (size > maxItems || (size > 0 && depth > limits.maxMsgpackDepth)) throw new Bad("beyond the limits");
  }

  /** A value of an extension type: an object without fields of its own, as far as a message goes. */
  #extension(size: number): object {
    if (size > maxItems) throw new Bad("beyond the limits");
    const isTimestamp = this.#number(1, (at) => this.#view.getInt8(at)) === -1;
    if (isTimestamp && ![4, 8, 12].includes(size)) throw new Bad("no timestamp");
    this.#take(size);
    return {};
  }

  #text(size: number): string {
    return new TextDecoder("utf-8", { fatal: false, ignoreBOM: true }).decode(this.#take(size));
  }

  #uint(size: number): number {
    let value = 0;
    for (const byte of this.#take(size)) value = value * 256 + byte;
    return value;
  }

  #number(size: number, read: (at: number) => number): number {
    const at = this.#at;
    this.#take(size);
    return read(at);
  }

  #take(size: number): Uint8Array {
    if (this.#at + size > this.#bytes.byteLength) throw new Bad("cut off");
    this.#at += size;
    return this.#bytes.subarray(this.#at - size, this.#at);
  }
}
