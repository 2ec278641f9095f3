/** `/v1/stt` and `/v1/tts` through both Workers: bad input, and a provider that does all that providers do. */
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { until } from "../../client/testkit/until.ts";
import { within } from "../../client/testkit/within.ts";
import { GatewayProcess } from "../../scripts/local/gateway-process.ts";
import { noise, seconds } from "../support/sounds.ts";
import { wavOf } from "../support/wav-of.ts";

const timeoutMs = 120_000;
const fixtures = "test/contract/fixtures";
type Behave = (request: IncomingMessage, response: ServerResponse) => void;
let behave: Behave = (_, response) => response.end("{}");
const provider: Server = createServer((request, response) => {
  request.resume();
  behave(request, response);
});
/** A circuit for each test: a model that failed eight times in a row is asked no more. */
const models = Array.from({ length: 8 }, (_, i) => `openai/model-${i}`);
let gateway: GatewayProcess;

beforeAll(async () => {
  provider.listen(0, "127.0.0.1");
  await once(provider, "listening");
  const { port } = provider.address() as AddressInfo;
  const others = models.join(" ");
  gateway = new GatewayProcess({
    env: {
      OPENAI_BASE_URL: `http://127.0.0.1:${port}/v1`,
      RATE_LIMIT_PER_MINUTE: "off",
      STT_PER_MINUTE: "off",
      TTS_PER_MINUTE: "off",
      STT_MODEL: "embedded/moonshine-tiny",
      TTS_MODEL: "embedded/flite",
      STT_MODELS_ALLOWED: others,
      TTS_MODELS_ALLOWED: others,
    },
  });
  await gateway.start();
}, timeoutMs);
afterAll(async () => {
  await gateway.dispose();
  provider.close();
  provider.closeAllConnections();
});

const post = (path: string, init: RequestInit): Promise<Response> =>
  fetch(`${gateway.url}${path}`, { method: "POST", ...init });
const hear = (body: Uint8Array<ArrayBuffer> | string, type = "audio/wav", more: RequestInit = {}): Promise<Response> =>
  post("/v1/stt", { body, headers: { "content-type": type }, ...more });
const say = (fields: object, more: RequestInit = {}): Promise<Response> =>
  post("/v1/tts", { body: JSON.stringify(fields), headers: { "content-type": "application/json" }, ...more });
const brief = async (answer: Response): Promise<unknown> => {
  const { code, text } = (await answer.json()) as { code?: string; text?: string };
  return [answer.status, code ?? text];
};

const silence = seconds(1);
const wav = wavOf({ channels: [silence], rateHz: 16_000 });
/** Two hours, in as few bytes as a WAV has them. */
const hours = wavOf({ channels: [new Float32Array(4_000 * 7_200)], rateHz: 4_000, bits: 8 });
const zip = Uint8Array.from([0x50, 0x4b, 3, 4, ...Array.from({ length: 60 }, () => 0)]);

