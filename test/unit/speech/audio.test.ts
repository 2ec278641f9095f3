/** What audio is by its bytes, how long it is, and what becomes of samples without a header. */
import { describe, expect, it } from "vitest";
import { limits } from "../../../schemas/limits.ts";
import { audioOf, wavAudio } from "../../../server/app/ai/audio.ts";
import { unspeakable } from "../../../server/app/ai/text.ts";

const bytesOf = (...values: number[]): Uint8Array<ArrayBuffer> => new Uint8Array([...values, ...Array(60).fill(1)]);
const ofSeconds = (seconds: number) => audioOf(new Uint8Array(seconds * 8_000).fill(9), "audio/L16; rate=4000");

describe("audio", () => {
  it.each([
    ["webm", "audio/webm", bytesOf(0x1a, 0x45, 0xdf, 0xa3)],
    ["ogg", "audio/ogg", bytesOf(0x4f, 0x67, 0x67, 0x53)],
    ["mp4", "audio/mp4", bytesOf(0, 0, 0, 24, 0x66, 0x74, 0x79, 0x70)],
    ["flac", "audio/flac", bytesOf(0x66, 0x4c, 0x61, 0x43)],
    ["mp3", "audio/mpeg", bytesOf(0x49, 0x44, 0x33)],
  ])("[M3] %s is known by its bytes, whatever is declared", (_, type, bytes) => {
    expect(audioOf(bytes, "audio/wav")).toMatchObject({ ok: true, value: { type, durationMs: undefined } });
  });

  it.each([
    ["a ZIP", bytesOf(0x50, 0x4b, 3, 4), "audio/wav", 415],
    ["a page", new TextEncoder().encode("<!doctype html>"), "audio/wav", 415],
    ["nothing that is known", bytesOf(9, 9, 9), "audio/wav", 415],
    ["samples at a rate that none has", bytesOf(9, 9, 9), "audio/L16; rate=7", 415],
    ["nothing at all", new Uint8Array(), "audio/wav", 400],
  ])("[M3] %s is refused by name", (_, bytes, type, status) => {
    expect(audioOf(bytes, type)).toMatchObject({ ok: false, error: { status } });
  });

  it("[M3] samples without a header are believed what they are declared to be, and become a WAV", () => {
    const raw = audioOf(new Uint8Array(16_001).fill(9), "audio/L16; rate=8000; channels=2");
    expect(raw).toMatchObject({ ok: true, value: { type: "audio/wav", durationMs: 500 } });
    const again = raw.ok ? audioOf(raw.value.bytes, "audio/x") : raw;
    expect(again).toMatchObject({ ok: true, value: { durationMs: 500 } });
  });

  it("[M3] [limit:maxTranscriptionSeconds] audio that says that it is longer is refused, and one at the limit is not", () => {
    expect(ofSeconds(limits.maxTranscriptionSeconds).ok).toBe(true);
    expect(ofSeconds(limits.maxTranscriptionSeconds + 1)).toMatchObject({ ok: false, error: { status: 413 } });
  });

  it("[M3] a WAV that promises more than it has is as long as what is there", () => {
    const { bytes } = wavAudio(new Uint8Array(32_000), 16_000);
    expect(audioOf(bytes.slice(0, 44 + 16_000), "")).toMatchObject({ ok: true, value: { durationMs: 500 } });
    expect(audioOf(bytes.slice(0, 30), "")).toMatchObject({ ok: true, value: { durationMs: undefined } });
  });
});

it("[M8] [limit:maxSpeechCharacters] a text is refused where it is too long for any model, or has nothing to say", () => {
  expect(unspeakable("x".repeat(limits.maxSpeechCharacters))).toBeUndefined();
  expect(unspeakable("x".repeat(limits.maxSpeechCharacters + 1))).toMatch(/of 4096/);
  expect(unspeakable("🎧 … \u0007")).toMatch(/nothing/);
  // Characters are not UTF-16 units.
  expect(unspeakable("𝄞a".repeat(limits.maxSpeechCharacters / 2))).toBeUndefined();
});
