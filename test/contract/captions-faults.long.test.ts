/** Captions whose model does all that providers do: nothing is lost, nothing is said twice, and `GET …/captions` says what is wrong. */
import { once } from "node:events";
import { createServer, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { until } from "../../client/testkit/until.ts";
import { captionsStateSchema, type CaptionsState } from "../../schemas/http/captions.ts";
import { eventsPageSchema } from "../../schemas/http/events.ts";
import type { Utterance } from "../../schemas/speech/utterances.ts";
import { chunkBytes } from "../../schemas/wire/audio.ts";
import { GatewayProcess } from "../../scripts/local/gateway-process.ts";
import { unlimited } from "../../scripts/local/unlimited.ts";
import { newSession, send } from "../support/gateway-http.ts";
import { noise } from "../support/sounds.ts";
import { TestClient } from "../support/ws-client.ts";

const timeoutMs = 240_000;
type Behave = (response: ServerResponse, bytes: number) => void;

const hears: Behave = (response, bytes) => {
  response.writeHead(200, { "content-type": "application/json" });
  response.end(JSON.stringify({ text: `Heard in ${bytes} bytes.` }));
};
const faults: Readonly<Record<string, Behave>> = {
  "answers HTML": (response) => response.writeHead(200, { "content-type": "text/html" }).end("<html>It works!</html>"),
  "is broken": (response) => response.writeHead(500).end("{}"),
  "has too much to do": (response) => response.writeHead(429, { "retry-after": "1" }).end(),
  "breaks off": (response) => {
    response.writeHead(200, { "content-type": "application/json", "content-length": "4000" });
    response.write('{"text":', () => response.destroy());
  },
};

/** What it does next; then it hears. */
let next: Behave[] = [];
let asked = 0;
const provider: Server = createServer((request, response) => {
  let bytes = 0;
  request.on("data", (data: Buffer) => (bytes += data.byteLength));
  request.on("end", () => {
    asked += 1;
    (next.shift() ?? hears)(response, bytes);
  });
});
let gateway: GatewayProcess;
let port: number;

beforeAll(async () => {
  provider.listen(0, "127.0.0.1");
  await once(provider, "listening");
  ({ port } = provider.address() as AddressInfo);
  const env = { ...unlimited, OPENAI_BASE_URL: `http://127.0.0.1:${port}/v1`, STT_MODEL: "openai/whisper-1" };
  gateway = new GatewayProcess({ env: { ...env, RESOLVE_AUTO: "off", CAPTIONS_TIMEOUT_MS: "10000" } });
  await gateway.start();
}, timeoutMs);
afterAll(async () => {
  await gateway.dispose();
  provider.close();
  provider.closeAllConnections();
});

/** Three times two seconds of something, with pauses between. */
function spoken(): Uint8Array[] {
  const burst = new Uint8Array(Int16Array.from(noise(2, 0.3), (sample) => sample * 32_767).buffer);
  const pause = new Uint8Array(2 * chunkBytes);
  const pcm = Buffer.concat([pause, burst, pause, burst, pause, burst, pause]);
  return Array.from({ length: pcm.byteLength / chunkBytes }, (_, n) =>
    pcm.subarray(n * chunkBytes, (n + 1) * chunkBytes),
  );
}

async function heardIn(captions: "final" | "live"): Promise<string> {
  const session = newSession();
  await send(gateway, "/v1/sessions", { method: "POST", body: JSON.stringify({ session_id: session, captions }) });
  const client = await TestClient.connect(gateway, { session, track: "mic", encoding: "msgpack" });
  for (const [n, pcm] of spoken().entries()) await client.keep(n + 1, { content: pcm });
  await client.leave();
  return session;
}

async function stateOf(session: string): Promise<CaptionsState> {
  return captionsStateSchema.parse(JSON.parse((await send(gateway, `/v1/sessions/${session}/captions`)).text));
}

async function utterancesOf(session: string): Promise<Utterance[]> {
  const { text } = await send(gateway, `/v1/sessions/${session}/events?limit=1000`);
  return eventsPageSchema.parse(JSON.parse(text)).events.flatMap(({ utterance }) => utterance ?? []);
}

/** Each piece has one final, and no other utterance was ever there. */
async function expectEachOnce(session: string): Promise<void> {
  const isAll = async (): Promise<Utterance[] | undefined> => {
    const finals = (await utterancesOf(session)).filter(({ final }) => final === true);
    return finals.length >= 3 ? finals : undefined;
  };
  const finals = await until(isAll, { what: "three finals", timeoutMs: timeoutMs - 40_000 });
  expect(new Set(finals.map(({ utterance_id }) => utterance_id)).size).toBe(3);
  const isCalm = async (): Promise<true | undefined> => {
    const { setback, tracks } = await stateOf(session);
    return (setback === null && tracks[0]?.lag_ms !== undefined && tracks[0].lag_ms < 3_000) || undefined;
  };
  await until(isCalm, { what: "captions that are done", timeoutMs: 60_000 });
  const all = await utterancesOf(session);
  expect(all.filter(({ final }) => final === true)).toHaveLength(3);
  expect(new Set(all.map(({ utterance_id }) => utterance_id)).size).toBe(3);
  expect(all.filter(({ withdrawn }) => withdrawn)).toEqual([]);
}

/** For how long what is kept has waited for its captions, s, where it waits longest. */
async function lagNow(): Promise<number> {
  const { text } = await send(gateway, "/metrics");
  return Number(/^roomtone_captions_lag_seconds (\S+)$/m.exec(text)?.[1]);
}

const tellsOf = async (session: string): Promise<string> => {
  const told = async (): Promise<string | undefined> => (await stateOf(session)).setback?.reason;
  return until(told, { what: "a setback that is told", timeoutMs: 120_000 });
};

describe("captions", { timeout: timeoutMs }, () => {
  it.each(Object.keys(faults))(
    "[Q2] [Q9] a model that %s is told of, and then each piece is said once",
    async (fault) => {
      const behave = faults[fault] ?? hears;
      next = Array.from({ length: 3 }, () => behave);
      const session = await heardIn("live");
      expect(await tellsOf(session)).toMatch(/^the model: /);
      await expectEachOnce(session);
    },
  );

  it.each(["final", "live"] as const)(
    "[Q2] [Q9] a model that is down, and a captioner that is killed meanwhile, say each piece once: %s",
    async (captions) => {
      next = [];
      provider.close();
      provider.closeAllConnections();
      const session = await heardIn(captions);
      expect(await tellsOf(session)).toBe("the model: unavailable");
      await until(async () => (await lagNow()) > 0 || undefined, {
        what: "the lag among the metrics",
        timeoutMs: 120_000,
      });
      await gateway.kill9();
      provider.listen(port, "127.0.0.1");
      await once(provider, "listening");
      await gateway.start();
      await expectEachOnce(session);
      await until(async () => (await lagNow()) === 0 || undefined, { what: "its end", timeoutMs: 60_000 });
    },
  );
});

it(
  "[Q2] [Q9] a model that is silent for ever is given up after its time, and asked again",
  async () => {
    next = [() => undefined];
    const before = asked;
    const session = await heardIn("live");
    await until(async () => asked > before || undefined, { what: "a call of the model", timeoutMs: 30_000 });
    const { tracks } = await stateOf(session);
    expect(tracks[0]?.lag_ms).toBeGreaterThan(0);
    expect(await tellsOf(session)).toMatch(/^the model: (timeout|aborted)$/);
    await expectEachOnce(session);
  },
  timeoutMs,
);
