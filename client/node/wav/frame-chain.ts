/**
 * Frames of compressed audio, found by where the next one stands: what a stream of them is cannot be told by its first bytes, since it
 * may begin in the middle of one. Raw samples may hold any few bytes by chance or in a steady tone; a chain of frames whose lengths
 * agree up to the end of what was read is neither. Pure.
 */
interface FrameSort {
  /** For people. */
  readonly name: string;
  /** Bytes from one frame's head to the next, 0 where no frame begins at `at`. */
  readonly lengthAt: (bytes: Uint8Array, at: number) => number;
  /** Bits of the first three bytes that all frames of a stream have in common. */
  readonly sameBits: readonly [number, number, number];
}

/** So many heads in a row are a stream, where the last one's frame reaches beyond what was read. */
const leastHeads = 3;
/** So many are one also where something else follows: a tag at the end of a file. */
const enoughHeads = 6;
const tsPacketBytes = 188;
const tsSync = 0x47;
/** A packet's head counts up, so no more than a few packets in a row are alike; those of a steady tone all are. */
const leastTsPackets = 8;

const sorts: readonly FrameSort[] = [
  { name: "an MP3 file", lengthAt: (bytes, at) => mpegFrameBytes(bytes, at, 1), sameBits: [0xff, 0xfe, 0x0c] },
  {
    name: "MPEG audio of layer 2",
    lengthAt: (bytes, at) => mpegFrameBytes(bytes, at, 2),
    sameBits: [0xff, 0xfe, 0x0c],
  },
  { name: "an AAC file", lengthAt: adtsFrameBytes, sameBits: [0xff, 0xff, 0xfd] },
];

/** @returns the name of what the stream holds, whose first bytes these are; undefined where they are no chain of frames. */
export function frameChainName(head: Uint8Array): string | undefined {
  // First: it carries frames of the others.
  for (let at = 0; at < Math.min(tsPacketBytes, head.length); at += 1)
    if (isTransportStream(head, at)) return "an MPEG transport stream";
  for (const sort of sorts) {
    for (let at = 0; at + 4 < head.length; at += 1) if (isChain(sort, head, at)) return sort.name;
  }
  return undefined;
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

/** ISO 13818-7: 13 bits say how long a frame is, its head included. */
function adtsFrameBytes(bytes: Uint8Array, at: number): number {
  const [first = 0, second = 0, third = 0, fourth = 0, fifth = 0, sixth = 0] = bytes.subarray(at, at + 6);
  const isHead = first === 0xff && (second & 0xf6) === 0xf0 && ((third >> 2) & 0b1111) < 13;
  const length = ((fourth & 0b11) << 11) | (fifth << 3) | (sixth >> 5);
  return isHead && length > 7 ? length : 0;
}

const mpeg1Kbps = {
  1: [32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320],
  2: [32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384],
} as const;
const mpeg2Kbps = [8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160];
const mpeg1Rates = [44_100, 48_000, 32_000];

/** ISO 11172-3 and 13818-3. @param layerBits 1 for layer 3, 2 for layer 2. @returns 0 where the head says nothing that can be. */
function mpegFrameBytes(bytes: Uint8Array, at: number, layerBits: 1 | 2): number {
  const [first = 0, second = 0, third = 0] = bytes.subarray(at, at + 3);
  const version = (second >> 3) & 0b11;
  if (first !== 0xff || second < 0xe0 || version === 1 || ((second >> 1) & 0b11) !== layerBits) return 0;
  const isFirst = version === 3;
  const kbps = (isFirst ? mpeg1Kbps[layerBits] : mpeg2Kbps)[(third >> 4) - 1];
  const rate = mpeg1Rates[(third >> 2) & 0b11];
  if (kbps === undefined || rate === undefined) return 0;
  const slower = { 3: 1, 2: 2, 0: 4 }[version] ?? 1;
  const bytesPerBit = layerBits === 1 && !isFirst ? 72 : 144;
  return Math.floor((bytesPerBit * kbps * 1_000 * slower) / rate) + ((third >> 1) & 1);
}
