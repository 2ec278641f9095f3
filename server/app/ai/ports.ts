/**
 * What the app asks of a model that hears or speaks. Both are asked in OpenAI's words, so that an answer needs no copy on its
 * way; a provider with other words says them in `providers/`. Expected failures are values.
 */
import type { Result } from "../../../schemas/lib/result.ts";

/** Why a model gave no answer. */
export type ModelFault =
  /** The next model may be asked. */
  | { readonly reason: "unavailable"; readonly retryAfterSeconds: number | undefined }
  | { readonly reason: "timeout" }
  | { readonly reason: "failed" }
  /** The caller's own fault, which another model would find too. */
  | { readonly reason: "refused"; readonly status: 400 | 413 | 415; readonly detail: string | undefined };

export interface SpeechCall {
  readonly contentType: string;
  /** A stream can be sent once. */
  readonly body: BodyInit;
}

/** @returns the model's answer with its body unread: whoever has it reads or cancels it. */
type Ask = (call: SpeechCall, signal: AbortSignal) => Promise<Result<Response, ModelFault>>;

export interface Transcriber {
  /** As `provider/model`. */
  readonly name: string;
  readonly transcribe: Ask;
}

export interface Synthesizer {
  /** As `provider/model`. */
  readonly name: string;
  readonly speak: Ask;
}
