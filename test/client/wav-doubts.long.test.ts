/** WAV input that is not what it says: nothing is left out in silence, and another file is never taken for the same one (C3, C4). */
import { appendFile, mkdtemp, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openPcmStream, type PcmStream } from "../../client/node/pcm-stream.ts";
import { openWavFile } from "../../client/node/wav/wav-reader.ts";

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "roomtone-wav-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const raw = { sampleRate: 16_000, channels: 1 };

/** s16le, 16 kHz, mono. @param dataSize what its header says. */
function wavOf(data: Buffer, dataSize = data.length): Buffer {
  const head = Buffer.alloc(44);
  head.write("RIFF", 0);
  head.writeUInt32LE(dataSize === 0xff_ff_ff_ff ? dataSize : dataSize + 36, 4);
  head.write("WAVEfmt ", 8);
  for (const [at, value] of [
    [16, 16],
    [24, 16_000],
    [28, 32_000],
  ] as const)
    head.writeUInt32LE(value, at);
  for (const [at, value] of [
    [20, 1],
    [22, 1],
    [32, 2],
    [34, 16],
  ] as const)
    head.writeUInt16LE(value, at);
  head.write("data", 36);
  head.writeUInt32LE(dataSize, 40);
  return Buffer.concat([head, data]);
}

const seconds = (count: number, value = 9): Buffer => Buffer.alloc(count * 32_000, value);

let files = 0;
async function saved(bytes: Uint8Array): Promise<string> {
  const path = join(folder, `${(files += 1)}.wav`);
  await writeFile(path, bytes);
  return path;
}

async function read(blocks: AsyncIterable<{ readonly length: number }>): Promise<number> {
  let samples = 0;
  for await (const block of blocks) samples += block.length;
  return samples / 16_000;
}

async function piped(bytes: Buffer, format = raw): Promise<[PcmStream, number]> {
  const stream = await openPcmStream(Readable.from([bytes]), format);
  return [stream, await read(stream.blocks())];
}

test("[C4] a file that is cut while it is read is no whole one", async () => {
  const path = await saved(wavOf(seconds(4)));
  const wav = await openWavFile(path);
  await truncate(path, 44 + 2 * 32_000);
  await expect(read(wav.blocks(0))).rejects.toThrow(/cut while it was read/);
});

test("[C4] nor is one that is still being written", async () => {
  const path = await saved(wavOf(seconds(2), 0xff_ff_ff_ff));
  const wav = await openWavFile(path);
  const blocks = wav.blocks(0);
  await blocks.next();
  await appendFile(path, seconds(1));
  await expect(read(blocks)).rejects.toThrow(/still being written/);
});

test("[C4] more audio than the header tells of is told, in a file and on a stream", async () => {
  const stale = wavOf(seconds(5), 32_000);
  const two = Buffer.concat([wavOf(seconds(1)), wavOf(seconds(3))]);
  for (const bytes of [stale, two]) {
    expect((await openWavFile(await saved(bytes))).warnings.join()).toMatch(/more than its header tells of/);
    const [stream, came] = await piped(bytes);
    expect([came, stream.warnings.join()]).toEqual([1, expect.stringMatching(/was left out/)]);
  }
});

test("what WAV files have behind their audio is no audio", async () => {
  const list = Buffer.concat([Buffer.from("LIST\u0004\0\0\0INFOid3 \u0003\0\0\0abc\0"), Buffer.alloc(20)]);
  const bytes = Buffer.concat([wavOf(seconds(1)), list]);
  expect((await openWavFile(await saved(bytes))).warnings).toEqual([]);
  expect((await piped(bytes))[0].warnings).toEqual([]);
});

test("[C4] a stream that ends before what its header promises says so", async () => {
  const [stream, came] = await piped(wavOf(seconds(2), 10 * 32_000));
  expect(came).toBe(2);
  expect(stream.warnings).toEqual([expect.stringMatching(/promises 320000 bytes of audio, and 256000 did not come/)]);
});

test.for([
  [1, 1],
  [3, 2],
] as const)("[C4] raw bytes that are no whole sample of %i channels are told", async ([channels, over]) => {
  const [stream] = await piped(Buffer.alloc(6_000 + over), { sampleRate: 16_000, channels });
  expect(stream.warnings).toEqual([expect.stringMatching(new RegExp(`last ${over} bytes .*--channels`))]);
  expect((await piped(Buffer.alloc(6_000), { sampleRate: 16_000, channels }))[0].warnings).toEqual([]);
});

