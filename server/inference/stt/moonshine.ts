/** Moonshine tiny: a piece of English speech of at most 12 s into text. An encoder, then a decoder token by token, greedily. */
import tokenizer from "llama-tokenizer-js";
import { sampleRateHz } from "../../../schemas/wire/audio.ts";
import { openSession, type Session, Tensor } from "./onnx.ts";
import { moonshineFiles } from "./tuning.ts";

const shape = { layers: 6, heads: 8, headValues: 36 } as const;
const tokens = { begin: 1, end: 2, mostPerSecond: 6.5, least: 4 } as const;

export interface Heard {
  readonly text: string;
  /** Mean log-probability of the tokens. */
  readonly logProb: number;
}

export async function loadMoonshine(): Promise<Moonshine> {
  return new Moonshine(await openSession(moonshineFiles.encoder), await openSession(moonshineFiles.decoder));
}

type Cache = Record<string, Tensor>;

export class Moonshine {
  readonly #encoder: Session;
  readonly #decoder: Session;

  constructor(encoder: Session, decoder: Session) {
    this.#encoder = encoder;
    this.#decoder = decoder;
  }

  /** @param isUnwanted asked before each token: nobody waits for the answer any more. */
  async hear(samples: Float32Array, isUnwanted: () => boolean): Promise<Heard> {
    const encoded = await this.#encoder.run({ input_values: new Tensor("float32", samples, [1, samples.length]) });
    const states = encoded["last_hidden_state"];
    if (!states) throw new Error("Moonshine's encoder gave no states");
    const most = Math.max(tokens.least, Math.trunc((samples.length / sampleRateHz) * tokens.mostPerSecond));
    let cache = emptyCache();
    let last: number = tokens.begin;
    let logProb = 0;
    const said: number[] = [];
    for (let step = 0; step < most && !isUnwanted(); step++) {
      const output = await this.#decoder.run({
        input_ids: new Tensor("int64", BigInt64Array.of(BigInt(last)), [1, 1]),
        encoder_hidden_states: states,
        use_cache_branch: new Tensor("bool", [step > 0], [1]),
        ...cache,
      });
      const best = likeliest(output["logits"]?.data as Float32Array);
      logProb += best.logProb;
      if (best.token === tokens.end) break;
      last = best.token;
      said.push(last);
      cache = nextCache(cache, output, step === 0);
    }
    return { text: tokenizer.decode(said, false, false).trim(), logProb: logProb / (said.length + 1) };
  }
}

function emptyCache(): Cache {
  const cache: Cache = {};
  for (let layer = 0; layer < shape.layers; layer++) {
    for (const side of ["decoder", "encoder"]) {
      for (const part of ["key", "value"]) {
        const dims = [0, shape.heads, 1, shape.headValues];
        cache[`past_key_values.${layer}.${side}.${part}`] = new Tensor("float32", new Float32Array(), dims);
      }
    }
  }
  return cache;
}

/** What the decoder made of the encoder's states stays as it was after the first token. */
function nextCache(cache: Cache, output: Cache, isFirst: boolean): Cache {
  const next = { ...cache };
  for (const [name, tensor] of Object.entries(output)) {
    if (!name.startsWith("present.")) continue;
    const past = name.replace("present.", "past_key_values.");
    if (isFirst || !past.includes(".encoder.")) next[past] = tensor;
  }
  return next;
}

/** Of the last position alone: earlier ones were answered before. */
function likeliest(logits: Float32Array): { readonly token: number; readonly logProb: number } {
  let token = 0;
  let most = -Infinity;
  for (const [i, value] of logits.entries()) {
    if (value <= most) continue;
    most = value;
    token = i;
  }
  let sum = 0;
  for (const value of logits) sum += Math.exp(value - most);
  return { token, logProb: -Math.log(sum) };
}
