/** The inference service when there is too much of it, when callers leave, and when it is stopped. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { sttLimits } from "../../server/inference/stt/listener.ts";
import { openStt } from "../../server/inference/stt/part.ts";
import { openTts } from "../../server/inference/tts/part.ts";
import { type InferenceServer, serveParts } from "../../server/inference/http/server.ts";
import { until } from "../../client/testkit/until.ts";
import { SpeechClient } from "../support/speech-client.ts";
import { wavOf } from "../support/wav-of.ts";

const timeoutMs = 120_000;
let server: InferenceServer;
let client: SpeechClient;
let speech = new Float32Array();

function start(): Promise<InferenceServer> {
  return serveParts({ host: "127.0.0.1", port: 0, apiKey: undefined, parts: [openStt(), openTts()] });
}

async function health({ url }: InferenceServer): Promise<unknown> {
  return (await fetch(`${url}/health`)).json();
}

async function readToEnd(body: ReadableStream<Uint8Array> | null): Promise<string> {
  return new Response(body).text();
}

/** @returns talk that is heard much more slowly than it is sent: minutes of it take a while to hear. */
function talkOf(seconds: number): Uint8Array<ArrayBuffer> {
  const times = Math.ceil((seconds * 16_000) / speech.length);
  const all = new Float32Array(times * speech.length);
  for (let i = 0; i < times; i++) all.set(speech, i * speech.length);
  return wavOf({ channels: [all], rateHz: 16_000 });
}

beforeAll(async () => {
  server = await start();
  client = new SpeechClient(server.url);
  const wav = await client.say("We count every second, so a gap is visible at once.");
  speech = Float32Array.from(new Int16Array(wav.buffer, 44), (value) => value / 32_768);
}, timeoutMs);
afterAll(() => server.close());

describe("the service", { timeout: timeoutMs }, () => {
  it("[M1] loads a model when it is asked for, and says so", async () => {
    expect(await health(server)).toEqual({ status: "ok", models: { "moonshine-tiny": "idle", flite: "loaded" } });
    await client.text(wavOf({ channels: [speech], rateHz: 16_000 }));
    expect(await health(server)).toMatchObject({ models: { "moonshine-tiny": "loaded" } });
  });

  it("[M9] takes on what it has room for, and lets requests take turns", async () => {
    const leaving = new AbortController();
    const talk = talkOf(600);
    // One more would be more than the bytes that may be under way.
    const long = [1, 2, 3].map(() => client.transcribe(talk, { fields: { stream: "true" } }, leaving.signal));
    const answers = await Promise.all(long);
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200]);
    const refused = await client.transcribe(talk);
    expect(refused.status).toBe(503);
    expect(Number(refused.headers.get("retry-after"))).toBeGreaterThanOrEqual(1);
    expect(await refused.json()).toMatchObject({ error: { type: "server_error", code: "overloaded" } });
    // Minutes of the others are not waited for.
    expect(await client.text(wavOf({ channels: [speech], rateHz: 16_000 }))).toMatch(/every second/);
    leaving.abort();
  });

  it("[M10] a caller who leaves gives the place back", async () => {
    const talk = talkOf(120);
    for (let round = 0; round < 2 * sttLimits.maxJobs; round++) {
      const leaving = new AbortController();
      const response = await until(
        async () => {
          const tried = await client.transcribe(talk, { fields: { stream: "true" } }, leaving.signal);
          return tried.status === 200 ? tried : undefined;
        },
        { what: () => "a place that somebody left", timeoutMs: 20_000 },
      );
      expect(response.headers.get("content-type")).toBe("text/event-stream");
      if (round % 2 === 0) await response.body?.getReader().read();
      leaving.abort();
    }
  });

  it("[M10] stops with work under way", async () => {
    const other = await start();
    const busy = await new SpeechClient(other.url).transcribe(talkOf(600), { fields: { stream: "true" } });
    const rest = readToEnd(busy.body);
    await Promise.all([expect(rest).rejects.toThrow("terminated"), other.close()]);
    await expect(health(other)).rejects.toThrow("fetch failed");
  });
});
