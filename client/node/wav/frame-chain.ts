/**
 * Frames of compressed audio, found by where the next one stands: what a stream of them is cannot be told by its first bytes, since it
 * may begin in the middle of one. Raw samples may hold any few bytes by chance or in a steady tone; a chain of frames whose lengths
 * agree up to the end of what was read is neither. Pure.
 */
import { flacHeadAt, type FrameSort, frameSorts } from "./frame-sorts.ts";

/** So many heads in a row are a stream, where the last one's frame reaches beyond what was read. */
const leastHeads = 3;
/** So many are one also where something else follows: a tag at the end of a file. */
const enoughHeads = 6;
const tsPacketBytes = 188;
const tsSync = 0x47;
/** A packet's head counts up, so no more than a few packets in a row are alike; those of a steady tone all are. */
const leastTsPackets = 8;

/** @returns the name of what the stream holds, whose first bytes these are; undefined where they are no chain of frames. */
export function frameChainName(head: Uint8Array): string | undefined {
  // First: it carries frames of the others.
  for (let at = 0; at < Math.min(tsPacketBytes, head.length); at += 1)
    if (isTransportStream(head, at)) return "an MPEG transport stream";
  for (const sort of frameSorts) {
    for (let at = head.indexOf(sort.first); at !== -1; at = head.indexOf(sort.first, at + 1))
      if (isChain(sort, head, at)) return sort.name;
  }
  return isFlac(head) ? "a FLAC file" : undefined;
}

/** Its heads say no length, but are checked by themselves. */
function isFlac(bytes: Uint8Array): boolean {
  const heads = new Map<number, number>();
  for (let at = bytes.indexOf(0xff); at !== -1; at = bytes.indexOf(0xff, at + 1)) {
    const sort = flacHeadAt(bytes, at);
    if (sort !== undefined) heads.set(sort, (heads.get(sort) ?? 0) + 1);
  }
  return Math.max(0, ...heads.values()) >= leastHeads;
}

function isChain({ lengthAt, sameBits }: FrameSort, head: Uint8Array, first: number): boolean {
  const isSame = (at: number): boolean =>
    sameBits.every((bits, index) => ((head[at + index] ?? 0) & bits) === ((head[first + index] ?? 0) & bits));
  let heads = 0;
  let at = first;
  for (;;) {
    const length = lengthAt(head, at);
    if (length === 0 || !isSame(at)) break;
    // A steady tone has its few values all over, and so what looks like a head.
    if (heads === 0 && recurs(head, first, length)) return false;
    heads += 1;
    at += length;
    if (at + 7 > head.length) return heads >= leastHeads;
  }
  return heads >= enoughHeads;
}

/** Whether the four bytes at `first` come again before `length` bytes are over. */
function recurs(bytes: Uint8Array, first: number, length: number): boolean {
  for (let at = first + 1; at < Math.min(first + length, bytes.length - 3); at += 1)
    if ([0, 1, 2, 3].every((index) => bytes[at + index] === bytes[first + index])) return true;
  return false;
}

function isTransportStream(head: Uint8Array, first: number): boolean {
  let packets = 0;
  let others = 0;
  for (let at = first; at < head.length; at += tsPacketBytes) {
    if (head[at] !== tsSync) return false;
    packets += 1;
    const next = at + tsPacketBytes;
    if (next + tsPacketBytes > head.length) continue;
    const packet = head.subarray(at, next);
    if (packet.some((byte, index) => byte !== head[next + index])) others += 1;
  }
  return packets >= leastTsPackets && others >= packets / 2;
}
