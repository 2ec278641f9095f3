/** The arguments of `npm run inference`, checked. Pure. */
import { Command } from "commander";
import { Failure } from "../../schemas/lib/failure.ts";
import { parsePort } from "../../scripts/cli/parse-port.ts";
import { readOptions } from "../../scripts/cli/read-options.ts";
import { defaultThreshold } from "./speakers/tuning.ts";

export interface ResolverOnnxOptions {
  readonly model: string;
  readonly host: string;
  readonly port: number;
  readonly threshold: number;
  readonly threads: number;
  readonly apiKey: string | undefined;
}

/**
 * @param argv without the runtime and the script.
 * @returns undefined where help was asked for, and printed.
 * @throws Failure naming the argument that is wrong.
 */
export function parseResolverOnnxOptions(
  argv: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): ResolverOnnxOptions | undefined {
  const command = new Command("npm run inference --")
    .description("Serves the speaker-resolve contract with a speaker-embedding model in ONNX, by sherpa-onnx.")
    .requiredOption("--model <speaker.onnx>", "a model with sherpa-onnx's metadata: WeSpeaker, 3D-Speaker or NeMo")
    .option("--port <port>", "port to listen on, 0 for any free one", "9100")
    .option("--host <address>", "address to listen on", "127.0.0.1")
    .option(
      "--threshold <cosine>",
      "from which speech joins a known voice; higher: more speakers",
      `${defaultThreshold}`,
    )
    .option("--threads <n>", "CPU threads of the model", "1")
    .option("--api-key-env <NAME>", "environment variable with the key that x-api-key must be (default: no key)")
    .addHelpText(
      "after",
      "\nOnce: npm ci --prefix server/inference/speakers\nThen: INFERENCE_BASE_URL=http://127.0.0.1:9100 npm start",
    );
  const raw = readOptions(command, argv);
  if (!raw) return undefined;
  const { model = "", host = "", port = "", threshold = "", threads = "", apiKeyEnv } = raw;
  return {
    model,
    host,
    port: parsePort("--port", port),
    threshold: numberIn("--threshold", threshold, 0.05, 0.95),
    threads: numberIn("--threads", threads, 1, 64),
    apiKey: apiKeyEnv === undefined ? undefined : keyFrom(apiKeyEnv, env),
  };
}

function numberIn(option: string, text: string, least: number, most: number): number {
  const number = Number(text);
  const isWhole = Number.isInteger(least) ? Number.isInteger(number) : true;
  if (text.trim() === "" || !isWhole || !(number >= least && number <= most))
    throw new Failure(
      `${option} must be a ${Number.isInteger(least) ? "whole " : ""}number from ${least} to ${most}, not "${text}".`,
    );
  return number;
}

/** A key that was meant and isn't there must not open the door. */
function keyFrom(name: string, env: Readonly<Record<string, string | undefined>>): string {
  const key = env[name];
  if (!key) throw new Failure(`--api-key-env: the environment has no ${name}.`);
  return key;
}
