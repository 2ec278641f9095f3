/** WAV files as recorders, editors and encoders write them: decoded to the sample, or refused by name. */
import { mkdtemp, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
// oxlint-disable-next-line import/default -- a CommonJS bundle: Node gives all of it as the default export.
import wavefile from "wavefile";
import { conversionHint } from "../../client/cli/conversion-hint.ts";
import { audioKindOf } from "../../client/node/wav/audio-kind.ts";
import { StreamBytes } from "../../client/node/wav/byte-source.ts";
import { openWavFile, openWavStream, type WavInput } from "../../client/node/wav/wav-reader.ts";

// oxlint-disable-next-line import/no-named-as-default-member -- see the import.
const { WaveFile } = wavefile;
let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "roomtone-wav-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

let files = 0;
async function saved(bytes: Uint8Array): Promise<string> {
  files += 1;
  const path = join(folder, `${files}.wav`);
  await writeFile(path, bytes);
  return path;
}

/** All samples in −1…1. */
async function samplesOf(wav: WavInput, skipSeconds = 0): Promise<number[]> {
  const samples: number[] = [];
  for await (const block of wav.blocks(skipSeconds)) {
    for (const value of block) samples.push(block instanceof Int16Array ? value / 32_768 : value);
  }
  return samples;
}

interface Head {
  readonly id?: string;
  readonly tag?: number;
  readonly subformat?: number;
  readonly channels?: number;
  readonly rate?: number;
  readonly bits?: number;
  readonly blockAlign?: number;
  readonly dataSize?: number;
  readonly riffSize?: number;
  readonly before?: Buffer;
}

const guidTail = Buffer.from("000000001000800000aa00389b71", "hex");

/** A WAV file with a header that says just this, and these bytes as its samples. */
function wavOf(data: Buffer, head: Head = {}): Buffer {
  const { id = "RIFF", subformat, channels = 1, rate = 16_000, bits = 16 } = head;
  const tag = subformat === undefined ? (head.tag ?? 1) : 0xfffe;
  const blockAlign = head.blockAlign ?? channels * Math.ceil(bits / 8);
  const isLe = id !== "RIFX";
  const u16 = (value: number): Buffer => {
    const buffer = Buffer.alloc(2);
    return isLe ? (buffer.writeUInt16LE(value), buffer) : (buffer.writeUInt16BE(value), buffer);
  };
  const u32 = (value: number): Buffer => {
    const buffer = Buffer.alloc(4);
    return isLe ? (buffer.writeUInt32LE(value), buffer) : (buffer.writeUInt32BE(value), buffer);
  };
  const extension =
    subformat === undefined ? Buffer.alloc(0) : Buffer.concat([u16(22), u16(bits), u32(0), u16(subformat), guidTail]);
  const format = Buffer.concat([
    u16(tag),
    u16(channels),
    u32(rate),
    u32(rate * blockAlign),
    u16(blockAlign),
    u16(bits),
    extension,
  ]);
  const body = Buffer.concat([
    Buffer.from("WAVE"),
    head.before ?? Buffer.alloc(0),
    Buffer.from("fmt "),
    u32(format.length),
    format,
    Buffer.from("data"),
    u32(head.dataSize ?? data.length),
  ]);
  return Buffer.concat([Buffer.from(id), u32(head.riffSize ?? body.length + data.length), body, data]);
}

const second = 16_000;
const tone = Float64Array.from({ length: 2 * second + 700 }, (_, i) => 0.8 * Math.sin(i / 9));
const int16 = Buffer.from(Int16Array.from(tone, (value) => Math.round(value * 32_767)).buffer);

describe("decoded to the sample", () => {
  test.for([
    ["8", 2 ** -7],
    ["16", 2 ** -15],
    ["24", 2 ** -23],
    ["32", 2 ** -24],
    ["32f", 2 ** -24],
    ["64", 2 ** -24],
    ["8a", 0.03],
    ["8m", 0.03],
  ] as const)("%s bits, against another implementation", async ([depth, tolerance]) => {
    const wav = new WaveFile();
    const isNarrow = /^8[am]$/.test(depth);
    const scale = { "8": 127, "16": 32_767, "24": 2 ** 23 - 1, "32": 2 ** 31 - 1 }[depth as string] ?? 1;
    const offset = depth === "8" ? 128 : 0;
    wav.fromScratch(
      1,
      second,
      isNarrow ? "16" : depth,
      tone.map((value) =>
        isNarrow ? Math.round(value * 32_767) : scale === 1 ? value : Math.round(value * scale) + offset,
      ),
    );
    if (depth === "8a") wav.toALaw();
    if (depth === "8m") wav.toMuLaw();
    const read = await samplesOf(await openWavFile(await saved(wav.toBuffer())));
    expect(read.length).toBe(tone.length);
    const worst = read.reduce((most, value, i) => Math.max(most, Math.abs(value - (tone[i] ?? 0))), 0);
    expect(worst).toBeLessThanOrEqual(2 * tolerance);
  });

  test("[C4] the subformat of an extensible header says what it is, not the width", async () => {
    const floats = Buffer.from(Float32Array.from(tone).buffer);
    const path = await saved(wavOf(floats, { subformat: 3, bits: 32 }));
    const read = await samplesOf(await openWavFile(path));
    expect(read).toEqual(Array.from(Float32Array.from(tone)));
    const companded = await openWavFile(
      await saved(wavOf(Buffer.alloc(8_000, 0xff), { subformat: 7, bits: 8, rate: 8_000 })),
    );
    expect(new Set(await samplesOf(companded))).toEqual(new Set([0]));
  });

  test.for([
    [12, 2],
    [20, 3],
    [24, 4],
  ] as const)("%i bits stand at the upper end of %i bytes", async ([bits, bytes]) => {
    const data = Buffer.alloc(bytes * second);
    for (let i = 0; i < second; i += 1)
      data.writeIntLE(Math.round((tone[i] ?? 0) * (2 ** (bits - 1) - 1)) * 2 ** (bytes * 8 - bits), i * bytes, bytes);
    const read = await samplesOf(await openWavFile(await saved(wavOf(data, { bits, blockAlign: bytes }))));
    expect(read.every((value, i) => Math.abs(value - (tone[i] ?? 0)) < 2 ** (2 - bits))).toBe(true);
  });

  test("big-endian RIFX; chunks before the format; an odd one with its pad byte", async () => {
    const swapped = Buffer.from(int16).swap16();
    expect(await samplesOf(await openWavFile(await saved(wavOf(swapped, { id: "RIFX" }))))).toEqual(
      await samplesOf(await openWavFile(await saved(wavOf(int16)))),
    );
    const list = Buffer.concat([Buffer.from("LIST\u0003\0\0\0"), Buffer.from([1, 2, 3, 0])]);
    expect((await samplesOf(await openWavFile(await saved(wavOf(int16, { before: list }))))).length).toBe(tone.length);
  });

  test("RF64: the size is the one of 64 bits", async () => {
    const ds64 = Buffer.alloc(36);
    ds64.write("ds64");
    ds64.writeUInt32LE(28, 4);
    ds64.writeBigUInt64LE(BigInt(int16.length), 16);
    const bytes = wavOf(Buffer.concat([int16, Buffer.from("junk\0\0\0\0")]), {
      id: "RF64",
      before: ds64,
      dataSize: 0xffffffff,
      riffSize: 0xffffffff,
    });
    expect((await samplesOf(await openWavFile(await saved(bytes)))).length).toBe(tone.length);
  });

  test("it goes on at any second, and holds one second at a time", async () => {
    const wav = await openWavFile(await saved(wavOf(int16)));
    expect(wav.seconds).toBe(3);
    const all = await samplesOf(wav);
    expect(await samplesOf(wav, 1)).toEqual(all.slice(second));
    expect(await samplesOf(wav, 9)).toEqual([]);
    for await (const block of wav.blocks(0)) expect(block.length).toBeLessThanOrEqual(second);
  });

  test("over a stream, cut anywhere", async () => {
    const bytes = wavOf(int16, { dataSize: 0xffffffff, riffSize: 0xffffffff });
    async function* pieces(): AsyncGenerator<Buffer> {
      for (let at = 0, step = 1; at < bytes.length; at += step, step = (step * 7) % 4_093)
        yield bytes.subarray(at, at + step);
    }
    const wav = await openWavStream(new StreamBytes(Readable.from(pieces())));
    expect(await samplesOf(wav)).toEqual(await samplesOf(await openWavFile(await saved(wavOf(int16)))));
  });
});

describe("as its writer left it", () => {
  test.for([0, 0xffffffff])("killed before it filled its sizes in (%i): all of it is read, and told", async (size) => {
    const wav = await openWavFile(await saved(wavOf(int16, { dataSize: size, riffSize: size })));
    expect((await samplesOf(wav)).length).toBe(tone.length);
    expect(wav.warnings.join()).toMatch(/never said how much/);
  });

  test("a header that claims to end where it ends, and does not", async () => {
    const wav = await openWavFile(await saved(wavOf(int16, { dataSize: 0, riffSize: 36 })));
    expect((await samplesOf(wav)).length).toBe(tone.length);
  });

  test("[C4] killed after it had counted its file, and not its samples: all of it is read, from a stream too", async () => {
    const bytes = wavOf(int16, { dataSize: 0 });
    const wav = await openWavFile(await saved(bytes));
    expect((await samplesOf(wav)).length).toBe(tone.length);
    expect(wav.warnings.join()).toMatch(/never said how much/);
    const piped = await openWavStream(new StreamBytes(Readable.from([bytes])));
    expect((await samplesOf(piped)).length).toBe(tone.length);
  });

  test("[C4] cut short: what is there is read, and told", async () => {
    const path = await saved(wavOf(int16));
    await truncate(path, 44 + second * 2 + 1);
    const wav = await openWavFile(path);
    // Half a sample at the end is no sound.
    expect((await samplesOf(wav)).length).toBe(second);
    expect(wav.seconds).toBe(1);
    expect(wav.warnings.join()).toMatch(/cut short/);
  });

  test("really empty, with a tail of text: nothing, and no guess", async () => {
    const tail = Buffer.from("LIST\u0004\0\0\0INFO");
    const wav = await openWavFile(await saved(wavOf(tail, { dataSize: 0 })));
    expect(await samplesOf(wav)).toEqual([]);
    expect(wav.seconds).toBe(0);
  });
});

describe("refused by name", () => {
  const cases: readonly (readonly [string, Buffer, RegExp])[] = [
    ["IMA ADPCM", wavOf(int16, { tag: 0x11, bits: 4, blockAlign: 1_024 }), /IMA ADPCM/],
    ["Microsoft ADPCM", wavOf(int16, { tag: 2, bits: 4, blockAlign: 1_024 }), /Microsoft ADPCM/],
    ["GSM", wavOf(int16, { tag: 0x31, bits: 0, blockAlign: 65 }), /GSM/],
    ["MP3 in WAV", wavOf(int16, { tag: 0x55, bits: 0, blockAlign: 1 }), /MP3/],
    ["an extensible one of another codec", wavOf(int16, { subformat: 0x92 }), /format 0x0092/],
    ["an unknown tag", wavOf(int16, { tag: 0x1234 }), /0x1234/],
    ["16-bit float", wavOf(int16, { tag: 3, bits: 16, blockAlign: 2 }), /can't be right/],
    ["0 channels", wavOf(int16, { channels: 0, blockAlign: 2 }), /0 channels/],
    ["64 channels", wavOf(int16, { channels: 64 }), /64 channels/],
    ["768 kHz", wavOf(int16, { rate: 768_000 }), /768000 Hz/],
    ["a block that its channels don't fill", wavOf(int16, { channels: 2, blockAlign: 3 }), /can't be right/],
    ["no data", Buffer.from("RIFF\u0004\0\0\0WAVE"), /ends before its data/],
    ["FLAC", Buffer.from("fLaC0000000000000"), /FLAC/],
    ["MP3", Buffer.from([0xff, 0xfb, 0x90, 0, 0, 0, 0, 0, 0, 0, 0, 0]), /MP3/],
    ["M4A", Buffer.from("\0\0\0 ftypM4A \0\0\0\0"), /MP4 or M4A/],
    ["WebM", Buffer.from("1a45dfa39f4286810142f7810142f281", "hex"), /WebM/],
    ["Ogg", Buffer.from("OggS000000000000"), /Ogg/],
    ["AIFF", Buffer.from("FORM0000AIFFCOMM"), /AIFF/],
    ["Wave64", Buffer.from("riff.\u0091\u00cf\u0011\u00a5\u00d6(", "latin1"), /Wave64/],
    ["AVI", Buffer.from("RIFF0000AVI LIST"), /no WAV/],
    ["text", Buffer.from("Dear diary, this is no sound."), /not a WAV file/],
    ["nothing", Buffer.alloc(0), /empty file/],
  ];

  test.for(cases)("[C4] %s", async ([, bytes, sentence]) => {
    await expect(openWavFile(await saved(bytes))).rejects.toThrow(sentence);
  });

  test("raw samples may begin with two bytes of anything, and with no known word", () => {
    const mp3Sync = Buffer.from([0xff, 0xfb, 0x90, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    expect(audioKindOf(mp3Sync, true)).toBeUndefined();
    expect(audioKindOf(Buffer.from("OggS00000000"), true)?.name).toMatch(/Ogg/);
  });

  test("the command that converts it is safe to paste", () => {
    expect(conversionHint("it's; rm -rf ~")).toContain(String.raw`'it'\''s; rm -rf ~'`);
  });
});
