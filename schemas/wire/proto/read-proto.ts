/**
 * A client's frame out of Protocol Buffers, as the plain object that the schemas judge. Never throws but `ProtoError` on input, skips what it
 * does not know, and allocates nothing beyond the frame it was given but what the fields' table bounds.
 */
import { clientTypes, type MessageName, protoMessages, type ProtoField, type ProtoFields } from "./fields.ts";

export class ProtoError extends Error {
  override readonly name = "ProtoError";
}

const maxRepeated = 64;
const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const [varintWire, fixed64Wire, bytesWire, fixed32Wire] = [0, 1, 2, 5];

class Bytes {
  readonly #bytes: Uint8Array;
  readonly #end: number;
  #at: number;

  constructor(bytes: Uint8Array, at: number, end: number) {
    this.#bytes = bytes;
    this.#at = at;
    this.#end = end;
  }

  get isOver(): boolean {
    return this.#at >= this.#end;
  }

  /** Beyond 2^53 it is no number that can be told from its neighbour. */
  varint(): number {
    let value = 0;
    for (let shift = 0; shift < 10; shift += 1) {
      const byte = this.#next();
      value += (byte & 0x7f) * 2 ** (7 * shift);
      if (byte < 0x80) return value;
    }
    throw new ProtoError("a varint is longer than ten bytes");
  }

  double(): number {
    const from = this.#skip(8);
    return new DataView(this.#bytes.buffer, this.#bytes.byteOffset).getFloat64(from, true);
  }

  slice(): { readonly from: number; readonly to: number } {
    const length = this.varint();
    const from = this.#skip(length);
    return { from, to: from + length };
  }

  skip(wire: number): void {
    if (wire === varintWire) this.varint();
    else if (wire === fixed64Wire) this.#skip(8);
    else if (wire === bytesWire) this.slice();
    else if (wire === fixed32Wire) this.#skip(4);
    else throw new ProtoError("a wire type is unknown");
  }

  #next(): number {
    const byte = this.#at < this.#end ? this.#bytes[this.#at] : undefined;
    if (byte === undefined) throw new ProtoError("it ends within a field");
    this.#at += 1;
    return byte;
  }

  #skip(length: number): number {
    const from = this.#at;
    if (!Number.isSafeInteger(length) || length > this.#end - from)
      throw new ProtoError("a field is longer than the frame");
    this.#at += length;
    return from;
  }
}

/** @returns the message with its `type`. @throws ProtoError where it is not exactly one. */
export function readClientMessage(frame: Uint8Array): Record<string, unknown> {
  const bytes = new Bytes(frame, 0, frame.byteLength);
  let found: Record<string, unknown> | undefined;
  while (!bytes.isOver) {
    const tag = bytes.varint();
    const known = Object.entries(clientTypes).find(([, { n }]) => n === Math.floor(tag / 8));
    if (!known || tag % 8 !== bytesWire) {
      bytes.skip(tag % 8);
      continue;
    }
    const [type, { kind }] = known;
    const { from, to } = bytes.slice();
    // The last one of a oneof counts.
    found = { type, ...readMessage(frame, from, to, kind) };
  }
  if (!found) throw new ProtoError("none of the messages that a client sends is in it");
  return found;
}

function readMessage(frame: Uint8Array, start: number, end: number, name: MessageName): Record<string, unknown> {
  const fields: ProtoFields = protoMessages[name];
  const bytes = new Bytes(frame, start, end);
  const value: Record<string, unknown> = zeros(fields);
  while (!bytes.isOver) {
    const tag = bytes.varint();
    const known = Object.entries(fields).find(([, { n }]) => n === Math.floor(tag / 8));
    if (!known) {
      bytes.skip(tag % 8);
      continue;
    }
    const [key, field] = known;
    const read = readValue(frame, bytes, tag % 8, field);
    if (!field.isRepeated) value[key] = read;
    else {
      const before = value[key];
      const list: unknown[] = Array.isArray(before) ? before : [];
      if (list.length >= maxRepeated) throw new ProtoError(`${key} has more than ${maxRepeated} entries`);
      list.push(read);
      value[key] = list;
    }
  }
  return value;
}

function readValue(frame: Uint8Array, bytes: Bytes, wire: number, { kind }: ProtoField): unknown {
  const wanted = kind === "double" ? fixed64Wire : isVarint(kind) ? varintWire : bytesWire;
  if (wire !== wanted) throw new ProtoError("a field has another kind than its own");
  if (kind === "double") return bytes.double();
  if (kind === "bool") return bytes.varint() !== 0;
  if (isVarint(kind)) return bytes.varint();
  const { from, to } = bytes.slice();
  if (kind === "bytes") return frame.subarray(from, to);
  if (kind !== "string") return readMessage(frame, from, to, kind as MessageName);
  try {
    return text.decode(frame.subarray(from, to));
  } catch {
    throw new ProtoError("a string is not UTF-8");
  }
}

export function isVarint(kind: ProtoField["kind"]): boolean {
  return kind === "bool" || kind === "uint32" || kind === "uint64" || kind === "int64";
}

/** What is left out is its zero, where that is not told from it. */
function zeros(fields: ProtoFields): Record<string, unknown> {
  const needed = Object.entries(fields).filter(([, field]) => !field.isOptional && !field.isRepeated);
  return Object.fromEntries(needed.map(([key, { kind }]) => [key, zeroOf(kind)]));
}

export function zeroOf(kind: ProtoField["kind"]): unknown {
  if (kind === "string") return "";
  if (kind === "bytes") return new Uint8Array(0);
  return kind === "bool" ? false : 0;
}
