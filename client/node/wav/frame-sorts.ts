/** How long a frame of each sort of compressed audio is, as its head says. Pure. */

export interface FrameSort {
  /** For people. */
  readonly name: string;
  /** The first byte of each head. */
  readonly first: number;
  /** Bytes from one frame's head to the next, 0 where no frame begins at `at`. */
  readonly lengthAt: (bytes: Uint8Array, at: number) => number;
  /** Bits of the first three bytes that all frames of a stream have in common. */
  readonly sameBits: readonly [number, number, number];
}

export const frameSorts: readonly FrameSort[] = [
  {
    name: "an MP3 file",
    first: 0xff,
    lengthAt: (bytes, at) => mpegFrameBytes(bytes, at, 1),
    sameBits: [0xff, 0xfe, 0x0c],
  },
  {
    name: "MPEG audio of layer 2",
    first: 0xff,
    lengthAt: (bytes, at) => mpegFrameBytes(bytes, at, 2),
    sameBits: [0xff, 0xfe, 0x0c],
  },
  { name: "an AAC file", first: 0xff, lengthAt: adtsFrameBytes, sameBits: [0xff, 0xff, 0xfd] },
  { name: "an AAC stream (LATM)", first: 0x56, lengthAt: loasFrameBytes, sameBits: [0xff, 0xe0, 0] },
  { name: "an AC-3 file", first: 0x0b, lengthAt: ac3FrameBytes, sameBits: [0xff, 0xff, 0] },
  { name: "a DTS file", first: 0x7f, lengthAt: dtsFrameBytes, sameBits: [0xff, 0xff, 0xff] },
  { name: "a WebM or Matroska file", first: 0xa3, lengthAt: simpleBlockBytes, sameBits: [0xff, 0, 0] },
];

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

/** ISO 14496-3: 11 bits of sync, and 13 of length. */
function loasFrameBytes(bytes: Uint8Array, at: number): number {
  const [first = 0, second = 0, third = 0] = bytes.subarray(at, at + 3);
  const length = ((second & 0x1f) << 8) | third;
  return first === 0x56 && second >= 0xe0 && length > 0 ? length + 3 : 0;
}

const ac3Kbps = [32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384, 448, 512, 576, 640];

/** ETSI TS 102 366, AC-3 and E-AC-3: words of 16 bits. */
function ac3FrameBytes(bytes: Uint8Array, at: number): number {
  if (bytes[at] !== 0x0b || bytes[at + 1] !== 0x77) return 0;
  const [third = 0, fourth = 0, fifth = 0, sixth = 0] = bytes.subarray(at + 2, at + 6);
  const version = sixth >> 3;
  if (version > 16) return 0;
  if (version > 10) return ((((third & 0b111) << 8) | fourth) + 1) * 2;
  const kbps = ac3Kbps[(fifth & 0x3f) >> 1];
  const rate = [48_000, 44_100, 32_000][fifth >> 6];
  if (kbps === undefined || rate === undefined) return 0;
  return (Math.floor((kbps * 96_000) / rate) + (rate === 44_100 ? fifth & 1 : 0)) * 2;
}

/** ETSI TS 102 114: the core's sync word, and 14 bits of length less one. */
function dtsFrameBytes(bytes: Uint8Array, at: number): number {
  if (bytes[at] !== 0x7f || bytes[at + 1] !== 0xfe || bytes[at + 2] !== 0x80 || bytes[at + 3] !== 0x01) return 0;
  const [sixth = 0, seventh = 0, eighth = 0] = bytes.subarray(at + 5, at + 8);
  return (((sixth & 0b11) << 12) | (seventh << 4) | (eighth >> 4)) + 1;
}

/** RFC 9559: a block of the first track, whose size has one byte or two. */
function simpleBlockBytes(bytes: Uint8Array, at: number): number {
  const [first = 0, size = 0, second = 0] = bytes.subarray(at, at + 3);
  if (first !== 0xa3 || size < 0x40) return 0;
  const sizeBytes = size >= 0x80 ? 1 : 2;
  const [track, , , flags = 0xff] = bytes.subarray(at + 1 + sizeBytes, at + 5 + sizeBytes);
  const isBlock = track === 0x81 && (flags & 0x7f) === 0;
  return isBlock ? 1 + sizeBytes + (sizeBytes === 1 ? size & 0x7f : ((size & 0x3f) << 8) | second) : 0;
}

/** RFC 9639: a head ends in a CRC of its bytes. @returns what all heads of a stream have in common; undefined where none is. */
export function flacHeadAt(bytes: Uint8Array, at: number): number | undefined {
  if (bytes[at] !== 0xff) return undefined;
  const [second = 0, third = 0, fourth = 0, fifth = 0] = bytes.subarray(at + 1, at + 5);
  if ((second & 0xfe) !== 0xf8 || (fourth & 1) !== 0) return undefined;
  // The number of the frame is written as a character of UTF-8 is.
  const leading = Math.clz32(~(fifth << 24));
  const numberBytes = leading === 0 ? 1 : leading;
  const sizeCode = third >> 4;
  const rateCode = third & 0x0f;
  if (leading === 1 || leading > 7 || sizeCode === 0 || rateCode === 15) return undefined;
  const sizeBytes = sizeCode === 6 ? 1 : sizeCode === 7 ? 2 : 0;
  const rateBytes = rateCode === 12 ? 1 : rateCode > 12 ? 2 : 0;
  const end = at + 4 + numberBytes + sizeBytes + rateBytes;
  return end < bytes.length && crc8(bytes.subarray(at, end)) === bytes[end]
    ? (second << 16) | (third << 8) | fourth
    : undefined;
}

function crc8(bytes: Uint8Array): number {
  let crc = 0;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit += 1) crc = ((crc << 1) ^ (crc & 0x80 ? 0x07 : 0)) & 0xff;
  }
  return crc;
}
