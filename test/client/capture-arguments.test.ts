/** Wrong arguments of the library: refused where they are made, and never believed (V5). */
import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { createResultsClient } from "../../client/results/results-client.ts";
import { startCapture } from "../../client/capture/capture.ts";
import { createMemoryOutbox } from "../../client/capture/memory-outbox.ts";
import { openFileOutbox } from "../../client/node/file-outbox.ts";
import { openIdbOutbox } from "../../client/browser/idb-outbox.ts";
import { frameOf } from "./support/frame-of.ts";
import { samplesOf, wireFormat } from "./support/meeting.ts";

const options = { baseUrl: "http://127.0.0.1:1", sessionId: "meeting", format: wireFormat };

test.for(["http://127.0.0.1:99999", "example.com", "http://h/v1", "http://h/?a=1", "http://h/#x", "http://u:p@h"])(
  "[V5] no gateway can be at %s, whichever client is asked",
  async (baseUrl) => {
    await expect(startCapture({ ...options, baseUrl })).rejects.toThrow(/^baseUrl (is|ends|has)/);
    expect(() => createResultsClient({ baseUrl })).toThrow(/^baseUrl (is|ends|has|must)/);
  },
);
test.for(["ftp://example.com", "file:///tmp", "javascript:0"])("[V5] %s is no gateway", async (baseUrl) => {
  await expect(startCapture({ ...options, baseUrl })).rejects.toThrow(/baseUrl begins with/);
});

test.for([Number.NaN, 0, -1, Infinity])("[V5] nothing is waited for %d ms", async (ms) => {
  await expect(startCapture({ ...options, times: { pingAfterMs: ms } })).rejects.toThrow(/times\.pingAfterMs/);
});

test.for([
  { sampleRate: Number.NaN, channels: 1 },
  { sampleRate: 0, channels: 1 },
  { sampleRate: 16_000.5, channels: 1 },
  { sampleRate: 16_000, channels: Number.NaN },
  { sampleRate: 16_000, channels: 0 },
])("[V5] %j is no format", async (format) => {
  await expect(startCapture({ ...options, format })).rejects.toThrow(RangeError);
});

test.for([Number.NaN, Infinity, 1e300])(
  "[V5] a block that ended at %d is refused by its write, and the capture goes on",
  async (endedAt) => {
    const capture = await startCapture(options);
    await expect(capture.write(samplesOf(1, 1), endedAt)).rejects.toThrow(/endedAt is ms since 1970/);
    expect(await capture.write(samplesOf(1, 1))).toBe(true);
    expect(capture.lagSeconds).toBe(1);
    await capture.close();
  },
);

/** A tone at a scale, as a block of floats. */
const toneAt = (scale: number): Float32Array =>
  Float32Array.from({ length: 16_000 }, (_, i) => Math.sin(i / 6) * scale);
const wrongScales: readonly [string, Float32Array][] = [
  ["Int16's scale", toneAt(32_767)],
  ["Int16's scale, quiet speech", toneAt(300)],
  ["Int32's scale", toneAt(2 ** 31)],
  ["a byte's scale", toneAt(127)],
  ["whole numbers of hardly any sound", toneAt(3).map(Math.round)],
  ["Int16's scale, with pauses", toneAt(9_000).fill(0, 0, 15_000)],
];
test.for(wrongScales)(
  "[V5] floats at %s are refused by their write and never clipped, and the capture goes on",
  async ([, block]) => {
    const capture = await startCapture(options);
    await expect(capture.write(block)).rejects.toThrow(
      /floats at the scale of whole numbers: they reach ±\d+, and full scale is ±1/,
    );
    expect(capture.nextSeq).toBe(1);
    expect(await capture.write(samplesOf(1, 1))).toBe(true);
    expect(capture.lagSeconds).toBe(1);
    await capture.close();
  },
);

const rightScales: readonly [string, Float32Array][] = [
  ["at full scale", toneAt(1)],
  ["12 dB too loud", toneAt(4)],
  ["silent", new Float32Array(16_000)],
  ["a square wave", toneAt(1).map(Math.sign)],
  ["with one wild value of a broken driver", toneAt(0.5).fill(1e9, 40, 42)],
  ["with what is no number", toneAt(0.5).fill(Number.NaN, 0, 9_000).fill(Infinity, 9_000, 9_100)],
];
test.for(rightScales)("[V5] floats %s are taken", async ([, block]) => {
  const capture = await startCapture(options);
  expect(await capture.write(block)).toBe(true);
  expect(capture.nextSeq).toBe(2);
  await capture.close();
});

test.for([Number.NaN, 0, -5])("[V5] an outbox of %d seconds is none", async (maxFrames) => {
  expect(() => createMemoryOutbox(maxFrames)).toThrow(RangeError);
  await expect(openFileOutbox({ folder: join(tmpdir(), "never-made"), maxFrames })).rejects.toThrow(RangeError);
  await expect(openIdbOutbox({ name: "never-made", maxFrames })).rejects.toThrow(RangeError);
  await expect(openFileOutbox({ folder: "" })).rejects.toThrow(/not empty/);
});

test("[V5] a folder that holds other things as well loses none of them", async () => {
  const folder = await mkdtemp(join(tmpdir(), "roomtone-shared-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const others = ["thesis.tmp", "outbox.json.bak.tmp", "7.pcm.tmp", "00000001.5.pcm.tmp", "outbox.json.tmp"];
  for (const name of others) await writeFile(join(folder, name), "mine");
  const outbox = await openFileOutbox({ folder });
  expect(await outbox.put(frameOf(1))).toBe(true);
  await outbox.close();
  const left = await readdir(folder);
  expect(left.filter((name) => name.endsWith(".tmp")).sort()).toEqual([
    "7.pcm.tmp",
    "outbox.json.bak.tmp",
    "thesis.tmp",
  ]);
});