describe("audio that is none, or not what it is called", { timeout: timeoutMs }, () => {
  it.each<[string, Uint8Array<ArrayBuffer> | string, string, number, string]>([
    ["nothing", new Uint8Array(), "audio/wav", 400, "bad_request"],
    ["a text", "hello, is this audio?", "audio/wav", 415, "unsupported_media"],
    ["a ZIP named .wav", zip, "audio/wav", 415, "unsupported_media"],
    ["HTML", "<html></html>", "audio/webm", 415, "unsupported_media"],
    ["two hours", hours, "audio/wav", 413, "body_too_large"],
    ["a WAV's head alone", wav.subarray(0, 20), "audio/wav", 400, "bad_request"],
    ["one second of silence", wav, "audio/wav", 200, ""],
    ["a WAV that is called WebM", wav, "audio/webm", 200, ""],
    ["noise", wavOf({ channels: [noise(2, 0.3)], rateHz: 16_000 }), "audio/wav", 200, ""],
    ["an offset", wavOf({ channels: [silence.map(() => 0.9)], rateHz: 16_000 }), "audio/wav", 200, ""],
    ["clipping", wavOf({ channels: [noise(2, 9)], rateHz: 16_000 }), "audio/wav", 200, ""],
    ["two channels at 8 kHz", wavOf({ channels: [silence, silence], rateHz: 8_000 }), "audio/wav", 200, ""],
    ["half a sample", new Uint8Array(32_001), "audio/L16; rate=16000", 200, ""],
    ["samples at no rate", new Uint8Array(32_000), "audio/L16; rate=0", 415, "unsupported_media"],
  ])("[M16] %s", async (_, body, type, status, said) => {
    expect(await brief(await hear(body, type))).toEqual([status, said]);
  });

  it("[M16] a WebM that was cut in the middle is heard up to there, and one cut in its head is refused", async () => {
    const file = new Uint8Array(await readFile(`${fixtures}/speech.webm`));
    const half = await hear(file.subarray(0, file.byteLength / 2), "audio/webm");
    expect(half.status).toBe(200);
    expect(await half.json()).toMatchObject({ text: expect.stringMatching(/^We have/), language: "en" });
    expect((await hear(file.subarray(0, 40), "audio/webm")).status).toBe(400);
  });

  it.each<[string, string, number]>([
    ["no character", "", 400],
    ["100,000 characters", "a".repeat(100_000), 413],
    ["4,097 characters", "a".repeat(4_097), 400],
    ["emoji alone", "🎉🎉", 400],
    ["control characters alone", "\u0000\u0007\u001b", 400],
    ["SSML without a word", "<speak><break time='1s'/></speak>", 400],
    ["SSML", "<speak>Hello <break time='1s'/>there</speak>", 200],
    ["emoji and control characters around a word", "🎉\u0007Hello\u0000🎉", 200],
  ])("[M16] a text of %s", async (_, text, status) => {
    const answer = await say({ text });
    expect(answer.status).toBe(status);
    const bytes = Buffer.from(await answer.arrayBuffer());
    expect(status === 200 ? bytes.subarray(0, 4).toString() : "RIFF").toBe("RIFF");
  });
});

const json = (value: unknown): Behave => {
  return (_, response) => void response.setHeader("content-type", "application/json").end(JSON.stringify(value));
};
const half: Behave = (_, response) => {
  response.writeHead(200, { "content-type": "application/json" });
  response.write('{"text":"He', () => response.destroy());
};
const slow: Behave = (_, response) => {
  const rest = Array.from('{"text":"Hello."}');
  response.writeHead(200, { "content-type": "application/json" });
  const next = (): void => {
    const part = rest.shift();
    if (part === undefined) response.end();
    else response.write(part, () => void setImmediate(next));
  };
  next();
};
const html: Behave = (_, response) => void response.setHeader("content-type", "text/html").end("<h1>secret</h1>");
const status =
  (code: number, headers: Record<string, string> = {}): Behave =>
  (_, response) =>
    void response.writeHead(code, headers).end("secret");

