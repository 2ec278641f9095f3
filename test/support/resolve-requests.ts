/** Requests to a speaker-resolve service, as the room sends them. */
import { sampleRateHz } from "../../schemas/wire/audio.ts";
import { encodeBase64 } from "../../schemas/wire/base64.ts";
import { type ResolveAnswer, resolveAnswerSchema } from "../../schemas/speech/speakers.ts";

export const emptyState = { clusters: [], bindings: {}, config: {} };

export function resolveBody(samples: Int16Array, more: object = {}): Record<string, unknown> {
  return {
    session_id: "s1",
    audio: {
      content_b64: encodeBase64(new Uint8Array(samples.slice().buffer)),
      format: "pcm_s16le",
      sample_rate: sampleRateHz,
      channels: 1,
    },
    asr_text: null,
    state: emptyState,
    ...more,
  };
}

export interface Segment {
  readonly start_ms: number;
  readonly end_ms: number;
  readonly cluster_id: string;
}

export interface Refused {
  readonly status: number;
  readonly detail: string;
}

/** A service at an address. */
export class ResolveClient {
  readonly #url: string;
  readonly #headers: Readonly<Record<string, string>>;

  constructor(url: string, headers: Readonly<Record<string, string>> = {}) {
    this.#url = url;
    this.#headers = headers;
  }

  /** @param body text goes as it is. */
  async post(body: unknown, path = "/speaker/resolve"): Promise<Response> {
    return fetch(`${this.#url}${path}`, {
      method: "POST",
      headers: this.#headers,
      body: typeof body === "string" ? body : JSON.stringify(body),
    });
  }

  /** @returns the answer, which fits the contract, and its segments. */
  async resolve(samples: Int16Array, more: object = {}): Promise<ResolveAnswer & { segments: Segment[] }> {
    const response = await this.post(resolveBody(samples, more));
    const answer: unknown = await response.json();
    if (response.status !== 200) throw new Error(`answered ${response.status}: ${JSON.stringify(answer)}`);
    return resolveAnswerSchema.parse(answer) as ResolveAnswer & { segments: Segment[] };
  }

  async refused(body: unknown, path?: string): Promise<Refused> {
    const response = await this.post(body, path);
    return { ...((await response.json()) as { detail: string }), status: response.status };
  }
}
