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
}

const tags = { pcm: 0x00_01, float: 0x00_03, extensible: 0xff_fe } as const;
/** Where the subformat's tag is in an extensible format. */
const subformatAt = 24;

/** @param start of the file. @param size of the whole file. @returns undefined for what is no such file. */
export function parseWavHead(start: DataView, size: number): WavHead | undefined {
  if (textAt(start, 0) !== "RIFF" || textAt(start, 8) !== "WAVE") return undefined;
  let described: Omit<WavHead, "dataAt" | "dataBytes"> | undefined;
  for (let at = 12; at + 8 <= start.byteLength;) {
    const name = textAt(start, at);
    const length = start.getUint32(at + 4, true);
    const body = at + 8;
    if (name === "data")
      return described && { ...described, dataAt: body, dataBytes: wholeFrames(described, length, size - body) };
    if (name === "fmt ") {
      if (length < 16 || body + length > start.byteLength) return undefined;
      described = describe(start, body, length);
    }
    at = body + length + (length % 2);
  }
  return undefined;
}

/** A size that a recorder never filled in, or that is more than there is, means: up to the end. */
function wholeFrames(
  { format, sampleBytes }: Pick<WavHead, "format" | "sampleBytes">,
  claimed: number,
  left: number,
): number {
  const bytes = claimed === 0 || claimed > left ? left : claimed;
  return bytes - (bytes % (sampleBytes * format.channels));
}

function describe(start: DataView, at: number, length: number): Omit<WavHead, "dataAt" | "dataBytes"> | undefined {
  const given = start.getUint16(at, true);
  const isExtensible = given === tags.extensible && length >= subformatAt + 2;
  const tag = isExtensible ? start.getUint16(at + subformatAt, true) : given;
  const channels = start.getUint16(at + 2, true);
  const sampleRate = start.getUint32(at + 4, true);
  const sampleBytes = start.getUint16(at + 12, true) / channels;
  const encoding = tag === tags.pcm ? "pcm" : tag === tags.float ? "float" : undefined;
  const widths = encoding === "float" ? [4, 8] : [1, 2, 3, 4];
  if (encoding === undefined || !widths.includes(sampleBytes)) return undefined;
  if (channels < 1 || channels > 32 || sampleRate < 1_000 || sampleRate > 384_000) return undefined;
  return { format: { sampleRate, channels }, encoding, sampleBytes, isLittleEndian: true };
}

function textAt(view: DataView, at: number): string {
  if (at + 4 > view.byteLength) return "";
  return String.fromCharCode(...Array.from({ length: 4 }, (_, i) => view.getUint8(at + i)));
}
