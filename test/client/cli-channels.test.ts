/** `roomtone capture --channel`: which channels of a source become which tracks. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, test, vi } from "vitest";
import { channelTracks, parseChannel } from "../../client/cli/channel-choice.ts";
import { runCapture } from "../../client/cli/capture-command.ts";
import { captureDefaults, parseCaptureOptions } from "../../client/cli/capture-options.ts";
import { describeRanges, shortfall } from "../../client/cli/report-words.ts";
import { until } from "../../client/testkit/until.ts";
import { ackMessage, FakeRoom, readyMessage } from "./support/fake-room.ts";

const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
});

const rate = 16_000;
/** What channel `channel` has at a sample: another value for each second and channel. */
const valueAt = (second: number, channel: number): number => 100 * second + channel;

/** A WAV file of that many channels and seconds. */
async function wavOf(seconds: number, channels: number, value = valueAt): Promise<string> {
  const samples = new Int16Array(seconds * rate * channels);
  for (let i = 0; i < samples.length; i += 1)
    samples[i] = value(Math.floor(i / (rate * channels)) + 1, (i % channels) + 1);
  const header = Buffer.alloc(44);
  header.write("RIFF", 0);
  header.writeUInt32LE(36 + samples.byteLength, 4);
  header.write("WAVEfmt ", 8);
  header.writeUInt32LE(16, 16);
  header.writeUInt16LE(1, 20);
  header.writeUInt16LE(channels, 22);
  header.writeUInt32LE(rate, 24);
  header.writeUInt32LE(rate * channels * 2, 28);
  header.writeUInt16LE(channels * 2, 32);
  header.writeUInt16LE(16, 34);
  header.write("data", 36);
  header.writeUInt32LE(samples.byteLength, 40);
  const folder = await mkdtemp(join(tmpdir(), "roomtone-channels-"));
  closers.push(() => rm(folder, { recursive: true, force: true }));
  const file = join(folder, "meeting.wav");
  await writeFile(file, [header, new Uint8Array(samples.buffer)]);
  return file;
}

/** A room for all tracks of a meeting, which notes the first sample of each second that it was sent. */
async function startRoom(): Promise<{
  readonly url: string;
  readonly heard: Map<string, number[]>;
  /** When each second was captured, as its frame says. */
  readonly times: Map<string, unknown[]>;
}> {
  const heard = new Map<string, number[]>();
  const times = new Map<string, unknown[]>();
  const tracks = new Map<number, string>();
  const room = await FakeRoom.start((peer, frame) => {
    if (frame.type === "hello") {
      tracks.set(peer.connection, String(frame["track"]));
      peer.say(readyMessage("s", 0));
    }
    if (frame.type === "end") peer.say({ type: "ended", last_seq: frame["last_seq"], complete: true, missing: [] });
    if (frame.type !== "chunk") return;
    const track = tracks.get(peer.connection) ?? "";
    const at = times.get(track) ?? [];
    at[Number(frame.seq) - 1] = frame["timestamp_ms"];
    times.set(track, at);
    const seconds = heard.get(track) ?? [];
    seconds[Number(frame.seq) - 1] = Buffer.from(String(frame["content_b64"]), "base64").readInt16LE(0);
    heard.set(track, seconds);
    peer.say(ackMessage(frame));
  });
  closers.push(() => room.close());
  return { url: room.url, heard, times };
}

async function capture(
  file: string,
  url: string,
  channel: string,
  more: object = {},
  signal = new AbortController().signal,
): Promise<unknown> {
  const spool = `${file}.spool`;
  const raw = { ...captureDefaults, url, session: "s", encoding: "json", spool, live: false, channel, ...more };
  return runCapture(parseCaptureOptions(file, raw, {}), signal);
}

test("[V3] [E5] split: each channel is a track of its own, in one report, and all of them at one time", async () => {
  const [file, { url, heard, times }] = [await wavOf(3, 3), await startRoom()];
  expect(await capture(file, url, "split")).toMatchObject({
    session_id: "s",
    complete: true,
    tracks: [1, 2, 3].map((n) => ({ track: `mixed-${n}`, seconds: 3, complete: true, continued_from: 0 })),
  });
  for (const n of [1, 2, 3]) expect(heard.get(`mixed-${n}`)).toEqual([1, 2, 3].map((second) => valueAt(second, n)));
  // Channels of one file go together to the sample: a track's origin is what its first second says.
  expect(new Set([...times.values()].map(([first]) => first)).size).toBe(1);
});

