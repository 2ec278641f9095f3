/** The `openai` package against the gateway, nothing but its base URL changed: it hears and speaks through both Workers. */
import { readFile } from "node:fs/promises";
import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import OpenAI, { APIError, toFile } from "openai";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { GatewayProcess } from "../../scripts/local/gateway-process.ts";

/** A model on a busy machine. */
const timeoutMs = 120_000;
const sentence = "We have been working on streaming systems for about six years now.";
const gateway = new GatewayProcess({ env: { STT_PER_MINUTE: "off" } });
let openai: OpenAI;

function clientOf(url: string): OpenAI {
  return new OpenAI({ baseURL: `${url}/v1`, apiKey: "none is asked for here", maxRetries: 0 });
}

beforeAll(async () => {
  await gateway.start();
  openai = clientOf(gateway.url);
}, timeoutMs);
afterAll(() => gateway.dispose());

const recording = async () => toFile(await readFile("test/contract/fixtures/speech.webm"), "speech.webm");

describe("through npm start alone", { timeout: timeoutMs }, () => {
  it("[M11] nothing of a model runs before it is asked for, and all of it ends with the gateway", async () => {
    const own = new GatewayProcess({});
    try {
      await own.start();
      const before = own.processes().length;
      await clientOf(own.url).audio.speech.create({ model: "tts-1", voice: "alloy", input: "Hello." });
      expect(own.processes()).toHaveLength(before + 1);
      await own.stop();
      expect(own.processes()).toEqual([]);
    } finally {
      await own.dispose();
    }
  });

  it("[M6] transcribes: json, verbose_json, text, srt and vtt", async () => {
    const ask = { model: "whisper-1", file: await recording() };
    expect((await openai.audio.transcriptions.create(ask)).text).toBe(sentence);
    const verbose = await openai.audio.transcriptions.create({
      ...ask,
      response_format: "verbose_json",
      timestamp_granularities: ["word", "segment"],
    });
    expect(verbose.segments).toMatchObject([{ id: 0, text: sentence }]);
    expect(verbose.words).toHaveLength(12);
    const text: string = await openai.audio.transcriptions.create({ ...ask, response_format: "text" });
    expect(text.trim()).toBe(sentence);
    const srt: string = await openai.audio.transcriptions.create({ ...ask, response_format: "srt" });
    expect(srt).toMatch(/^1\n00:00:00,\d{3} --> 00:00:04,\d{3}\nWe have/);
    const vtt: string = await openai.audio.transcriptions.create({ ...ask, response_format: "vtt" });
    expect(vtt).toMatch(/^WEBVTT\n\n00:00:00\.\d{3} -->/);
  });

  it("[M6] transcribes as a stream of events", async () => {
    const stream = await openai.audio.transcriptions.create({
      model: "gpt-4o-transcribe",
      file: await recording(),
      stream: true,
    });
    const events: OpenAI.Audio.TranscriptionStreamEvent[] = [];
    for await (const event of stream) events.push(event);
    expect(events.map(({ type }) => type)).toEqual([
      "transcript.text.segment",
      "transcript.text.delta",
      "transcript.text.done",
    ]);
    expect(events.at(-1)).toMatchObject({ text: sentence });
  });

  it("[M7] speaks: WAV and PCM", async () => {
    const ask = { model: "tts-1", voice: "nova", input: sentence };
    const wav = await openai.audio.speech.create({ ...ask, response_format: "wav" });
    expect(wav.headers.get("content-type")).toBe("audio/wav");
    expect(wav.headers.get("cache-control")).toBe("private, max-age=60");
    expect(wav.headers.get("x-model")).toBe("embedded/flite");
    // As every answer has them, though it is streamed.
    expect(wav.headers.get("x-ratelimit-limit")).toBe("12");
    expect(Number(wav.headers.get("x-ratelimit-remaining"))).toBeLessThan(12);
    expect(wav.headers.get("cross-origin-opener-policy")).toBe("same-origin");
    expect(wav.headers.get("cross-origin-resource-policy")).toBe("same-site");
    expect(wav.headers.get("x-content-type-options")).toBe("nosniff");
    const bytes = Buffer.from(await wav.arrayBuffer());
    expect(bytes.subarray(0, 4).toString()).toBe("RIFF");
    const pcm = await openai.audio.speech.create({ ...ask, response_format: "pcm" });
    expect((await pcm.arrayBuffer()).byteLength / (bytes.byteLength - 44)).toBeCloseTo(1.5, 2);
  });

  it("[M6] lists its models, and says what is wrong in words that its client understands", async () => {
    const { data } = await openai.models.list();
    expect(data.map(({ id }) => id)).toEqual(["embedded/moonshine-tiny", "embedded/flite", "embedded/extractive"]);
    const file = await toFile(await readFile("test/contract/fixtures/speech-aac.mp4"), "speech.mp4");
    const refused = await openai.audio.transcriptions
      .create({ model: "whisper-1", file })
      .catch((cause: unknown) => cause);
    expect(refused).toBeInstanceOf(APIError);
    expect(refused).toMatchObject({ status: 415, code: "unsupported_media", message: expect.stringContaining("aac") });
    const mp3 = openai.audio.speech.create({ model: "tts-1", voice: "nova", input: "Hi", response_format: "mp3" });
    await expect(mp3).rejects.toMatchObject({ status: 400, message: expect.stringContaining("wav, pcm") });
  });
});

