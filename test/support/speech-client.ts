/** Asks an inference service, or anything that has OpenAI's shapes, to hear and to speak. */

export interface Upload {
  readonly name?: string;
  readonly type?: string;
  readonly fields?: Readonly<Record<string, string>>;
}

export interface Verbose {
  readonly text: string;
  readonly duration: number;
  readonly segments: readonly { readonly start: number; readonly end: number; readonly text: string }[];
}

export class SpeechClient {
  readonly #url: string;

  constructor(url: string) {
    this.#url = url;
  }

  transcribe(
    bytes: Uint8Array<ArrayBuffer>,
    { name = "audio", type = "", fields = {} }: Upload = {},
    signal?: AbortSignal,
  ): Promise<Response> {
    const form = new FormData();
    form.set("file", new Blob([bytes], { type }), name);
    form.set("model", "whisper-1");
    for (const [field, value] of Object.entries(fields)) form.set(field, value);
    return fetch(`${this.#url}/v1/audio/transcriptions`, { method: "POST", body: form, ...(signal ? { signal } : {}) });
  }

  async text(bytes: Uint8Array<ArrayBuffer>, upload: Upload = {}): Promise<string> {
    const { text } = await answered<{ text: string }>(await this.transcribe(bytes, upload));
    return text;
  }

  async verbose(bytes: Uint8Array<ArrayBuffer>): Promise<Verbose> {
    return answered<Verbose>(await this.transcribe(bytes, { fields: { response_format: "verbose_json" } }));
  }

  /** @param body undefined sends what is no JSON. */
  speech(body: Readonly<Record<string, unknown>> | undefined, signal?: AbortSignal): Promise<Response> {
    const text = body === undefined ? "{" : JSON.stringify({ model: "tts-1", ...body });
    return fetch(`${this.#url}/v1/audio/speech`, { method: "POST", body: text, ...(signal ? { signal } : {}) });
  }

  async say(input: string, more: Readonly<Record<string, unknown>> = {}): Promise<Uint8Array<ArrayBuffer>> {
    const response = await this.speech({ input, ...more });
    if (!response.ok) throw new Error(await response.text());
    return new Uint8Array(await response.arrayBuffer());
  }
}

async function answered<T>(response: Response): Promise<T> {
  if (!response.ok) throw new Error(`${response.status}: ${await response.text()}`);
  return (await response.json()) as T;
}
