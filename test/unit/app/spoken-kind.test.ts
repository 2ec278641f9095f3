/** What a provider that speaks answers is looked at: what is no sound, or sound of another kind, is its failure. */
import { afterEach, describe, expect, test, vi } from "vitest";
import { audioKindOf } from "../../../schemas/speech/audio-kind.ts";
import { openWavBytes, wavHead } from "../../../schemas/speech/wav-head.ts";
import { openAiSynthesizer } from "../../../server/app/ai/providers/openai-synthesizer.ts";
import { type SpeechFormat } from "../../../server/app/ai/ports.ts";
import { Circuit } from "../../../server/app/ai/circuits.ts";
import { SpeechModels } from "../../../server/app/ai/speech-models.ts";
import { Meter } from "../../../server/app/ai/usage/meter.ts";

afterEach(() => void vi.unstubAllGlobals());

const nothing = async (): Promise<undefined> => undefined;
const store = {
  begin: nothing,
  settle: nothing,
  hold: async () => ({ ok: true, value: false }) as const,
  used: nothing,
};
const service = (name: string) => ({
  name: `openai/${name}`,
  model: name,
  baseUrl: `http://${name}.test/v1`,
  apiKey: undefined,
  isOwn: false,
});

const text = (value: string): Uint8Array<ArrayBuffer> => new TextEncoder().encode(value);
const joined = (...parts: Uint8Array[]): Uint8Array<ArrayBuffer> => Uint8Array.from(parts.flatMap((part) => [...part]));
const samples = Uint8Array.from({ length: 400 }, (_, i) => (i * 37) % 256);
const wav = (rateHz = 16_000, channels = 1, rest = samples): Uint8Array<ArrayBuffer> =>
  joined(wavHead(openWavBytes, { rateHz, channels }), rest);
/** 24 kbit/s of MPEG 2 at 24 kHz: 72 bytes a frame. */
const frame = joined(Uint8Array.of(0xff, 0xf3, 0x34, 0xc4), new Uint8Array(68).fill(5));
const mp3 = joined(frame, frame, frame);
const ogg = joined(text("OggS\0\u0002"), samples);
/** As quiet noise is: -1, 0, -1, 1. */
const quiet = joined(...Array.from({ length: 100 }, () => Uint8Array.of(0xff, 0xff, 0, 0, 0xff, 0xff, 1, 0)));
const withList = joined(
  wav().subarray(0, 12),
  text("LIST"),
  Uint8Array.of(4, 0, 0, 0),
  text("INFO"),
  wav().subarray(12),
);

/** Answers as the first provider, in parts of some size; the second one is right. @returns who spoke what. */
async function spoken(
  format: SpeechFormat,
  body: Uint8Array<ArrayBuffer>,
  { type = "audio/wav", partBytes = 10_000 } = {},
): Promise<[string, string] | string> {
  vi.stubGlobal("fetch", async (url: string) => {
    if (!url.includes("first")) return new Response(right[format], { headers: { "content-type": "audio/other" } });
    let at = 0;
    const parts = new ReadableStream<Uint8Array>({
      pull: (out) => {
        if (at >= body.byteLength) return out.close();
        out.enqueue(body.slice(at, at + partBytes));
        at += partBytes;
        return undefined;
      },
    });
    return new Response(parts, { headers: { "content-type": type } });
  });
  const models = new SpeechModels(new Meter(store, () => undefined));
  const candidates = ["first", "second"].map((name) => {
    const model = openAiSynthesizer(service(name));
    const circuit = new Circuit(
      () => 0,
      () => 0.5,
    );
    return { model, name, kind: "tts", isOwn: false, isPriced: false, circuit } as const;
  });
  const call = { tenant: "default", traceId: "0".repeat(32), route: "test", signal: new AbortController().signal };
  const answer = await models.speak(candidates, { text: "Hi", voice: undefined, format, speed: 1 }, call);
  if (!answer.ok) return answer.error.reason;
  const got = await new Response(answer.value.body).bytes();
  return [answer.value.model, Buffer.from(got).equals(body) ? "all of it" : "other"];
}

const right: Readonly<Record<SpeechFormat, Uint8Array<ArrayBuffer>>> = { wav: wav(), pcm: quiet, mp3, opus: ogg };

