/** What a body is, by its first bytes: a name or a declared type is only what somebody says about it. */

export type AudioKind = "wav" | "webm" | "ogg" | "mp4";
/** Known, so that it can be refused by name. */
export type OtherKind = "mp3" | "flac" | "zip" | "text";

const magics: readonly (readonly [AudioKind | OtherKind, number, readonly number[]])[] = [
  ["ogg", 0, [0x4f, 0x67, 0x67, 0x53]],
  ["webm", 0, [0x1a, 0x45, 0xdf, 0xa3]],
  ["mp4", 4, [0x66, 0x74, 0x79, 0x70]],
  ["flac", 0, [0x66, 0x4c, 0x61, 0x43]],
  ["mp3", 0, [0x49, 0x44, 0x33]],
  ["zip", 0, [0x50, 0x4b, 0x03, 0x04]],
];
const riff = [0x52, 0x49, 0x46, 0x46];
const wave = [0x57, 0x41, 0x56, 0x45];

/** @returns undefined where the bytes begin like nothing known: samples without a header do. */
export function audioKindOf(bytes: Uint8Array): AudioKind | OtherKind | undefined {
  if (hasAt(bytes, 0, riff) && hasAt(bytes, 8, wave)) return "wav";
  const found = magics.find(([, at, magic]) => hasAt(bytes, at, magic));
  if (found) return found[0];
  // A frame of MPEG audio: eleven set bits, then a layer and a bit rate that exist.
  const [first = 0, second = 0, third = 0] = bytes;
  if (first === 0xff && (second & 0xe0) === 0xe0 && (second & 0x06) !== 0 && third >> 4 !== 0xf) return "mp3";
  return /^\s*(<[!?a-z]|[{[]\s*["{[\]}])/i.test(String.fromCodePoint(...bytes.subarray(0, 64))) ? "text" : undefined;
}

function hasAt(bytes: Uint8Array, at: number, magic: readonly number[]): boolean {
  return magic.every((byte, i) => bytes[at + i] === byte);
}
