/** The inference service with its real models, over HTTP: what is said is heard, and what can't be is refused by name. */
import { readFile } from "node:fs/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openStt } from "../../server/inference/stt/part.ts";
import { openTts } from "../../server/inference/tts/part.ts";
import { type InferenceServer, serveParts } from "../../server/inference/http/server.ts";
import { SpeechClient } from "../support/speech-client.ts";
import { music, noise, seconds, tone } from "../support/sounds.ts";
import { wavOf } from "../support/wav-of.ts";

const fixtures = "test/contract/fixtures";
const sentence = "We have been working on streaming systems for about six years now.";
/** A model on a busy machine. */
const timeoutMs = 120_000;

let server: InferenceServer;
let client: SpeechClient;
beforeAll(async () => {
  server = await serveParts({ host: "127.0.0.1", port: 0, apiKey: undefined, parts: [openStt(), openTts()] });
  client = new SpeechClient(server.url);
}, timeoutMs);
afterAll(() => server.close());

describe("what is heard", { timeout: timeoutMs }, () => {
  it.each(["webm", "ogg", "mp4"])("[M3] Opus in %s, as a recorder of a browser makes it", async (format) => {
    const file = await readFile(`${fixtures}/speech.${format}`);
    expect(await client.text(file)).toBe(sentence);
    expect(await client.text(file, { name: "speech.mp3", type: "audio/mpeg" })).toBe(sentence);
  });

  it("[M3] a WebM that was cut off in the middle, up to there", async () => {
    const file = await readFile(`${fixtures}/speech.webm`);
    const { text, duration } = await client.verbose(file.subarray(0, file.byteLength / 2));
    expect(sentence.startsWith(text.replace(/[ .]*$/, "").slice(0, 12))).toBe(true);
    expect(duration).toBeCloseTo(2.2, 1);
  });

  it("[M3] 8 kHz, two channels, an offset and clipping", async () => {
    const wav = await client.say(sentence);
    const speech = new Int16Array(wav.buffer, 44);
    const half = Float32Array.from({ length: speech.length >> 1 }, (_, i) => (speech[2 * i] ?? 0) / 32_768);
    expect(await client.text(wavOf({ channels: [half, half], rateHz: 8_000 }))).toMatch(/working on streaming systems/);
    const whole = Float32Array.from(speech, (value) => value / 32_768);
    expect(await client.text(wavOf({ channels: [whole.map((x) => x * 0.5 + 0.3)], rateHz: 16_000 }))).toMatch(
      /six years/,
    );
    expect(await client.text(wavOf({ channels: [whole.map((x) => x * 8)], rateHz: 16_000 }))).toMatch(/six years/);
  });

  it("[M4] has the times of what was said", async () => {
    const wav = await client.say(sentence);
    const speech = Float32Array.from(new Int16Array(wav.buffer, 44), (value) => value / 32_768);
    const later = new Float32Array(speech.length + seconds(3).length);
    later.set(speech, seconds(3).length);
    const { segments } = await client.verbose(wavOf({ channels: [later], rateHz: 16_000 }));
    expect(segments).toMatchObject([{ text: sentence }]);
    expect(segments[0]?.start).toBeGreaterThan(2.9);
    expect(segments[0]?.start).toBeLessThan(3.5);
  });

  it.each([
    ["silence", seconds(8)],
    ["an offset", seconds(8).fill(0.5)],
    ["noise", noise(8, 0.3)],
    ["faint noise", noise(8, 0.003)],
    ["a tone", tone(440, 8)],
    [
      "hum",
      tone(50, 8)
        .map(Math.sign)
        .map((value) => value * 0.2),
    ],
    ["music", music(12)],
    ["one second", noise(1, 0.1)],
  ])("[M5] %s gives no words", async (_, samples) => {
    expect(await client.text(wavOf({ channels: [samples], rateHz: 16_000 }))).toBe("");
  });
});

