/** What a body is and what its samples are: the inference service's ways from bytes to 16 kHz, without a model. */
import { describe, expect, it } from "vitest";
import { audioKindOf } from "../../../schemas/speech/audio-kind.ts";
import { decodeAudio } from "../../../server/inference/audio/decode-audio.ts";
import { mendWebm } from "../../../server/inference/audio/mend-webm.ts";
import { Resampler } from "../../../server/inference/audio/resampler.ts";
import { wavOf } from "../../support/wav-of.ts";

const tone = (hz: number, rateHz: number, seconds = 1): Float32Array =>
  Float32Array.from({ length: rateHz * seconds }, (_, i) => 0.5 * Math.sin((2 * Math.PI * hz * i) / rateHz));

async function samplesOf(bytes: Uint8Array, type = "audio/wav"): Promise<Float32Array> {
  const decoded = await decodeAudio(bytes, type, 10);
  if (!decoded.ok) throw new Error(decoded.error.detail);
  return decoded.value;
}

/** Away from the edges, where a filter hears the silence around. */
function worstError(samples: Float32Array, expected: Float32Array): number {
  let worst = 0;
  for (let i = 400; i < samples.length - 400; i++) {
    worst = Math.max(worst, Math.abs((samples[i] ?? 0) - (expected[i] ?? 0)));
  }
  return worst;
}

describe("what a body is", () => {
  it.each([
    ["PK\u0003\u0004 archive.wav", "zip"],
    ["ID3\u0004", "mp3"],
    ["fLaC", "flac"],
    ["OggS", "ogg"],
    ["\0\0\0\u0018ftypmp42", "mp4"],
    ["<!doctype html><title>502", "text"],
    ['{"error":"no"}', "text"],
    ["RIFF\0\0\0\0AVI ", undefined],
  ])("[M3] %j is %s", (text, kind) => {
    expect(audioKindOf(new TextEncoder().encode(text))).toBe(kind);
  });
});

describe("WAV", () => {
  it.each([
    ["pcm", 8, 0.01],
    ["pcm", 16, 0.001],
    ["pcm", 24, 0.001],
    ["pcm", 32, 0.001],
    ["float", 32, 0.001],
    ["float", 64, 0.001],
  ] as const)("[M3] %s of %i bits is read as what it was", async (format, bits, tolerance) => {
    const samples = await samplesOf(wavOf({ channels: [tone(440, 16_000)], rateHz: 16_000, format, bits }));
    expect(samples).toHaveLength(16_000);
    expect(worstError(samples, tone(440, 16_000))).toBeLessThan(tolerance);
  });

  it.each([8_000, 11_025, 44_100, 48_000])("[M3] %i Hz becomes 16 kHz of the same length and pitch", async (rateHz) => {
    const samples = await samplesOf(wavOf({ channels: [tone(440, rateHz)], rateHz }));
    expect(samples).toHaveLength(16_000);
    expect(worstError(samples, tone(440, 16_000))).toBeLessThan(0.01);
  });

  it("[M3] averages channels", async () => {
    const [left, right] = [tone(440, 16_000), new Float32Array(16_000)];
    const samples = await samplesOf(wavOf({ channels: [left, right], rateHz: 16_000 }));
    expect(
      worstError(
        samples,
        left.map((value) => value / 2),
      ),
    ).toBeLessThan(0.001);
  });

  it("[M3] is taken at what is there, whatever its header promises", async () => {
    const whole = wavOf({ channels: [tone(440, 16_000)], rateHz: 16_000 });
    expect(await samplesOf(whole.slice(0, 44 + 8_001))).toHaveLength(4_000);
    for (const size of [0, 0xffff_ffff]) {
      const open = whole.slice();
      new DataView(open.buffer).setUint32(40, size, true);
      expect(await samplesOf(open)).toHaveLength(16_000);
    }
  });

  it.each([
    ["no format", (bytes: Uint8Array) => bytes.fill(0x20, 12, 16), "damaged"],
    ["no samples", (bytes: Uint8Array) => bytes.fill(0x20, 36, 40), "damaged"],
    ["no channels", (bytes: Uint8Array) => bytes.fill(0, 22, 24), "damaged"],
    ["a rate of 0", (bytes: Uint8Array) => bytes.fill(0, 24, 28), "damaged"],
    ["samples of 0 bits", (bytes: Uint8Array) => bytes.fill(0, 34, 36), "unsupported"],
    ["nothing after its header", (bytes: Uint8Array) => bytes.slice(0, 44), "empty"],
  ])("[M3] one with %s is refused", async (_, spoil, reason) => {
    const bytes = spoil(wavOf({ channels: [tone(440, 16_000)], rateHz: 16_000 }));
    expect(await decodeAudio(bytes, "audio/wav", 10)).toMatchObject({ ok: false, error: { reason } });
  });

  it("[M3] is refused as too long while it is read", async () => {
    const bytes = wavOf({ channels: [tone(440, 8_000, 11)], rateHz: 8_000 });
    expect(await decodeAudio(bytes, "", 10)).toMatchObject({ ok: false, error: { reason: "too_long" } });
  });
});

describe("samples without a header", () => {
  const bytes = new Uint8Array(Int16Array.from({ length: 8_000 }, (_, i) => i % 256).buffer);

  it("[M3] are what their type declares", async () => {
    expect(await samplesOf(bytes, "audio/L16; rate=8000")).toHaveLength(16_000);
    expect(await samplesOf(bytes, "audio/L16;rate=16000;channels=2")).toHaveLength(4_000);
    expect(await samplesOf(bytes, "audio/pcm")).toHaveLength(8_000);
  });

  it.each(["", "audio/wav", "application/octet-stream", "audio/L16; rate=1"])(
    "[M3] are refused as %j",
    async (type) => {
      expect(await decodeAudio(bytes, type, 10)).toMatchObject({ ok: false, error: { reason: "unsupported" } });
    },
  );
});

describe("the resampler", () => {
  it("gives the same in blocks of any size", () => {
    const whole = new Resampler(48_000, 16_000);
    const input = tone(1_000, 48_000);
    const expected = [...whole.push(input), ...whole.end()];
    const parts = new Resampler(48_000, 16_000);
    const out: number[] = [];
    for (let at = 0, size = 1; at < input.length; at += size, size = (size * 7) % 1_009) {
      out.push(...parts.push(input.subarray(at, at + size)));
    }
    out.push(...parts.end());
    expect(out).toEqual(expected);
  });

  it("lets nothing through that the lower rate can't hold", () => {
    const resampler = new Resampler(48_000, 16_000);
    const out = [...resampler.push(tone(11_000, 48_000)), ...resampler.end()].slice(400, -400);
    expect(Math.max(...out.map(Math.abs))).toBeLessThan(0.005);
  });
});

it("a WebM that is whole, or none, stays as it is", () => {
  for (const bytes of [new Uint8Array(), Uint8Array.of(0x1a, 0x45, 0xdf, 0xa3), new Uint8Array(64)]) {
    expect(mendWebm(bytes)).toBe(bytes);
  }
});