describe.each([10_000, 1, 7])("in parts of %i bytes", (partBytes) => {
  test.each<[SpeechFormat, string, Uint8Array<ArrayBuffer>]>([
    ["wav", "a WAV", wav()],
    ["wav", "a WAV of 48 kHz in two channels", wav(48_000, 2)],
    ["wav", "a WAV that tells of itself first", withList],
    ["pcm", "samples", samples],
    ["pcm", "quiet samples, which begin as MPEG audio does", quiet],
    ["pcm", "two samples", quiet.subarray(0, 4)],
    ["pcm", "silence", new Uint8Array(640)],
    ["mp3", "frames", mp3],
    ["mp3", "one frame", frame],
    ["mp3", "a tag", joined(text("ID3\u0004"), samples)],
    ["opus", "pages", ogg],
  ])("[M16] %s: %s is taken, whole", async (format, _, body) => {
    expect(await spoken(format, body, { partBytes })).toEqual(["first", "all of it"]);
  });

  test.each<[SpeechFormat, string, Uint8Array<ArrayBuffer>]>([
    ["wav", "MP3", mp3],
    ["wav", "Ogg", ogg],
    ["wav", "samples without a head", samples],
    ["wav", "a page", text("<!doctype html><title>502</title>")],
    ["wav", "JSON", text('{"error":{"message":"no"}}')],
    ["wav", "the head alone", wav(16_000, 1, new Uint8Array())],
    ["wav", "half a head", wav().subarray(0, 30)],
    ["wav", "no rate", wav(0)],
    ["wav", "a rate that nobody hears", wav(4_000_000)],
    ["wav", "no channel", wav(16_000, 0)],
    ["wav", "an AVI", joined(text("RIFF\0\0\0\0AVI "), samples)],
    ["wav", "a head without an end", joined(wav().subarray(0, 12), text("LIST"), new Uint8Array(70_000).fill(255))],
    ["wav", "nothing", new Uint8Array()],
    ["pcm", "a WAV", wav()],
    ["pcm", "MP3", mp3],
    ["pcm", "a tag of MP3", joined(text("ID3\u0004"), samples)],
    ["pcm", "Ogg", ogg],
    ["pcm", "a page", text("<html><body>busy</body></html>")],
    ["pcm", "JSON", text('{"error":{"message":"no"}}')],
    ["pcm", "a word", text("error")],
    ["pcm", "a sentence", text("upstream connect error or disconnect/reset before headers. reset reason: timeout")],
    ["pcm", "one byte", Uint8Array.of(7)],
    ["mp3", "a WAV", wav()],
    ["mp3", "samples", samples],
    ["mp3", "JSON", text('{"error":{"message":"no"}}')],
    ["opus", "a WAV", wav()],
    ["opus", "MP3", mp3],
  ])("[M12] [M16] %s: %s is a failure, and the next model speaks", async (format, _, body) => {
    expect(await spoken(format, body, { partBytes })).toEqual(["second", "other"]);
  });
});

test.each(["audio/pcm; rate=16000; channels=1", "audio/L16;rate=44100", "audio/pcm; rate=24000; channels=2"])(
  "[M16] samples that are said to be %s are not those that were asked for",
  async (type) => {
    expect(await spoken("pcm", samples, { type })).toEqual(["second", "other"]);
  },
);

test.each(["audio/pcm", "audio/pcm; rate=24000; channels=1", "application/octet-stream", "audio/mpeg"])(
  "[M16] samples that are said to be %s are taken: nothing is against it",
  async (type) => {
    expect(await spoken("pcm", samples, { type })).toEqual(["first", "all of it"]);
  },
);

describe("samples without a header", () => {
  test.each([
    ["quiet noise", quiet],
    ["-1 and silence", joined(Uint8Array.of(0xff, 0xff), new Uint8Array(3_000))],
    ["-257 and what follows", joined(Uint8Array.of(0xff, 0xfe, 0x90, 0), samples)],
  ])("[M3] %s is no MPEG audio", (_, bytes) => {
    expect(audioKindOf(bytes)).toBeUndefined();
  });

  test.each([
    ["frames of MPEG 2, layer 3", mp3],
    // 128 kbit/s at 44.1 kHz, and a padded frame behind it.
    [
      "frames of MPEG 1, layer 3",
      joined(
        ...[0x90, 0x92, 0x90].map((third) =>
          joined(Uint8Array.of(0xff, 0xfb, third, 0x64), new Uint8Array(third === 0x92 ? 414 : 413)),
        ),
      ),
    ],
    // 192 kbit/s at 48 kHz.
    [
      "frames of MPEG 1, layer 2",
      joined(...[0, 1].map(() => joined(Uint8Array.of(0xff, 0xfd, 0xa4, 0), new Uint8Array(572)))),
    ],
  ])("[M3] %s are", (_, bytes) => {
    expect(audioKindOf(bytes)).toBe("mp3");
  });
});