describe("a provider", { timeout: timeoutMs }, () => {
  it.each<[string, Behave, number, string]>([
    ["slow", slow, 200, "Hello."],
    ["an error", status(500), 502, "model_failed"],
    ["HTML", html, 502, "model_failed"],
    ["an empty answer", status(204), 502, "model_failed"],
    ["other JSON", json({ secret: 1 }), 502, "model_failed"],
    ["null", json(null), 502, "model_failed"],
    ["times that are none", json({ text: "a", segments: [{ start: "x", end: null, text: 3 }] }), 502, "model_failed"],
  ])("[M16] that hears: %s", async (_, way, code, said) => {
    behave = way;
    const answer = await named("/v1/stt", 0);
    expect(await brief(answer)).toEqual([code, said]);
  });

  it("[M16] that hears: half an answer is none, and its text is nowhere", async () => {
    behave = half;
    const answer = await named("/v1/stt", 1);
    expect([502, 503]).toContain(answer.status);
    expect(await answer.text()).not.toContain('He"');
  });

  it("[M16] that is busy: 503, and when to come again", async () => {
    behave = status(429, { "retry-after": "17" });
    const answer = await named("/v1/stt", 2);
    expect([answer.status, answer.headers.get("retry-after")]).toEqual([503, "17"]);
    expect(await answer.text()).not.toContain("secret");
  });

  it.each<[string, Behave, number]>([
    ["HTML", html, 502],
    ["no byte", (_, response) => void response.setHeader("content-type", "audio/wav").end(), 502],
    ["JSON that is called a WAV", (_, response) => void response.setHeader("content-type", "audio/wav").end("{}"), 502],
    ["samples in place of a WAV", (_, response) => void response.setHeader("content-type", "audio/wav").end(zip), 502],
    ["an error", status(500), 502],
    ["busy", status(503), 503],
  ])("[M16] that speaks: %s", async (_, way, code) => {
    behave = way;
    const answer = await say({ text: "Hello.", model: models[3] });
    expect(answer.status).toBe(code);
    expect(await answer.text()).not.toContain("secret");
  });

  it("[M16] that speaks: half of it breaks the answer off, and never passes for the whole", async () => {
    behave = (_, response) => {
      response.writeHead(200, { "content-type": "audio/wav" });
      response.write(wav.subarray(0, 4_096), () => setImmediate(() => response.destroy()));
    };
    const answer = await say({ text: "Hello, once.", model: models[4] });
    await expect(answer.arrayBuffer()).rejects.toThrow("terminated");
    // Nor is it kept for the next who asks.
    behave = status(500);
    expect((await say({ text: "Hello, once.", model: models[4] })).status).toBe(502);
  });

  it("[M12] that a tenant prefers is the one that is asked, until the tenant prefers none", async () => {
    let asked = 0;
    behave = (_, response) => {
      asked += 1;
      response.writeHead(200, { "content-type": "application/json" }).end('{"text":"By the one that is preferred."}');
    };
    expect(await prefer(["openai/not-offered"])).toBe(400);
    expect(await prefer([models[7] ?? ""])).toBe(200);
    expect(await brief(await hear(wav))).toEqual([200, "By the one that is preferred."]);
    expect(asked).toBe(1);
    expect(await prefer(null)).toBe(200);
    expect(await brief(await hear(wav))).toEqual([200, ""]);
    expect(asked).toBe(1);
  });

  it("[M14] after eight failures in a row it is left alone, and its caller is told until when", async () => {
    let asked = 0;
    behave = (_, response) => {
      asked += 1;
      response.writeHead(500).end();
    };
    for (let i = 0; i < 8; i += 1) expect((await named("/v1/stt", 5)).status).toBe(502);
    const answer = await named("/v1/stt", 5);
    expect([answer.status, asked]).toEqual([503, 8]);
    expect(Number(answer.headers.get("retry-after"))).toBeGreaterThan(0);
    const list = (await (await fetch(`${gateway.url}/v1/models`)).json()) as {
      data: { id: string; circuit: string }[];
    };
    expect(list.data.find(({ id }) => id === models[5])?.circuit).toBe("open");
  });

  it.each<[string, string, boolean]>([
    ["before it answers", "/v1/stt", false],
    ["before it speaks", "/v1/tts", false],
    ["in the middle of what it says", "/v1/tts", true],
  ])("[M14] whose caller left %s is left within a second", async (_, path, isBegun) => {
    const left = Promise.withResolvers<undefined>();
    const asked = Promise.withResolvers<undefined>();
    behave = (_request, response) => {
      response.on("close", () => left.resolve(undefined));
      if (isBegun) response.writeHead(200, { "content-type": "audio/wav" }).write(wav);
      asked.resolve(undefined);
    };
    const caller = new AbortController();
    const call = named(path, 6, caller.signal);
    await within(10_000, asked.promise, "The provider was not asked.");
    // What was said so far is read, so that the caller leaves in its middle.
    if (isBegun) await (await call).body?.getReader().read();
    caller.abort();
    await call.catch(() => undefined);
    await within(1_000, left.promise, "The provider's call went on.");
    const usable = await until(async () => ((await hear(wav)).status === 200 ? true : undefined), {
      what: "an answer",
    });
    expect(usable).toBe(true);
  });
});

/** A tenant's choice of what transcribes. @returns the status. */
async function prefer(stt: readonly string[] | null): Promise<number> {
  const headers = { "content-type": "application/json" };
  return (await post("/v1/models", { method: "PUT", body: JSON.stringify({ stt }), headers })).status;
}

function named(path: string, model: number, signal?: AbortSignal): Promise<Response> {
  const more = signal ? { signal } : {};
  const name = models[model] ?? "";
  if (path === "/v1/tts") return say({ text: `Hello, ${performance.now()}.`, model: name }, more);
  const query = new URLSearchParams({ model: name });
  return post(`${path}?${query.toString()}`, { body: wav, headers: { "content-type": "audio/wav" }, ...more });
}
