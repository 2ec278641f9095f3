/** The arguments of `npm run inference`, checked. Pure, but for the help that it prints. */
import { parseArgs } from "node:util";
import * as z from "zod";
import { Failure } from "../../schemas/lib/failure.ts";
import type { SpeakersOptions } from "./speakers/part.ts";
import { defaultThreshold } from "./speakers/tuning.ts";

export interface InferenceOptions {
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  /** What `x-api-key` or a bearer token must be; undefined lets anyone in. */
  readonly apiKey: string | undefined;
  /** Undefined where no speaker model was given. */
  readonly speakers: SpeakersOptions | undefined;
}

const help = `Usage: npm run inference -- [options]

Serves models that run on this machine over HTTP: English speech to text and text to speech, in the shapes of OpenAI's API,
and who speaks, where a model is given.

Options:
  --port <port>                 port to listen on, 0 for any free one (default: 9100)
  --host <address>              address to listen on (default: 127.0.0.1)
  --api-key-env <NAME>          environment variable with the key that x-api-key or a bearer token must be (default: no key)
  --speaker-model <file.onnx>   serves /speaker/resolve with a model that has sherpa-onnx's metadata: WeSpeaker,
                                3D-Speaker or NeMo. Once: npm ci --prefix server/inference/native
  --speaker-threshold <cosine>  from which speech joins a known voice; higher: more speakers (default: ${defaultThreshold})
  --threads <n>                 CPU threads of that model (default: 1)
  -h, --help                    this text

Then: EMBEDDED_BASE_URL=http://127.0.0.1:9100 npm start, and INFERENCE_BASE_URL the same for who speaks`;

const optionsSchema = z.object({
  port: numberIn("a port number", 0, 65_535, true).default(9_100),
  host: z.string().default("127.0.0.1"),
  "api-key-env": z.string().optional(),
  "speaker-model": z.string().optional(),
  "speaker-threshold": numberIn("a number from 0.05 to 0.95", 0.05, 0.95).default(defaultThreshold),
  threads: numberIn("a whole number from 1 to 64", 1, 64, true).default(1),
});

type Env = Readonly<Record<string, string | undefined>>;

/**
 * @param argv without the runtime and the script.
 * @returns undefined where help was asked for, and printed.
 * @throws Failure naming the argument that is wrong.
 */
export function parseInferenceOptions(argv: readonly string[], env: Env): InferenceOptions | undefined {
  const raw = readArguments(argv);
  if (raw["help"] === true) {
    console.log(help);
    return undefined;
  }
  const answer = optionsSchema.safeParse(raw);
  if (!answer.success) {
    const [issue] = answer.error.issues;
    const name = String(issue?.path[0]);
    throw new Failure(`--${name} must be ${issue?.message ?? "something else"}, not "${String(raw[name])}".`);
  }
  const unused = ["speaker-threshold", "threads"].find((name) => raw[name] !== undefined);
  if (unused !== undefined && raw["speaker-model"] === undefined)
    throw new Failure(`--${unused} does nothing without --speaker-model; see --help.`);
  const { host, port, threads, ...given } = answer.data;
  const { "speaker-model": model, "speaker-threshold": threshold, "api-key-env": keyName } = given;
  return {
    host,
    port,
    apiKey: keyName === undefined ? undefined : keyFrom(keyName, env),
    speakers: model === undefined ? undefined : { model, threshold, threads },
  };
}

function readArguments(argv: readonly string[]): Readonly<Record<string, string | boolean | undefined>> {
  const text = { type: "string" } as const;
  const names = Object.keys(optionsSchema.shape);
  const options = {
    ...Object.fromEntries(names.map((name) => [name, text])),
    help: { type: "boolean", short: "h" } as const,
  };
  try {
    return parseArgs({ args: [...argv], options }).values;
  } catch (cause) {
    if (cause instanceof TypeError) throw new Failure(`${cause.message.split(". ", 1).join()}; see --help.`);
    throw cause;
  }
}

function numberIn(what: string, least: number, most: number, isWhole = false): z.ZodType<number> {
  return z
    .string()
    .refine((text) => text.trim() !== "" && (isWhole ? /^\d+$/.test(text) : Number.isFinite(Number(text))), what)
    .transform(Number)
    .refine((value) => value >= least && value <= most, what);
}

/** A key that was meant and isn't there must not let everyone in. */
function keyFrom(name: string, env: Env): string {
  const key = env[name];
  if (!key) throw new Failure(`--api-key-env: the environment has no ${name}.`);
  return key;
}
