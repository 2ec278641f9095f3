/** What a results client takes and gives. */
import type * as z from "zod";
import type { finalizeBodySchema, FinalizeAnswer, FinalizePending, healthSchema } from "../../schemas/http.ts";
import type { SessionResult, SessionState } from "../../schemas/http.ts";
import type { ResolveAnswer, resolveBodySchema } from "../../schemas/speakers.ts";

export interface ResultsClientOptions {
  /** `https://host` of the gateway, with a path where it has one. */
  readonly baseUrl: string | URL;
  /** Sent as `Authorization: Bearer`. A provider is asked before every request. */
  readonly token?: string | (() => string | Promise<string>) | undefined;
  /** Instead of the global one: a Worker's service binding, a proxy, a test. */
  readonly fetch?: typeof globalThis.fetch | undefined;
  /** For one request and its whole answer. 30,000 by default. */
  readonly timeoutMs?: number | undefined;
  /** How often a request that may be sent again is, after the first time. 3 by default. */
  readonly retries?: number | undefined;
}

export interface CallOptions {
  /** Ends the call, whatever it waits for. */
  readonly signal?: AbortSignal | undefined;
}

export interface ResolveOptions extends CallOptions {
  /** 1–255 printable ASCII characters. Only with one is a resolve ever sent twice. */
  readonly idempotencyKey?: string | undefined;
}

export interface FinalizeOptions extends CallOptions {
  /** false: the gateway's "not yet" is an answer too. */
  readonly wait?: boolean | undefined;
  /** How long to wait in all. 300,000 by default. */
  readonly maxWaitMs?: number | undefined;
}

export type Health = z.infer<typeof healthSchema>;
export type ResolveInput = z.input<typeof resolveBodySchema>;
export type FinalizeInput = z.input<typeof finalizeBodySchema>;

/**
 * All methods reject with a `RoomtoneError`, with the signal's reason when they are aborted, or with a TypeError
 * for an argument that could not be sent.
 */
export interface ResultsClient {
  /** What runs at the base URL. Needs no token, and sends none. */
  health(options?: CallOptions): Promise<Health>;
  /** Speakers, event count, and where each track stands. */
  state(sessionId: string, options?: CallOptions): Promise<SessionState>;
  /** Asks the speaker-resolve service about a piece of audio. Opens the session. */
  resolve(sessionId: string, body: ResolveInput, options?: ResolveOptions): Promise<ResolveAnswer>;
  /** Ends the meeting and waits until its result is written. Idempotent: the first body counts. */
  finalize(
    sessionId: string,
    body?: FinalizeInput,
    options?: FinalizeOptions & { readonly wait?: true },
  ): Promise<FinalizeAnswer>;
  /** Does not wait: `status: "finalizing"` says that the gateway goes on by itself. */
  finalize(
    sessionId: string,
    body: FinalizeInput | undefined,
    options: FinalizeOptions,
  ): Promise<FinalizeAnswer | FinalizePending>;
  /** `result.json`. `not_finalized` (409) before it is there. */
  result(sessionId: string, options?: CallOptions): Promise<SessionResult>;
}
