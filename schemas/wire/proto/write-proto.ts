/** Messages as Protocol Buffers, by the table of `fields.ts`: fields in the order of their numbers, zeros left out where proto3 does. */
import type { LiveMessage, RoomMessage } from "../messages.ts";
import {
  clientTypes,
  type MessageName,
  protoMessages,
  type ProtoField,
  type ProtoFields,
  roomTypes,
} from "./fields.ts";
import { isVarint, zeroOf } from "./read-proto.ts";

const text = new TextEncoder();

export function writeRoomMessage(message: RoomMessage | LiveMessage): Uint8Array<ArrayBuffer> {
  const { n, kind } = roomTypes[message.type];
  // Events are an open set: their JSON is what a client of any language reads.
  const value = message.type === "event" ? { json: JSON.stringify(message.event), mark: message.mark } : message;
  return joined(delimited(n, writeMessage(value, kind)));
}

/** As a client of this wire writes it; for golden bytes and tests. */
export function writeClientMessage(type: keyof typeof clientTypes, fields: object): Uint8Array<ArrayBuffer> {
  const { n, kind } = clientTypes[type];
  return joined(delimited(n, writeMessage(fields, kind)));
}

function writeMessage(value: object, name: MessageName): Uint8Array[] {
  const fields: ProtoFields = protoMessages[name];
  return Object.entries(fields)
    .toSorted(([, a], [, b]) => a.n - b.n)
    .flatMap(([key, field]) => {
      const given: unknown = rangeOr(value, key);
      if (field.isRepeated) return (Array.isArray(given) ? given : []).flatMap((each) => writeField(field, each));
      if (given === undefined || given === null) return [];
      return !field.isOptional && given === zeroOf(field.kind) ? [] : writeField(field, given);
    });
}

/** Ranges are pairs in the other encodings. */
function rangeOr(value: object, key: string): unknown {
  if (Array.isArray(value)) return key === "from" ? value[0] : value[1];
  return (value as Record<string, unknown>)[key];
}

function writeField({ n, kind }: ProtoField, value: unknown): Uint8Array[] {
  if (kind === "double") {
    const bytes = new Uint8Array(8);
    new DataView(bytes.buffer).setFloat64(0, Number(value), true);
    return [varint(n * 8 + 1), bytes];
  }
  if (isVarint(kind)) return [varint(n * 8), varint(Number(value))];
  if (kind === "bytes") return value instanceof Uint8Array ? delimited(n, [value]) : [];
  if (kind === "string") return delimited(n, [text.encode(String(value))]);
  return typeof value === "object" && value !== null ? delimited(n, writeMessage(value, kind as MessageName)) : [];
}

function delimited(n: number, parts: readonly Uint8Array[]): Uint8Array[] {
  const length = parts.reduce((sum, part) => sum + part.byteLength, 0);
  return [varint(n * 8 + 2), varint(length), ...parts];
}

/** @param value a whole number; one below 0 as two's complement, in ten bytes. */
function varint(value: number): Uint8Array {
  const bytes: number[] = [];
  if (value < 0) {
    for (let rest = BigInt.asUintN(64, BigInt(value)); bytes.length < 10; rest >>= 7n)
      bytes.push(Number(rest & 0x7fn) + (bytes.length < 9 ? 0x80 : 0));
    return Uint8Array.from(bytes);
  }
  let left = value;
  for (; left >= 0x80; left = Math.floor(left / 0x80)) bytes.push((left % 0x80) + 0x80);
  bytes.push(left);
  return Uint8Array.from(bytes);
}

function joined(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const all = new Uint8Array(parts.reduce((sum, part) => sum + part.byteLength, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.byteLength;
  }
  return all;
}