test("[C3] a file of the same size and the same first second is another one", async () => {
  const silence = wavOf(seconds(60, 0));
  const other = Buffer.from(silence);
  other.writeInt16LE(700, 44 + 41 * 32_000);
  const identities = await Promise.all(
    [silence, other, silence].map(async (bytes) => (await openWavFile(await saved(bytes))).identity()),
  );
  expect(identities[0]).not.toBe(identities[1]);
  expect(identities[2]).toBe(identities[0]);
});

test("[C3] of a large file parts all over it are compared", async () => {
  const path = await saved(wavOf(Buffer.alloc(0), 70 * 2 ** 20));
  await truncate(path, 44 + 70 * 2 ** 20);
  const before = await (await openWavFile(path)).identity();
  const bytes = Buffer.alloc(44 + 70 * 2 ** 20);
  wavOf(Buffer.alloc(0), 70 * 2 ** 20).copy(bytes);
  bytes.fill(7, 50 * 2 ** 20, 50 * 2 ** 20 + 64_000);
  expect(await (await openWavFile(await saved(bytes))).identity()).not.toBe(before);
});

/** A frame of MPEG-1 layer 3 at 128 kbit/s and 44.1 kHz, and one of AAC in ADTS of 300 bytes. */
const mp3Frame = Buffer.concat([Buffer.from([0xff, 0xfb, 0x90, 0x64]), Buffer.alloc(413, 7)]);
const adtsFrame = Buffer.concat([
  Buffer.from([0xff, 0xf1, 0x50, 0x80, 300 >> 3, ((300 & 7) << 5) | 0x1f, 0xfc]),
  Buffer.alloc(293, 7),
]);

test("[C4] a second chunk of samples, and samples that look like a chunk's name, are told of", async () => {
  const data = seconds(2, 5);
  const chunk = Buffer.alloc(8);
  chunk.write("data", 0);
  chunk.writeUInt32LE(data.length, 4);
  // Letters at the place of a name, and a length far beyond the end.
  const letters = Buffer.concat([Buffer.from("abcdefgh"), data]);
  for (const behind of [Buffer.concat([chunk, data]), letters]) {
    const bytes = Buffer.concat([wavOf(seconds(1)), behind]);
    const path = join(folder, "behind.wav");
    await writeFile(path, bytes);
    expect((await openWavFile(path)).warnings).toEqual([expect.stringContaining("more than its header tells of")]);
    const [stream] = await piped(bytes);
    expect(stream.warnings).toEqual([expect.stringContaining("More came behind the audio")]);
  }
});

test("[C4] a header that says two things, or leaves bytes unsaid, is refused", async () => {
  const whole = wavOf(seconds(1));
  const twice = Buffer.concat([whole.subarray(0, 36), whole.subarray(12)]);
  const padded = Buffer.from(whole);
  padded.writeUInt16LE(4, 32);
  await expect(openPcmStream(Readable.from([twice]), raw)).rejects.toThrow("two formats");
  await expect(openPcmStream(Readable.from([padded]), raw)).rejects.toThrow("16 bits of pcm in 4 bytes");
});

test.each<[string, Buffer, RegExp]>([
  ["a page", Buffer.from("<!DOCTYPE html>\n<html><body>502 Bad Gateway</body></html>".repeat(40)), /text/],
  ["a playlist", Buffer.from("#EXTM3U\n#EXT-X-VERSION:3\nsegment-1.ts\n".repeat(90)), /text/],
  ["a short error", Buffer.from('{"error":"no"}'), /text/],
  ["what is compressed", Buffer.from([0x1f, 0x8b, 0x08, 0, ...seconds(1)]), /gzip/],
  ["an archive", Buffer.from([0x50, 0x4b, 3, 4, ...seconds(1)]), /ZIP/],
  ["MP3 without a tag", Buffer.concat([mp3Frame, mp3Frame, mp3Frame, mp3Frame, mp3Frame, mp3Frame]), /MP3/],
  ["AAC", Buffer.concat(Array.from({ length: 9 }, () => adtsFrame)), /AAC/],
])("[C4] %s on a stream is refused by its name, never heard as samples", async (_, bytes, name) => {
  await expect(openPcmStream(Readable.from([bytes]), raw)).rejects.toThrow(name);
});

