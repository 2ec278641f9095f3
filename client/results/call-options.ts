/** What the calls of a results client may be told besides what they are about, and what they take. */
import type * as z from "zod";
import type { mintBodySchema } from "../../schemas/access.ts";
import type { finalizeBodySchema } from "../../schemas/http/finalize.ts";
import type { healthSchema } from "../../schemas/http/health.ts";
import type { createSessionBodySchema, ListedStatus, sessionConfigSchema } from "../../schemas/http/sessions.ts";
import type { modelSchema } from "../../schemas/http/speech.ts";
import type { Transcription } from "../../schemas/http/transcriptions.ts";
import type { resolveBodySchema } from "../../schemas/speech/speakers.ts";
import type { utterancesBodySchema } from "../../schemas/speech/utterances.ts";

export interface CallOptions {
  /** Ends the call, whatever it waits for. */
  readonly signal?: AbortSignal | undefined;
}

/** Of calls that change something. */
export interface ChangeOptions extends CallOptions {
  /**
   * 1–255 printable ASCII characters. The same call under the same key does its work once, so that it may be sent again whatever
   * became of it. Another call under it fails with `idempotency_mismatch`.
   */
  readonly idempotencyKey?: string | undefined;
}

/** A role, and what else a session token is to say: `tracks`, `sub`, `lifetime_s` (seconds). `open`: settings to open the session with. */
export type MintInput = z.input<typeof mintBodySchema>;

/** Documents that a session is exported as. */
export type ExportName = "transcript.vtt" | "transcript.srt" | "transcript.txt" | "speakers.rttm";

export interface ExportOptions extends CallOptions {
  /** All tracks without it. */
  readonly track?: string | undefined;
}

/** Places in a file, in bytes from 0. Both belong to it. */
export interface FileRange {
  readonly from: number;
  readonly to: number;
}

export interface PeaksOptions extends CallOptions {
  /** `mixed` without it, else the first track. */
  readonly track?: string | undefined;
  /** Points in the answer, at most: 2,000 without it. */
  readonly points?: number | undefined;
}

export interface AudioOptions extends CallOptions {
  /** `mixed` without it, else the first track. */
  readonly track?: string | undefined;
  /** Of the track's timeline, ms: that stretch as a WAV of its own. */
  readonly fromMs?: number | undefined;
  readonly toMs?: number | undefined;
  /** These bytes of the WAV; without `to`, up to its end. */
  readonly range?: (Pick<FileRange, "from"> & Partial<FileRange>) | undefined;
  /** The `etag` of before: where the file is another now, all of it comes instead of the range. */
  readonly ifRange?: string | undefined;
}

export interface AudioAnswer {
  /**
   * The bytes, as they come. Fails with a RoomtoneNetworkError where they end too early or stay away for `timeoutMs`.
   * Read it to its end, cancel it, or abort the call: until then it holds its connection.
   */
  readonly body: ReadableStream<Uint8Array>;
  /** Bytes that `body` gives. This, `size` and `etag` are undefined where something on the way hides them. */
  readonly length: number | undefined;
  /** Bytes of the whole file. */
  readonly size: number | undefined;
  /** Of the file as it is now: during the meeting it grows. */
  readonly etag: string | undefined;
  /** Which part `body` is; undefined where it is the whole file, also when a range was asked for. */
  readonly range: FileRange | undefined;
}

export interface StateOptions extends CallOptions {
  /** With an API key: each cluster's centroid, which is an empty list otherwise. */
  readonly centroids?: boolean | undefined;
}

export interface ResultOptions extends StateOptions {
  /** The newest without it. */
  readonly version?: number | undefined;
}

export interface FinalizeOptions extends CallOptions {
  /** false: the gateway's "not yet" is an answer too. */
  readonly wait?: boolean | undefined;
  /** How long to wait in all. 300,000 by default. */
  readonly maxWaitMs?: number | undefined;
}

export type Health = z.infer<typeof healthSchema>;
export type SpeechModel = z.infer<typeof modelSchema>;
export type ResolveInput = z.input<typeof resolveBodySchema>;
export type FinalizeInput = z.input<typeof finalizeBodySchema>;

export type CreateSessionInput = z.input<typeof createSessionBodySchema>;
export type SessionConfigInput = z.input<typeof sessionConfigSchema>;
export type UtteranceInput = z.input<typeof utterancesBodySchema>["utterances"][number];

/** Which sessions: those that all of it fits. */
export interface ListOptions extends CallOptions {
  readonly status?: ListedStatus | undefined;
  /** A part of the title, the id or a person's name; upper and lower case are the same. */
  readonly q?: string | undefined;
  /** Whether seconds are missing. */
  readonly hasGaps?: boolean | undefined;
  /** Whether R2 lacks seconds that were kept more than a minute ago. */
  readonly archiveBehind?: boolean | undefined;
  /** Opened then or later. */
  readonly createdFrom?: Date | undefined;
  /** Opened before then. */
  readonly createdTo?: Date | undefined;
}

export interface SessionsOptions extends ListOptions {
  /** 50 by default, at most 500. */
  readonly limit?: number | undefined;
  /** The `next_cursor` of the page before. */
  readonly cursor?: string | undefined;
}

export interface TranscribeOptions extends CallOptions {
  /** As `provider/model`; the deployment's preferred one without it. */
  readonly model?: string | undefined;
  /** All without it. */
  readonly tracks?: readonly string[] | undefined;
  /** false: resolves as soon as it has begun. */
  readonly wait?: boolean | undefined;
  /** How long to wait in all. An hour by default. */
  readonly maxWaitMs?: number | undefined;
  /** How far it is, about once a second, and at the end. */
  readonly onProgress?: ((transcription: Transcription) => void) | undefined;
}

export interface EventsOptions extends CallOptions {
  /** The last event that is known already. 0 by default: from the beginning. */
  readonly after?: number | undefined;
}
