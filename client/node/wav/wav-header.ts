/**
 * The header of a WAV file: RIFF, RIFX (big-endian), RF64 and BW64. What the samples are is said by the format tag and, for
 * WAVE_FORMAT_EXTENSIBLE, by the subformat; never by the width alone. What is not known for certain is refused.
 *
 * Sources: Microsoft, "Multiple Channel Audio Data and WAVE Files"; EBU Tech 3306 (RF64); ITU-R BS.2088 (BW64).
 */
import type { PcmFormat } from "../../capture/pcm-framer.ts";
import type { ByteSource } from "./byte-source.ts";
import type { SampleEncoding, SampleLayout } from "./wav-samples.ts";

/** A sentence for the person who gave the file. */
export class WavError extends Error {
  override readonly name = "WavError";
}

export interface WavHeader extends SampleLayout {
  readonly format: PcmFormat;
  /**
   * Bytes of samples; undefined where the writer never filled the size in (a pipe, or a recorder that was killed): then they
   * reach to the end of the input.
   */
  readonly dataBytes: number | undefined;
}

const maxFormatBytes = 4_096;
const unsetSize = 0xff_ff_ff_ff;

const tags = { pcm: 0x00_01, float: 0x00_03, aLaw: 0x00_06, muLaw: 0x00_07, extensible: 0xff_fe } as const;

/** Codecs that WAV files are found with, by tag. */
const refusedTags: Readonly<Record<number, string>> = {
  0x00_02: "Microsoft ADPCM",
  0x00_10: "OKI ADPCM",
  0x00_11: "IMA ADPCM",
  0x00_22: "TrueSpeech",
  0x00_31: "GSM 6.10",
  0x00_40: "G.721 ADPCM",
  0x00_45: "G.726 ADPCM",
  0x00_50: "MPEG audio",
  0x00_55: "MP3",
  0x00_64: "G.726 ADPCM",
  0x00_ff: "AAC",
  0x01_61: "Windows Media audio",
  0x20_00: "AC-3",
  0x67_4f: "Ogg Vorbis",
  0xf1_ac: "FLAC",
};

/** The end of every subformat GUID that stands for a format tag: 0000-0010-8000-00AA00389B71. */
const tagGuidTail = [0x00, 0x00, 0x00, 0x00, 0x10, 0x00, 0x80, 0x00, 0x00, 0xaa, 0x00, 0x38, 0x9b, 0x71];

/** Reads up to the first byte of samples. @throws WavError. */
export async function readWavHeader(bytes: ByteSource): Promise<WavHeader> {
  const head = await bytes.read(12);
  const id = head.toString("latin1", 0, 4);
  if (head.length < 12 || !/^(RIFF|RIFX|RF64|BW64)$/.test(id) || head.toString("latin1", 8, 12) !== "WAVE")
    throw new WavError("not a WAV file");
  const isLittleEndian = id !== "RIFX";
  const riffSize = uint32(head, 4, isLittleEndian);
  let at = head.length;
  let longDataBytes: number | undefined;
  let described: Omit<WavHeader, "dataBytes"> | undefined;
  for (;;) {
    const chunk = await bytes.read(8);
    if (chunk.length < 8) throw new WavError("a WAV file without samples: it ends before its data");
    const name = chunk.toString("latin1", 0, 4);
    const size = uint32(chunk, 4, isLittleEndian);
    at += chunk.length;
    if (name === "data") {
      if (!described) throw new WavError("a broken WAV file: its data comes before its format");
      return {
        ...described,
        dataBytes: dataBytesOf(size, longDataBytes, riffSize === unsetSize || riffSize + 8 <= at),
      };
    }
    if (name === "fmt " || name === "ds64") {
      if (size > maxFormatBytes) throw new WavError(`a broken WAV file: its ${name.trim()} chunk has ${size} bytes`);
      const body = await bytes.read(size);
      if (name === "ds64") longDataBytes = longSizeOf(body);
      else {
        if (described) throw new WavError("a broken WAV file: it has two formats");
        described = describe(body, isLittleEndian);
      }
      await bytes.skip(size % 2);
    } else {
      await bytes.skip(size + (size % 2));
    }
    at += size + (size % 2);
  }
}

