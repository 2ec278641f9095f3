/**
 * A WAV's samples: PCM of 8 to 32 bits, floats, A-law and µ-law. A header that promises more than there is, or that was
 * written before the end was known, is taken at what is there.
 */
import { err, ok, type Result } from "../../../schemas/lib/result.ts";
import type { AudioFault } from "./audio-fault.ts";
import type { PcmSource } from "./pcm-source.ts";

interface WavFormat {
  readonly tag: number;
  readonly channels: number;
  readonly sampleRateHz: number;
  readonly bits: number;
}

type ReadSample = (view: DataView, at: number) => number;

const framesPerBlock = 16_384;
const maxChannels = 32;
const rates = { lowest: 4_000, highest: 192_000 } as const;
const tags = { pcm: 1, float: 3, aLaw: 6, muLaw: 7, extensible: 0xfffe } as const;

const readInt16: ReadSample = (view, at) => view.getInt16(at, true) / 32_768;
const readers: Readonly<Record<string, ReadSample>> = {
  [`${tags.pcm}/8`]: (view, at) => (view.getUint8(at) - 128) / 128,
  [`${tags.pcm}/16`]: readInt16,
  [`${tags.pcm}/24`]: (view, at) => (view.getUint16(at, true) + view.getInt8(at + 2) * 65_536) / 8_388_608,
  [`${tags.pcm}/32`]: (view, at) => view.getInt32(at, true) / 2_147_483_648,
  [`${tags.float}/32`]: (view, at) => view.getFloat32(at, true),
  [`${tags.float}/64`]: (view, at) => view.getFloat64(at, true),
  [`${tags.aLaw}/8`]: (view, at) => aLaw(view.getUint8(at)),
  [`${tags.muLaw}/8`]: (view, at) => muLaw(view.getUint8(at)),
};

const damaged = (what: string): Result<never, AudioFault> =>
  err({ reason: "damaged", detail: `The WAV is damaged: ${what}.` });

export function openWav(bytes: Uint8Array): Result<PcmSource, AudioFault> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const format = chunkOf(view, "fmt ");
  if (!format || format.end - format.start < 16) return damaged("it has no format chunk");
  const data = chunkOf(view, "data");
  if (!data) return damaged("it has no data chunk");
  const { tag, channels, sampleRateHz, bits } = readFormat(view, format.start, format.end);
  const read = readers[`${tag}/${bits}`];
  if (!read) {
    const detail = `The WAV has samples of format ${tag} with ${bits} bits, which can't be decoded here: send PCM of 16 bits.`;
    return err({ reason: "unsupported", detail });
  }
  if (channels < 1 || channels > maxChannels) return damaged(`it says that it has ${channels} channels`);
  if (sampleRateHz < rates.lowest || sampleRateHz > rates.highest)
    return damaged(`it says that it has ${sampleRateHz} samples a second`);
  return ok({ sampleRateHz, blocks: blocksOf(view, data, { channels, bytesPerSample: bits / 8, read }) });
}

/** Samples without a header: s16le. */
export function openRawPcm(bytes: Uint8Array, sampleRateHz: number, channels: number): PcmSource {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const all = { start: 0, end: bytes.byteLength };
  return { sampleRateHz, blocks: blocksOf(view, all, { channels, bytesPerSample: 2, read: readInt16 }) };
}

function readFormat(view: DataView, at: number, end: number): WavFormat {
  const tag = view.getUint16(at, true);
  return {
    // The extension's first two bytes are the real tag.
    tag: tag === tags.extensible && end - at >= 26 ? view.getUint16(at + 24, true) : tag,
    channels: view.getUint16(at + 2, true),
    sampleRateHz: view.getUint32(at + 4, true),
    bits: view.getUint16(at + 14, true),
  };
}

function chunkOf(view: DataView, name: string): { start: number; end: number } | undefined {
  // Once: a file may have millions of empty chunks before it.
  const code = codeOf(name);
  for (let at = 12; at + 8 <= view.byteLength;) {
    const size = view.getUint32(at + 4, true);
    const start = at + 8;
    const isIt = view.getUint32(at) === code;
    // A recorder that never came to its end left 0 or the highest number there.
    const isOpen = isIt && name === "data" && (size === 0 || size === 0xffff_ffff);
    if (isIt) return { start, end: isOpen ? view.byteLength : Math.min(view.byteLength, start + size) };
    at = start + size + (size % 2);
  }
  return undefined;
}

/** Four letters as the number that they are in the file. */
function codeOf(name: string): number {
  return new DataView(new TextEncoder().encode(name).buffer).getUint32(0);
}

interface Layout {
  readonly channels: number;
  readonly bytesPerSample: number;
  readonly read: ReadSample;
}

function* blocksOf(
  view: DataView,
  { start, end }: { start: number; end: number },
  { channels, bytesPerSample, read }: Layout,
): Generator<Float32Array[]> {
  const frameBytes = channels * bytesPerSample;
  const frames = Math.floor((end - start) / frameBytes);
  for (let from = 0; from < frames; from += framesPerBlock) {
    const count = Math.min(framesPerBlock, frames - from);
    yield Array.from({ length: channels }, (_, channel) => {
      const block = new Float32Array(count);
      let at = start + from * frameBytes + channel * bytesPerSample;
      for (let i = 0; i < count; i++, at += frameBytes) {
        const value = read(view, at);
        // A float may be anything, NaN too.
        block[i] = value >= -1 && value <= 1 ? value : Math.sign(value) || 0;
      }
      return block;
    });
  }
}

/** ITU-T G.711. */
function muLaw(byte: number): number {
  const code = ~byte & 0xff;
  const magnitude = ((((code & 0x0f) << 3) + 0x84) << ((code & 0x70) >> 4)) - 0x84;
  return (code & 0x80 ? -magnitude : magnitude) / 32_768;
}

/** ITU-T G.711. */
function aLaw(byte: number): number {
  const code = byte ^ 0x55;
  const exponent = (code & 0x70) >> 4;
  const mantissa = ((code & 0x0f) << 4) + 8;
  const magnitude = exponent === 0 ? mantissa : (mantissa + 0x100) << (exponent - 1);
  return (code & 0x80 ? magnitude : -magnitude) / 32_768;
}
