/**
 * What the app asks of a model that hears or speaks, in its own words: no provider's shape gets past `providers/`. Expected
 * failures are values; a provider that can't be reached, or that was told to stop, throws, and `ask-in-turn.ts` says which.
 */
import type { Result } from "../../../schemas/lib/result.ts";
import type { HeardSegment } from "../../../schemas/speech/transcription.ts";

/** Why a model gave no answer. */
export type ModelFault =
  /** The next model may be asked. */
  | { readonly reason: "unavailable"; readonly retryAfterSeconds: number | undefined }
  | { readonly reason: "timeout" }
  | { readonly reason: "failed" }
  /** The caller's own fault, which another model would find too. The detail may be told to the caller. */
  | { readonly reason: "refused"; readonly status: 400 | 413 | 415; readonly detail: string | undefined }
  /** A budget of the tenant: nobody was asked. The detail may be told to the caller. */
  | { readonly reason: "exhausted"; readonly detail: string; readonly retryAfterSeconds: number }
  /** The caller left. */
  | { readonly reason: "aborted" };

/** Thrown out of a stream that had begun: what came before it is no whole answer. */
export class ModelError extends Error {
  override readonly name = "ModelError";
  readonly fault: ModelFault;

  constructor(fault: ModelFault) {
    super(`the model's answer ended: ${fault.reason}`);
    this.fault = fault;
  }
}

/** For whom a call is made, and until when. */
export interface Call {
  readonly tenant: string;
  /** Who asks, as limits and usage tell people apart; undefined for what the app does by itself. */
  readonly subject?: string | undefined;
  readonly sessionId?: string | undefined;
  readonly traceId: string;
  /** What it is for: the operation, such as `POST /v1/stt`, or a name such as `captions`. */
  readonly route: string;
  /** Aborts when nobody waits any more: the provider's call ends with it. */
  readonly signal: AbortSignal;
  /**
   * Aborts where something else is wanted first of a processor of ours, and this again later: a model on it ends its work. One elsewhere that
   * was asked goes on, since it is paid for; none is asked any more.
   */
  readonly givesWay?: AbortSignal | undefined;
  /** Until the answer begins; the model's own patience without it. */
  readonly timeoutMs?: number;
}

export interface Audio {
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Its MIME type by its content, as `audio/wav`. */
  readonly type: string;
  /** Where it is known without decoding. */
  readonly durationMs: number | undefined;
}

export interface HearingOptions {
  /** BCP 47; the model finds it out without. */
  readonly language?: string | undefined;
  /** Words that are likely to be said. */
  readonly prompt?: string | undefined;
  /** Times of words, where the model gives them. */
  readonly words?: boolean | undefined;
}

/** What a model says of audio. */
export interface Heard {
  readonly text: string;
  readonly language: string | null;
  /** Undefined where the model does not say. */
  readonly durationMs: number | undefined;
  readonly segments: readonly HeardSegment[];
  /** Of models that count them. */
  readonly tokens?: { readonly input: number; readonly output: number } | undefined;
}

export interface Transcriber {
  /** As `provider/model`. */
  readonly name: string;
  transcribe(audio: Audio, options: HearingOptions, call: Call): Promise<Result<Heard, ModelFault>>;
  /** Segments as they are heard; all that was said when it returns. Throws `ModelError` where it ends early. */
  listen?(
    audio: Audio,
    options: HearingOptions,
    call: Call,
  ): Promise<Result<AsyncGenerator<HeardSegment, Heard>, ModelFault>>;
}

export const speechFormats = ["wav", "pcm", "mp3", "opus"] as const;
export type SpeechFormat = (typeof speechFormats)[number];

export interface Utterance {
  readonly text: string;
  readonly voice: string | undefined;
  readonly format: SpeechFormat;
  readonly speed: number;
}

export interface SpokenAudio {
  readonly contentType: string;
  /** Errors where it ends early; whoever has it reads or cancels it. */
  readonly body: ReadableStream<Uint8Array>;
}

export interface VoiceInfo {
  readonly id: string;
  readonly description: string;
  readonly language: string;
}

export interface Synthesizer {
  /** As `provider/model`. */
  readonly name: string;
  readonly formats: readonly SpeechFormat[];
  readonly maxCharacters: number;
  readonly hasSpeed: boolean;
  /** Those it names by itself; empty where only the provider knows. */
  readonly voices: readonly VoiceInfo[];
  /** @returns the model's own name of a voice; undefined where nobody has it. */
  voiceNamed(name: string): string | undefined;
  speak(utterance: Utterance, call: Call): Promise<Result<SpokenAudio, ModelFault>>;
}