describe("what can't be heard", { timeout: timeoutMs }, () => {
  it.each([
    ["nothing", new Uint8Array(), 400, /empty/],
    ["a ZIP by the name of a WAV", new TextEncoder().encode("PK\u0003\u0004 and so on"), 415, /zip/],
    ["a web page", new TextEncoder().encode("<html>502</html>"), 415, /text/],
    ["a WebM of which hardly anything is left", Uint8Array.of(0x1a, 0x45, 0xdf, 0xa3, 0x80), 400, /WebM/],
    ["a WAV without samples", wavOf({ channels: [new Float32Array()], rateHz: 16_000 }), 400, /no samples/],
    ["two hours", wavOf({ channels: [new Float32Array(7_200 * 4_000)], rateHz: 4_000, bits: 8 }), 413, /1800 seconds/],
    ["more than may be sent", new Uint8Array(66 * 1024 * 1024), 413, /larger than/],
  ])("[M3] %s", async (_, bytes, status, message) => {
    const refused = await client.transcribe(bytes, { name: "talk.wav", type: "audio/wav" });
    expect(refused.status).toBe(status);
    expect(await refused.json()).toMatchObject({
      error: { message: expect.stringMatching(message), param: expect.anything() },
    });
  });

  it.each([
    ["speech-aac.mp4", /aac/],
    ["speech.mp3", /mp3/],
  ])("[M3] %s is refused by the name of its codec", async (name, message) => {
    const refused = await client.transcribe(await readFile(`${fixtures}/${name}`));
    expect(refused.status).toBe(415);
    expect(await refused.json()).toMatchObject({ error: { message: expect.stringMatching(message) } });
  });

  it("[M6] another language is refused, and so is a form without a file", async () => {
    const refused = await client.transcribe(wavOf({ channels: [seconds(1)], rateHz: 16_000 }), {
      fields: { language: "de" },
    });
    expect([refused.status, await refused.text()]).toEqual([400, expect.stringContaining("English")]);
    const empty = await fetch(`${server.url}/v1/audio/transcriptions`, { method: "POST", body: new FormData() });
    expect([empty.status, await empty.text()]).toEqual([400, expect.stringContaining("file")]);
  });
});

describe("what is said", { timeout: timeoutMs }, () => {
  it.each(["awb", "rms", "slt", "alloy"])("[M7] by %s is heard again", async (voice) => {
    expect(await client.text(await client.say(sentence, { voice }))).toMatch(/streaming systems/);
  });

  it("[M7] faster is shorter, and PCM has 24,000 samples a second", async () => {
    const plain = await client.say(sentence);
    const fast = await client.say(sentence, { speed: 2 });
    expect(fast.byteLength / plain.byteLength).toBeCloseTo(0.5, 1);
    const pcm = await client.say(sentence, { response_format: "pcm" });
    expect(pcm.byteLength / (plain.byteLength - 44)).toBeCloseTo(1.5, 2);
  });

  it("[M7] comes sentence by sentence", async () => {
    const response = await client.speech({ input: "This is one. ".repeat(60) });
    const reader = response.body?.getReader();
    // Of two megabytes.
    expect((await reader?.read())?.value?.byteLength).toBeLessThan(200_000);
    await reader?.cancel();
  });

  it.each([
    ["nothing", { input: "" }, /empty/],
    ["100,000 characters", { input: "a ".repeat(25_000) }, /4096/],
    ["emoji alone", { input: "😀👍" }, /nothing that can be spoken/],
    ["control characters alone", { input: "\u0000\u001B\u0007" }, /nothing that can be spoken/],
    ["a format without an encoder", { input: "Hello", response_format: "mp3" }, /wav, pcm/],
    ["a voice that nobody has", { input: "Hello", voice: "constructor" }, /awb, rms, slt/],
    ["no JSON", undefined, /JSON/],
  ])("[M8] %s is refused", async (_, body, message) => {
    const refused = await client.speech(body);
    expect(refused.status).toBe(400);
    expect(await refused.json()).toMatchObject({
      error: { message: expect.stringMatching(message), type: "invalid_request_error" },
    });
  });
});
