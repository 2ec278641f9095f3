/**
 * The head of a WAV file that holds plain samples: PCM of 8 to 32 bits, or 32-bit float. Pure. Anything else, RF64 and codecs
 * inside WAV among it, is left to the browser's own decoder.
 */
import type { PcmFormat } from "../capture/pcm-framer.ts";

export interface WavHead {
  readonly format: PcmFormat;
  readonly encoding: "pcm" | "float";
  /** Bytes of one sample. */
  readonly sampleBytes: number;
  readonly isLittleEndian: true;
  /** Where samples begin and how many bytes of them are there. */
  readonly dataAt: number;
  readonly dataBytes: number;
  /** What the header promises and the file has not, or the other way round: a sentence for the person. */
  readonly warning: string | undefined;
}

const tags = { pcm: 0x00_01, float: 0x00_03, extensible: 0xff_fe } as const;
/** Where the subformat's tag is in an extensible format. */
const subformatAt = 24;
/** Behind it, of every subformat that stands for a format tag: 0000-0010-8000-00AA00389B71. */
const tagGuidTail = [0x00, 0x00, 0x00, 0x00, 0x10, 0x00, 0x80, 0x00, 0x00, 0xaa, 0x00, 0x38, 0x9b, 0x71];

type Described = Omit<WavHead, "dataAt" | "dataBytes" | "warning">;

/** @param start of the file. @param size of the whole file. @returns undefined for what is no such file. */
export function parseWavHead(start: DataView, size: number): WavHead | undefined {
  if (textAt(start, 0) !== "RIFF" || textAt(start, 8) !== "WAVE") return undefined;
  let described: Described | undefined;
  for (let at = 12; at + 8 <= start.byteLength;) {
    const name = textAt(start, at);
    const length = start.getUint32(at + 4, true);
    const body = at + 8;
    if (name === "data") return described && { ...described, dataAt: body, ...dataOf(described, length, size - body) };
    if (name === "fmt ") {
      if (described || length < 16 || body + length > start.byteLength) return undefined;
      described = describe(start, body, length);
    }
    at = body + length + (length % 2);
  }
  return undefined;
}

/** A size that a recorder never filled in, or that is more than there is, means: up to the end. */
function dataOf(
  { format, sampleBytes }: Described,
  claimed: number,
  left: number,
): Pick<WavHead, "dataBytes" | "warning"> {
  const isUnset = claimed === 0 || claimed === 0xff_ff_ff_ff;
  const bytes = isUnset || claimed > left ? left : claimed;
  const frameBytes = sampleBytes * format.channels;
  return { dataBytes: bytes - (bytes % frameBytes), warning: warningOf(isUnset, claimed, left) };
}

function warningOf(isUnset: boolean, claimed: number, left: number): string | undefined {
  if (isUnset && left > 0)
    return "Its writer never said how much audio there is, as when a recorder is killed: it was read to its end.";
  if (!isUnset && claimed > left) return "It is cut short: its header promises more audio than it has.";
  return !isUnset && left - claimed > maxTailBytes
    ? "It has much more than its header tells of, as when a recorder is killed: that was left out."
    : undefined;
}
/** What WAV files have behind their samples: names, cue points, a picture. */
const maxTailBytes = 4 * 2 ** 20;

function describe(start: DataView, at: number, length: number): Described | undefined {
  const given = start.getUint16(at, true);
  const isExtensible = given === tags.extensible;
  if (isExtensible && (length < subformatAt + 16 || !hasTagGuid(start, at))) return undefined;
  const tag = isExtensible ? start.getUint16(at + subformatAt, true) : given;
  const channels = start.getUint16(at + 2, true);
  const sampleRate = start.getUint32(at + 4, true);
  const sampleBytes = start.getUint16(at + 12, true) / channels;
  const bits = start.getUint16(at + 14, true);
  const encoding = tag === tags.pcm ? "pcm" : tag === tags.float ? "float" : undefined;
  const widths = encoding === "float" ? [4, 8] : [1, 2, 3, 4];
  const isFilled = Math.ceil(bits / 8) === sampleBytes || (bits === 24 && sampleBytes === 4);
  if (encoding === undefined || !widths.includes(sampleBytes) || !isFilled) return undefined;
  if (channels < 1 || channels > 32 || sampleRate < 1_000 || sampleRate > 384_000) return undefined;
  return { format: { sampleRate, channels }, encoding, sampleBytes, isLittleEndian: true };
}

function hasTagGuid(start: DataView, at: number): boolean {
  return tagGuidTail.every((byte, index) => start.getUint8(at + subformatAt + 2 + index) === byte);
}

function textAt(view: DataView, at: number): string {
  if (at + 4 > view.byteLength) return "";
  return String.fromCharCode(...Array.from({ length: 4 }, (_, i) => view.getUint8(at + i)));
}