test("[V3] split goes on where each track stopped, also where one is ahead of the others", async () => {
  const [file, { url, heard }] = [await wavOf(6, 2), await startRoom()];
  const stopping = new AbortController();
  const begun = capture(file, url, "left", { track: "mixed-1", speed: "10" }, stopping.signal);
  await until(() => (heard.get("mixed-1")?.length ?? 0) > 1 || undefined, { what: "two seconds" });
  stopping.abort();
  await expect(begun).rejects.toThrow("closed before its end");
  const report = await capture(file, url, "split");
  expect(report).toMatchObject({ tracks: [{ seconds: 6 }, { seconds: 6, continued_from: 0 }] });
  for (const n of [1, 2])
    expect(heard.get(`mixed-${n}`)).toEqual([1, 2, 3, 4, 5, 6].map((second) => valueAt(second, n)));
});

test.each([
  ["mix", 101.5],
  ["left", 101],
  ["right", 102],
  ["2", 102],
])("[V3] %s: one track", async (channel, first) => {
  const [file, { url, heard }] = [await wavOf(2, 2), await startRoom()];
  expect(await capture(file, url, channel)).toMatchObject({ session_id: "s", track: "mixed", complete: true });
  expect(heard.get("mixed")).toEqual([Math.round(first), Math.round(first + 100)]);
});

test("a spool that was begun with one channel is not gone on with by another", async () => {
  const [file, { url }] = [await wavOf(2, 2), await startRoom()];
  await capture(file, url, "left");
  await expect(capture(file, url, "right")).rejects.toThrow(/another source/);
});

describe("averaging that loses sound is told, and what to give instead", () => {
  test("[V3] one channel among silent ones, and opposite ones", async () => {
    const said: string[] = [];
    const error = vi.spyOn(console, "error").mockImplementation((line: string) => void said.push(line));
    closers.push(() => error.mockRestore());
    let at = 0;
    const wave = (): number => Math.round(9_000 * Math.sin((at += 1) / 7));
    const lone = await wavOf(8, 4, (_, channel) => (channel === 3 ? wave() : 0));
    await capture(lone, (await startRoom()).url, "mix");
    expect(said.join("\n")).toMatch(/Only channel 3 has sound.* 12 dB quieter.*--channel 3/);
    said.length = 0;
    let value = 0;
    const opposite = await wavOf(8, 2, (_, channel) => (value = channel === 1 ? wave() : -value));
    await capture(opposite, (await startRoom()).url, "mix");
    expect(said.join("\n")).toMatch(/each other's opposite.*--channel 1/);
    said.length = 0;
    const short = await wavOf(2, 2, (_, channel) => (value = channel === 1 ? wave() : -value));
    await capture(short, (await startRoom()).url, "mix");
    expect(said.join("\n"), "two seconds are told at their end").toMatch(/each other's opposite.*--channel 1/);
    said.length = 0;
    await capture(await wavOf(8, 4, (_, channel) => (channel === 3 ? wave() : 0)), (await startRoom()).url, "3");
    expect(said).toEqual([]);
  });
});

test("[V3] a choice, and the tracks that come of it", () => {
  expect(["mix", "split", "left", "right", "7", "32"].map(parseChannel)).toEqual(["mix", "split", 1, 2, 7, 32]);
  expect(["", "0", "-1", "1.5", "Left", "100", "both"].map(parseChannel)).toEqual(Array.from({ length: 7 }));
  const stereo = { sampleRate: rate, channels: 2 };
  expect(channelTracks("split", "desk", stereo).map(({ track }) => track)).toEqual(["desk-1", "desk-2"]);
  expect(() => channelTracks(3, "desk", stereo)).toThrow("The source has 2 channels: there is no channel 3 to take.");
  expect(() => channelTracks("split", "t".repeat(31), stereo)).toThrow("too long to be split");
});

test("[V4] what the room lacks is named once, in order; an end that was refused is told as that", () => {
  expect(
    describeRanges([
      [8, 8],
      [1, 3],
      [8, 8],
      [4, 4],
      [10, 11],
    ]),
  ).toBe("1–4, 8, 10–11");
  expect(shortfall({ complete: true, missing: [], lost: [] })).toBeUndefined();
  expect(shortfall({ complete: false, missing: [[8, 8]], lost: [[8, 8]] })).toBe("The room lacks seconds 8.");
  expect(shortfall({ complete: false, missing: [], lost: [] })).toMatch(
    /did not take the end of this track: it has audio/,
  );
  expect(shortfall({ complete: false, missing: [[2, 2]], lost: [] }, "mixed-2")).toBe(
    "The room lacks seconds 2 of mixed-2.",
  );
});
