/**
 * `npm run bench`: acks per second and ack latency of the gateway beside two yardsticks, all in one run on
 * this machine, in the same way: one connection, a window of 32 frames, JSON with base64, speech. The gateway runs
 * with the embedded resolver at work, with a speaker-resolve service that is down, and with neither (K7). The ratios
 * are what travels to other machines; the numbers are not.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Command, InvalidArgumentError } from "commander";
import { WebSocket } from "ws";
import { unstable_startWorker as startWorker } from "wrangler";
import { channelCount, pcmFormat, sampleRateHz } from "../schemas/wire/audio.ts";
import { encodeBase64 } from "../schemas/wire/base64.ts";
import { limits } from "../schemas/limits.ts";
import { gatewayConfigPath as configPath } from "./local/bundle/worker-configs.ts";
import { quietWrangler } from "./local/quiet-wrangler.ts";
import { loadAudio } from "../client/testkit/sent-audio.ts";
import { percentile } from "./cli/percentile.ts";
import { unlimited } from "./local/unlimited.ts";

interface Contender {
  readonly name: string;
  readonly config: string;
  readonly variables?: Readonly<Record<string, string>>;
}

interface Measure {
  readonly name: string;
  readonly acks_per_s: number;
  readonly ack_ms_p50: number;
  readonly ack_ms_p99: number;
}

const yardstick = (name: string): Contender => ({
  name,
  config: fileURLToPath(new URL(`yardsticks/${name}.jsonc`, import.meta.url)),
});
const contenders: readonly Contender[] = [
  yardstick("null-room"),
  { name: "roomtone", config: configPath },
  // Nobody listens on the discard port.
  { name: "roomtone-service-down", config: configPath, variables: { INFERENCE_BASE_URL: "http://127.0.0.1:9" } },
  { name: "roomtone-no-resolve", config: configPath, variables: { RESOLVE_AUTO: "off" } },
  yardstick("put-then-ack"),
];

function count(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1) throw new InvalidArgumentError("It is a whole number, 1 or more.");
  return value;
}

const options = new Command("npm run bench --")
  .description("Acks per second of the gateway beside an empty room and a put-then-ack room.")
  .option("--chunks <n>", "frames of one run", count, 600)
  .option("--rounds <n>", "runs of each; the median counts", count, 5)
  .parse()
  .opts<{ chunks: number; rounds: number }>();

const sample = fileURLToPath(new URL("./demo/sample/interview.wav", import.meta.url));
const speech = loadAudio(sample, undefined).chunks.map((chunk) => encodeBase64(chunk));

/** Streams `chunks` frames with a full window. */
async function stream(url: URL, id: string, chunks: number): Promise<{ perSecond: number; latencies: number[] }> {
  const socket = new WebSocket(`ws://${url.host}/v1/audio/ws/${id}`, { perMessageDeflate: false });
  await new Promise((resolve, reject) => {
    socket.once("open", resolve);
    socket.once("error", reject);
  });
  const audio = { sample_rate: sampleRateHz, channels: channelCount, format: pcmFormat };
  const sentAt: number[] = [];
  const latencies: number[] = [];
  const send = (): void => {
    sentAt.push(performance.now());
    const seq = sentAt.length;
    const content_b64 = speech[seq % speech.length];
    socket.send(JSON.stringify({ type: "chunk", meeting_id: id, seq, timestamp_ms: seq, ...audio, content_b64 }));
  };
  const start = performance.now();
  await new Promise<void>((resolve, reject) => {
    socket.on("message", (data: Buffer) => {
      if (!data.toString().startsWith('{"type":"ack"')) reject(new Error(`instead of an ack: ${data.toString()}`));
      latencies.push(performance.now() - (sentAt[latencies.length] ?? 0));
      if (sentAt.length < chunks) send();
      if (latencies.length === chunks) resolve();
    });
    socket.once("close", () => reject(new Error("the connection was closed")));
    for (let i = 0; i < Math.min(chunks, limits.maxInFlightFrames); i += 1) send();
  });
  const perSecond = (chunks / (performance.now() - start)) * 1_000;
  socket.close();
  return { perSecond, latencies };
}

async function measure({ name, config, variables = {} }: Contender): Promise<Measure> {
  const stateDir = await mkdtemp(join(tmpdir(), "roomtone-bench-"));
  const worker = await startWorker({
    config,
    bindings: Object.fromEntries(
      Object.entries({ AUTH_MODE: "off", ...unlimited, ...variables }).map(([key, value]) => [
        key,
        { type: "plain_text", value },
      ]),
    ),
    dev: {
      server: { hostname: "127.0.0.1", port: 0 },
      persist: stateDir,
      inspector: false,
      watch: false,
      logLevel: "warn",
    },
  });
  try {
    await worker.ready;
    const url = await worker.url;
    await stream(url, "warm-up", 50);
    const rounds: Awaited<ReturnType<typeof stream>>[] = [];
    for (let round = 0; round < options.rounds; round += 1)
      rounds.push(await stream(url, `round-${round}`, options.chunks));
    const latencies = rounds.flatMap((round) => round.latencies);
    return {
      name,
      acks_per_s: percentile(
        rounds.map((round) => round.perSecond),
        0.5,
      ),
      ack_ms_p50: percentile(latencies, 0.5),
      ack_ms_p99: percentile(latencies, 0.99),
    };
  } finally {
    await worker.dispose();
    await rm(stateDir, { recursive: true, force: true });
  }
}

quietWrangler();
const measures: Measure[] = [];
for (const contender of contenders) measures.push(await measure(contender));
console.table(measures);
const rate = (name: string): number => measures.find((row) => row.name === name)?.acks_per_s ?? Number.NaN;
const latency = (name: string): number => measures.find((row) => row.name === name)?.ack_ms_p50 ?? Number.NaN;
const ratio = (of: (name: string) => number, a: string, b: string): string => (of(a) / of(b)).toFixed(2);
console.log(`acks a second, roomtone / null-room              ${ratio(rate, "roomtone", "null-room")}`);
console.log(`acks a second, roomtone / put-then-ack           ${ratio(rate, "roomtone", "put-then-ack")}`);
console.log(
  `ack latency p50, with the embedded resolver      ${ratio(latency, "roomtone", "roomtone-no-resolve")} times that without`,
);
console.log(
  `ack latency p50, with a service that is down     ${ratio(latency, "roomtone-service-down", "roomtone-no-resolve")} times that without`,
);
process.exit(0);
