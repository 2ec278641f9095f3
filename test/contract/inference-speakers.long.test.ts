/**
 * `npm run inference` as a process, with a real ONNX model through sherpa-onnx. Skipped where that isn't installed:
 * it is 32 MB of native code that nothing else here needs.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { until } from "../../client/testkit/until.ts";
import { ResolveClient, resolveBody } from "../support/resolve-requests.ts";
import { highVoice, inTurn, lowVoice, pause, speak } from "../support/synthetic-voices.ts";
import { tinyModelValues, tinySpeakerModel } from "../support/tiny-speaker-model.ts";

const script = "server/inference/main.ts";

function isInstalled(): boolean {
  try {
    createRequire(join(process.cwd(), "server/inference/native/package.json")).resolve("sherpa-onnx-node");
    return true;
  } catch {
    return false;
  }
}

class Resolver {
  output = "";
  readonly #child: ChildProcess;
  readonly ended: Promise<number | null>;

  constructor(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
    this.#child = spawn(process.execPath, ["--import", "tsx", script, "--port", "0", ...args], {
      stdio: ["ignore", "pipe", "pipe"],
      env: { ...process.env, ...env },
    });
    const listen = (text: Buffer): void => void (this.output += text.toString());
    this.#child.stdout?.on("data", listen);
    this.#child.stderr?.on("data", listen);
    this.ended = new Promise((resolve) => this.#child.once("close", resolve));
  }

  async url(): Promise<string> {
    return until(() => /^ready (\S+)$/m.exec(this.output)?.[1], {
      what: () => `the resolver to be ready; it said: ${this.output}`,
      timeoutMs: 20_000,
    });
  }

  interrupt(): void {
    this.#child.kill("SIGINT");
  }
}

describe.skipIf(!isInstalled())("with sherpa-onnx (else: npm ci --prefix server/inference/native)", () => {
  let folder = "";
  let resolver: Resolver;
  let client: ResolveClient;

  async function modelFile(name: string, bytes: Uint8Array): Promise<string> {
    const path = join(folder, name);
    await writeFile(path, bytes);
    return path;
  }

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "roomtone-onnx-"));
    const model = await modelFile("tiny.onnx", tinySpeakerModel());
    resolver = new Resolver(["--speaker-model", model, "--speaker-threshold", "0.8", "--api-key-env", "KEY"], {
      KEY: "sesame",
    });
    client = new ResolveClient(await resolver.url(), { "x-api-key": "sesame" });
  });
  afterAll(async () => {
    resolver.interrupt();
    await resolver.ended;
    await rm(folder, { recursive: true, force: true });
  });

  it("hears two voices in one window, and knows them again", async () => {
    const first = await client.resolve(inTurn(speak(lowVoice, 2), pause(0.3), speak(highVoice, 2)));
    expect(first.segments.map(({ cluster_id }) => cluster_id)).toEqual(["speaker_1", "speaker_2"]);
    const { clusters } = first.updated_state;
    expect(clusters.map(({ centroid }) => centroid.length)).toEqual([tinyModelValues, tinyModelValues]);
    const again = await client.resolve(speak(highVoice, 4), { state: first.updated_state });
    expect(again).toMatchObject({ cluster_id: "speaker_2", decision: "confirm" });
    expect(again.evidence.sv_score).toBeGreaterThan(0.95);
    expect(again.updated_state.clusters).toHaveLength(2);
  });

  it("takes a word that is shorter than networks like", async () => {
    const { updated_state: state } = await client.resolve(speak(lowVoice, 4));
    const word = await client.resolve(inTurn(pause(1), speak(lowVoice, 0.2), pause(1)), { state });
    expect(word.segments).toMatchObject([{ cluster_id: "speaker_1" }]);
  });

  it("refuses bad input and a missing key", async () => {
    expect(await client.refused("{")).toMatchObject({ status: 400 });
    const stranger = new ResolveClient(await resolver.url());
    expect(await stranger.refused(resolveBody(pause(4)))).toMatchObject({ status: 401 });
  });

  it("ends by Ctrl-C", async () => {
    const model = await modelFile("other.onnx", tinySpeakerModel());
    const other = new Resolver(["--speaker-model", model]);
    await other.url();
    expect(other.output).toContain("No --api-key-env: anyone who reaches this address is answered.");
    other.interrupt();
    expect(await other.ended).toBe(130);
  });

  const metadata = { framework: "wespeaker", language: "English", sample_rate: "16000", normalize_samples: "1" };
  it.each([
    ["no model", new TextEncoder().encode("I am no model"), "Protobuf parsing failed"],
    ["no metadata", tinySpeakerModel({}), "No model_type in the metadata"],
    ["no output_dim", tinySpeakerModel(metadata), "'output_dim' does not exist"],
    ["too many values", tinySpeakerModel({ ...metadata, output_dim: "5000" }), "have 5000 values"],
  ])("says in one sentence what is wrong with %s", async (_name, bytes, reason) => {
    const path = await modelFile("bad.onnx", bytes);
    const failing = new Resolver(["--speaker-model", path]);
    expect(await failing.ended).toBe(1);
    expect(failing.output.trim().split("\n")).toEqual([expect.stringMatching(/^bad\.onnx can't be used: /)]);
    expect(failing.output).toContain(reason);
  });
});
