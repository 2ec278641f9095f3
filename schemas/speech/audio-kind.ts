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
  if (isMpegStream(bytes)) return "mp3";
  return /^\s*(<[!?a-z]|[{[]\s*["{[\]}])/i.test(String.fromCodePoint(...bytes.subarray(0, 64))) ? "text" : undefined;
}

/** One frame's head proves nothing: samples without a header that begin near zero look the same. So the next one stands behind it. */
function isMpegStream(bytes: Uint8Array): boolean {
  const length = mpegFrameBytes(bytes);
  return length > 0 && isMpegFrame(bytes.subarray(length, length + 4)) && (bytes[1] ?? 0) === bytes[length + 1];
}

/** Whether bytes begin as a frame of MPEG audio does, where it can be nothing else. */
export function isMpegFrame(bytes: Uint8Array): boolean {
  return mpegFrameBytes(bytes) > 0;
}

/** In kbit/s, of the three layers in order. */
const mpeg1Rates = [
  [32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448],
  [32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384],
  [32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320],
] as const;
const mpeg2First = [32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256] as const;
const mpeg2Others = [8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160] as const;
const mpegHz = [44_100, 48_000, 32_000] as const;

/** ISO 11172-3 and 13818-3. @returns how long the frame is that begins there; 0 where none does. */
function mpegFrameBytes([first = 0, second = 0, third = 0]: Uint8Array): number {
  const version = (second >> 3) & 0b11;
  const layer = 4 - ((second >> 1) & 0b11);
  if (first !== 0xff || second < 0xe0 || version === 1 || layer === 4) return 0;
  const rates = version === 3 ? mpeg1Rates[layer - 1] : layer === 1 ? mpeg2First : mpeg2Others;
  const [kbps, hz] = [rates?.[(third >> 4) - 1], mpegHz[(third >> 2) & 0b11]];
  if (kbps === undefined || hz === undefined) return 0;
  const rateHz = version === 3 ? hz : version === 2 ? hz / 2 : hz / 4;
  const padding = (third >> 1) & 1;
  if (layer === 1) return (Math.floor((12_000 * kbps) / rateHz) + padding) * 4;
  return Math.floor(((layer === 3 && version !== 3 ? 72_000 : 144_000) * kbps) / rateHz) + padding;
}

function hasAt(bytes: Uint8Array, at: number, magic: readonly number[]): boolean {
  return magic.every((byte, i) => bytes[at + i] === byte);
}
