/**
 * What was spoken lately, in KV: by tenant, and by all that the sound depends on. Only what was spoken to its end is kept, and not
 * what is large. A cache that is slow or down costs a call of the model, and nothing else.
 */
import { withTimeout } from "../../../../schemas/lib/timeout.ts";
import { describeError, log } from "../../../shared/telemetry/log.ts";

export const cacheLimits = { maxBytes: 4_194_304, keptSeconds: 3_600, patienceMs: 1_000 } as const;

export interface SpeechKey {
  readonly name: string;
  /** Weak: a model may say the same twice in other bytes. */
  readonly etag: string;
}

interface SpeechIdentity {
  readonly tenant: string;
  /** Those that may speak, in their order. */
  readonly models: readonly string[];
  readonly text: string;
  readonly voice: string | undefined;
  readonly format: string;
  readonly speed: number;
}

interface Kind {
  readonly contentType: string;
  /** Who spoke, as `provider/model`. */
  readonly model: string;
}

export async function speechKey({ tenant, ...speech }: SpeechIdentity): Promise<SpeechKey> {
  const { models, text, voice = null, format, speed } = speech;
  const identity = new TextEncoder().encode(JSON.stringify([models, voice, format, speed, text]));
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", identity)).toHex();
  return { name: `tenant:${tenant}:tts:${digest}`, etag: `W/"${digest.slice(0, 32)}"` };
}

/** @returns undefined where it is not there, or can't be had in time. */
export async function cachedSpeech(
  cache: KVNamespace,
  { name }: SpeechKey,
): Promise<(Kind & { readonly body: ArrayBuffer }) | undefined> {
  try {
    const asked = cache.getWithMetadata<Kind>(name, { type: "arrayBuffer" });
    const { value, metadata } = await withTimeout(asked, cacheLimits.patienceMs, "KV");
    return value && metadata ? { body: value, contentType: metadata.contentType, model: metadata.model } : undefined;
  } catch (cause) {
    log.warn("speech_cache.unread", { error: describeError(cause) });
    return undefined;
  }
}

/** The same body, kept once it has come to its end. */
export function keepingSpeech(
  cache: KVNamespace,
  { name }: SpeechKey,
  body: ReadableStream<Uint8Array>,
  kind: Kind,
  keepAlive: (work: Promise<unknown>) => void,
): ReadableStream<Uint8Array> {
  let parts: Uint8Array<ArrayBuffer>[] | undefined = [];
  let size = 0;
  const copied = new TransformStream<Uint8Array, Uint8Array>({
    transform: (part, controller) => {
      size += part.byteLength;
      if (size > cacheLimits.maxBytes) parts = undefined;
      // A copy: what is passed on may be taken over.
      parts?.push(new Uint8Array(part));
      controller.enqueue(part);
    },
    flush: () => {
      if (parts) keepAlive(keep(cache, name, new Blob(parts), kind));
    },
  });
  return body.pipeThrough(copied);
}

/** Stores speech for the next who asks. A failure is logged and never rejects: the answer is out already. */
async function keep(cache: KVNamespace, name: string, speech: Blob, kind: Kind): Promise<void> {
  try {
    const options = { expirationTtl: cacheLimits.keptSeconds, metadata: kind };
    await cache.put(name, await speech.arrayBuffer(), options);
  } catch (cause) {
    log.warn("speech_cache.unwritten", { error: describeError(cause) });
  }
}