/** From its middle on, as where a player's stream is joined. */
const fromMiddle = (bytes: Buffer, at: number): Buffer => Buffer.from(bytes.subarray(at));
const noise = (length: number, seed: number): Buffer => {
  let state = seed;
  return Buffer.from(Array.from({ length }, () => (state = (state * 1_103_515_245 + 12_345) & 0x7fff_ffff) >> 16));
};
/** MPEG-2 layer 3 of changing rates, 24 kHz. */
const vbrFrames = Buffer.concat(
  Array.from({ length: 30 }, (_, n) => {
    const rate = 4 + (n % 7);
    const kbps = [0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96][rate] ?? 0;
    return Buffer.concat([Buffer.from([0xff, 0xf3, (rate << 4) | 0x04, 0xc4]), noise(kbps * 3 - 4, n + 1)]);
  }),
);
/** MPEG-1 layer 2, 192 kbit/s, 48 kHz. */
const layer2Frames = Buffer.concat(
  Array.from({ length: 20 }, (_, n) => Buffer.concat([Buffer.from([0xff, 0xfd, 0xa4, 0]), noise(572, n + 1)])),
);
const adtsFrames = Buffer.concat(
  Array.from({ length: 40 }, (_, n) => {
    const length = 200 + n * 7;
    const head = [0xff, 0xf1, 0x4c, 0x80 | (length >> 11), (length >> 3) & 0xff, ((length & 7) << 5) | 0x1f, 0xfc];
    return Buffer.concat([Buffer.from(head), noise(length - 7, n + 1)]);
  }),
);
const oggPages = Buffer.concat(
  Array.from({ length: 4 }, (_, n) => Buffer.concat([Buffer.from("OggS\0\0"), noise(3_000, n + 1)])),
);
const tsPackets = Buffer.concat(
  Array.from({ length: 60 }, (_, n) => Buffer.concat([Buffer.from([0x47, 1, 0, 0x10 | (n & 15)]), noise(184, n + 1)])),
);

test.each<[string, Buffer, RegExp]>([
  ["MP3 of one rate", Buffer.concat(Array.from({ length: 30 }, () => mp3Frame)), /MP3/],
  ["MP3 of many rates", vbrFrames, /MP3/],
  ["MPEG audio of layer 2", layer2Frames, /layer 2/],
  ["AAC", adtsFrames, /AAC/],
  ["Ogg", oggPages, /Ogg/],
  ["an MPEG transport stream", tsPackets, /transport stream/],
])("[C4] %s on a stream that begins in the middle of a frame is refused by its name", async (_, bytes, name) => {
  for (const at of [1, 2, 3, 99, 187, 400]) {
    const stream = Readable.from([fromMiddle(bytes, at)]);
    await expect(openPcmStream(stream, raw), `from byte ${at}`).rejects.toThrow(name);
  }
});

test("[C4] samples are samples: noise loud and faint, and tones of any period", async () => {
  for (let seed = 1; seed <= 60; seed += 1) {
    const loud = noise(16_000, seed);
    const faint = Buffer.from(Int16Array.from(noise(8_000, seed), (byte) => (byte % 9) - 4).buffer);
    const tone = Int16Array.from({ length: 8_000 }, (_, i) => 900 * Math.sin((2 * Math.PI * i) / (seed * 2)));
    const square = Int16Array.from({ length: 8_000 }, (_, i) => (i % seed < seed / 2 ? -1_025 : 0x4747));
    for (const bytes of [loud, faint, Buffer.from(tone.buffer), Buffer.from(square.buffer)])
      expect((await piped(bytes))[1], `seed ${seed}`).toBe(0.5);
  }
  // A head of MP3 at every place where the next one would stand: two channels that stand still.
  const still = Buffer.alloc(16_000, Buffer.from([0xff, 0xfb, 0x94, 0x64]));
  expect((await piped(still, { sampleRate: 16_000, channels: 2 }))[1]).toBe(0.5);
});

test("[C4] samples whose first is that of a sync word, and such as a letter would be, are samples", async () => {
  const [, quiet] = await piped(Buffer.concat([Buffer.from([0xff, 0xfb]), seconds(1, 3)]).subarray(0, 32_000));
  const [, steady] = await piped(seconds(1, 65));
  expect([quiet, steady]).toEqual([1, 1]);
});