/** A provider that does what it is told, and notes who asked. */
class FakeProvider {
  behave: (request: IncomingMessage, response: ServerResponse) => void = (_, response) => response.end("{}");
  readonly asked: string[] = [];
  readonly #server: Server = createServer((request, response) => {
    this.asked.push(`${request.headers.authorization} ${request.url}`);
    request.resume();
    this.behave(request, response);
  });

  async start(): Promise<string> {
    this.#server.listen(0, "127.0.0.1");
    await once(this.#server, "listening");
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/v1`;
  }

  stop(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }
}

describe("with a provider of one's own", { timeout: timeoutMs }, () => {
  const provider = new FakeProvider();
  let other: GatewayProcess;
  let client: OpenAI;
  beforeAll(async () => {
    const env = {
      OPENAI_BASE_URL: await provider.start(),
      OPENAI_API_KEY: "sk-1",
      STT_PER_MINUTE: "off",
      STT_MODEL: "openai/whisper-1",
    };
    other = new GatewayProcess({ env: { ...env, TTS_MODEL: "openai/tts-1 embedded/flite" } });
    await other.start();
    client = clientOf(other.url);
  }, timeoutMs);
  afterAll(async () => {
    await other.dispose();
    provider.stop();
  });

  it.each([
    [500, "<html>oops</html>", {}, 502, "model_failed"],
    [401, '{"error":{"message":"sk-1 is wrong"}}', {}, 502, "model_failed"],
    [429, "{}", { "retry-after": "7" }, 503, "model_unavailable"],
    [503, "", {}, 503, "model_unavailable"],
    [400, '{"error":{"message":"secret"}}', {}, 400, "bad_request"],
    [302, "", { location: "http://127.0.0.1:1/" }, 502, "model_failed"],
  ])("[M12] its %i is no secret of it told", async (status, text, headers, expected, code) => {
    provider.behave = (_, response) => response.writeHead(status, headers).end(text);
    const refused = await client.audio.transcriptions
      .create({ model: "whisper-1", file: await recording() })
      .catch((cause: unknown) => cause);
    expect(refused).toMatchObject({ status: expected, code });
    expect(JSON.stringify(refused)).not.toMatch(/sk-1|secret|oops/);
    expect(provider.asked.at(-1)).toBe("Bearer sk-1 /v1/audio/transcriptions");
  });

  it("[M12] where it fails the next model is asked", async () => {
    provider.behave = (_, response) => response.writeHead(500).end();
    const speech = await client.audio.speech.create({
      model: "tts-1",
      voice: "nova",
      input: "Hi",
      response_format: "wav",
    });
    expect(speech.headers.get("x-model")).toBe("embedded/flite");
  });
});