/**
 * A size of all ones was never filled in; nor was one of nothing where the whole file claims to end there, as a recorder leaves it
 * that was killed.
 */
function dataBytesOf(size: number, longDataBytes: number | undefined, claimsToEndHere: boolean): number | undefined {
  if (size === unsetSize) return longDataBytes === 0 ? undefined : longDataBytes;
  return size === 0 && claimsToEndHere ? undefined : size;
}

function longSizeOf(body: Buffer): number {
  if (body.length < 16) throw new WavError("a broken WAV file: its ds64 chunk is too short");
  const size = body.readBigUInt64LE(8);
  if (size > BigInt(Number.MAX_SAFE_INTEGER)) throw new WavError("a broken WAV file: its size can't be one");
  return Number(size);
}

function describe(body: Buffer, isLittleEndian: boolean): Omit<WavHeader, "dataBytes"> {
  if (body.length < 16) throw new WavError(`a broken WAV file: its format has ${body.length} bytes, of 16`);
  const given = uint16(body, 0, isLittleEndian);
  const channels = uint16(body, 2, isLittleEndian);
  const sampleRate = uint32(body, 4, isLittleEndian);
  const blockAlign = uint16(body, 12, isLittleEndian);
  const bits = uint16(body, 14, isLittleEndian);
  const tag = given === tags.extensible ? subformatTag(body, isLittleEndian) : given;
  const encoding = encodingOf(tag);
  if (channels < 1 || channels > 32) throw new WavError(`a WAV file of ${channels} channels; 1 to 32 can be read`);
  if (sampleRate < 1_000 || sampleRate > 384_000)
    throw new WavError(`a WAV file of ${sampleRate} Hz; 1,000 to 384,000 can be read`);
  const sampleBytes = blockAlign / channels;
  const widths = { pcm: [1, 2, 3, 4], float: [4, 8], "a-law": [1], "mu-law": [1] }[encoding];
  // Bits that are no whole bytes stand at the upper end of the bytes, so only these count for the level.
  // More bytes than bits fill are known of 24 bits in 4 alone.
  const isFilled = Math.ceil(bits / 8) === sampleBytes || (bits === 24 && sampleBytes === 4);
  if (!widths.includes(sampleBytes) || !isFilled)
    throw new WavError(
      `a WAV file whose format can't be right: ${bits} bits of ${encoding} in ${blockAlign} bytes for ${channels} channels`,
    );
  if (encoding === "float" && bits !== sampleBytes * 8)
    throw new WavError(`a WAV file of ${bits}-bit float; 32 and 64 can be read`);
  return { format: { sampleRate, channels }, encoding, sampleBytes, isLittleEndian };
}

function subformatTag(body: Buffer, isLittleEndian: boolean): number {
  if (body.length < 40) throw new WavError("a broken WAV file: its extensible format is too short");
  // A GUID's first field follows the file's byte order; the rest is bytes, but for two short fields that are palindromes here.
  const tail = isLittleEndian ? body.subarray(26, 40) : Buffer.from(tagGuidTail);
  if (!tagGuidTail.every((byte, index) => tail[index] === byte))
    throw new WavError("a WAV file of a subformat that can't be decoded (Ambisonic B-format, or a vendor's own)");
  return isLittleEndian ? uint16(body, 24, true) : uint16(body, 26, false);
}

function encodingOf(tag: number): SampleEncoding {
  switch (tag) {
    case tags.pcm:
      return "pcm";
    case tags.float:
      return "float";
    case tags.aLaw:
      return "a-law";
    case tags.muLaw:
      return "mu-law";
    default: {
      const name = refusedTags[tag] ?? `format 0x${tag.toString(16).padStart(4, "0")}`;
      throw new WavError(`a WAV file of ${name}, which can't be decoded here`);
    }
  }
}

const uint16 = (buffer: Buffer, at: number, isLittleEndian: boolean): number =>
  isLittleEndian ? buffer.readUInt16LE(at) : buffer.readUInt16BE(at);
const uint32 = (buffer: Buffer, at: number, isLittleEndian: boolean): number =>
  isLittleEndian ? buffer.readUInt32LE(at) : buffer.readUInt32BE(at);
