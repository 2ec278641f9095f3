/** What a results client takes and gives. */
import type { MintAnswer } from "../../schemas/access.ts";
import type { Ready } from "../../schemas/http/health.ts";
import type { CorrectionAnswer, TurnBody } from "../../schemas/http/corrections.ts";
import type {
  DeletionPending,
  DeletionReceipt,
  Session,
  SessionAnswer,
  SessionState,
} from "../../schemas/http/sessions.ts";
import type { EventsPage } from "../../schemas/http/events.ts";
import type { Quota } from "../../schemas/http/quota.ts";
import type { PeaksAnswer } from "../../schemas/http/peaks.ts";
import type { SessionResult } from "../../schemas/http/result.ts";
import type { ResultVersions } from "../../schemas/http/versions.ts";
import type { ResolveAnswer } from "../../schemas/speech/speakers.ts";
import type { UtterancesAnswer } from "../../schemas/speech/utterances.ts";
import type { ParticipantCalls } from "./participant-calls.ts";
import type { Wait } from "./retry.ts";
import type { CaptionsState } from "../../schemas/http/captions.ts";
import type { Transcription } from "../../schemas/http/transcriptions.ts";
import type { Delivery } from "../../schemas/webhooks.ts";
import type { SyncOptions } from "../sync/open-sync.ts";
import type { SyncClient } from "../sync/sync-client.ts";
import type {
  CallOptions,
  ChangeOptions,
  MintInput,
  ExportName,
  ExportOptions,
  PeaksOptions,
  AudioOptions,
  AudioAnswer,
  StateOptions,
  ResultOptions,
  FinalizeOptions,
  Health,
  SpeechModel,
  ResolveInput,
  FinalizeInput,
  CreateSessionInput,
  SessionConfigInput,
  UtteranceInput,
  ListOptions,
  SessionsOptions,
  TranscribeOptions,
  EventsOptions,
} from "./call-options.ts";
import type { OperatorCalls } from "./operations.ts";
import type { BillingCalls } from "./billing-types.ts";
import type { ChatEvent, ChatOptions, ChatQuestion } from "./chat-types.ts";
import type { AudioTranscription, SpeechAudio, SpeechInput, SttOptions, TtsOptions, Voice } from "./speech-types.ts";
import type { LiveCalls } from "../live/live-calls.ts";
import type { FinalizeAnswer, FinalizePending, SessionsPage, SessionSummary } from "./earlier-answers.ts";

export interface ResultsClientOptions {
  /** `https://host` of the gateway, with a path where it has one. */
  readonly baseUrl: string | URL;
  /**
   * An API key or a session token, sent as `Authorization: Bearer`. A provider is asked before every request, and once
   * more where the gateway says that the token has expired: one that keeps tokens must not give the same again.
   */
  readonly token?: string | (() => string | undefined | Promise<string | undefined>) | undefined;
  /** Instead of the global one: a Worker's service binding, a proxy, a test. */
  readonly fetch?: typeof globalThis.fetch | undefined;
  /** For one request and its whole answer. 30,000 by default. */
  readonly timeoutMs?: number | undefined;
  /** How often a request that may be sent again is, after the first time. 3 by default. */
  readonly retries?: number | undefined;
  /** Told before a call that failed waits to be sent again: why, and for how long. Without it the waits are silent. */
  readonly onWait?: ((wait: Wait) => void) | undefined;
}

/**
 * All methods reject with a `RoomtoneError`, with the signal's reason when they are aborted, or with a TypeError
 * for an argument that could not be sent.
 */
export interface ResultsClient extends LiveCalls, ParticipantCalls, BillingCalls, OperatorCalls {
  /** What runs at the base URL. Needs no token, and sends none. */
  health(options?: CallOptions): Promise<Health>;
  /** Whether what the gateway stands on works: also where it does not. */
  ready(options?: CallOptions): Promise<Ready>;
  /** The models that hear and speak here, the preferred one of each kind first. */
  models(options?: CallOptions): Promise<readonly SpeechModel[]>;
  /** What the tenant has used of its audio of the day and of its open sessions, and the limits. */
  quota(options?: CallOptions): Promise<Quota>;
  /**
   * A short-lived token for one session, for a person's browser or a capture client. Takes an API key. With `open` the session is
   * opened first where it is not open; `opened` of the answer says whether it was. However often it is sent, it is opened once.
   */
  mintToken(sessionId: string, body: MintInput, options?: CallOptions): Promise<MintAnswer>;
  /** Opens a session with settings before audio comes. Without an id the gateway makes one; only with one, or under an idempotency key, is it sent twice. */
  createSession(body?: CreateSessionInput, options?: ChangeOptions): Promise<SessionAnswer>;
  /** A session's settings, and how much there is of it. */
  session(sessionId: string, options?: CallOptions): Promise<Session>;
  /** Changes settings; what the body does not name stays. */
  configureSession(sessionId: string, body: SessionConfigInput, options?: ChangeOptions): Promise<SessionAnswer>;
  /** One page of the sessions, newest first. */
  listSessions(options?: SessionsOptions): Promise<SessionsPage>;
  /** All sessions, newest first, a page at a time as they are taken. What is opened meanwhile is not among them. */
  allSessions(options?: ListOptions): AsyncIterable<SessionSummary>;
  /** Deletes everything of a session, for good, and waits until it is gone. Again: the same receipt. */
  deleteSession(sessionId: string, options?: FinalizeOptions & { readonly wait?: true }): Promise<DeletionReceipt>;
  /** Does not wait: `status: "deleting"` says that the gateway goes on by itself. */
  deleteSession(sessionId: string, options: FinalizeOptions): Promise<DeletionReceipt | DeletionPending>;
  /** Speakers, event count, and where each track stands. */
  state(sessionId: string, options?: StateOptions): Promise<SessionState>;
  /** Asks the speaker-resolve service about a piece of audio. Opens the session. Sent twice only under an idempotency key. */
  resolve(sessionId: string, body: ResolveInput, options?: ChangeOptions): Promise<ResolveAnswer>;
  /** Opens windows again that automatic resolve gave up. @returns how many. */
  retryResolves(sessionId: string, track?: string, options?: ChangeOptions): Promise<number>;
  /**
   * Has speaker resolve look at all of a finalized session's audio again, or at one track's. What it says makes a later version of the
   * result; `state().reviews` tells how far it is. @returns the tracks.
   */
  reviewSpeakers(sessionId: string, track?: string, options?: ChangeOptions): Promise<string[]>;
  /**
   * Keeps what was said. The same `utterance_id` on its track again revises, `revision` and `final` say what is newer; only with
   * ids, or under an idempotency key, is the request ever sent twice. One that is no utterance is `refused` in the answer, and the others are taken.
   */
  addUtterances(
    sessionId: string,
    utterances: readonly UtteranceInput[],
    options?: ChangeOptions,
  ): Promise<UtterancesAnswer["utterances"]>;
  /** One page of the event log, at most `limit` (100 by default). */
  events(sessionId: string, options?: EventsOptions & { readonly limit?: number }): Promise<EventsPage>;
  /** A person's word: this cluster is this person. Each correction gives back the events it added. */
  bindSpeaker(sessionId: string, clusterId: string, name: string, options?: ChangeOptions): Promise<CorrectionAnswer>;
  /** A person's word: this cluster is not who it is said to be. */
  unbindSpeaker(sessionId: string, clusterId: string, options?: ChangeOptions): Promise<CorrectionAnswer>;
  /** A person's word: two clusters are one person. */
  mergeSpeakers(sessionId: string, clusterId: string, into: string, options?: ChangeOptions): Promise<CorrectionAnswer>;
  /** A person's word on one turn: whose it is (null: nobody's yet), or whether its suggested name is right. */
  judgeTurn(sessionId: string, eventId: number, body: TurnBody, options?: ChangeOptions): Promise<CorrectionAnswer>;
  /** A person's word: the wall clock of a track's first sample, ms since 1970; null takes it back. */
  setTrackOrigin(
    sessionId: string,
    track: string,
    originMs: number | null,
    options?: ChangeOptions,
  ): Promise<CorrectionAnswer>;
  /**
   * Takes back what an event says: a correction, an undo, or a name or a merge that speaker resolve made. No event comes back where
   * that is undone already.
   */
  undo(sessionId: string, eventId: number, options?: ChangeOptions): Promise<CorrectionAnswer>;
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
  result(sessionId: string, options?: ResultOptions): Promise<SessionResult>;
  /** The versions of the result, newest first, and whether a next one is being made. */
  results(sessionId: string, options?: CallOptions): Promise<ResultVersions>;
  /** A track as a WAV (16 kHz, mono, 16 bit), during the meeting and after. Resolves when the answer begins. */
  audio(sessionId: string, options?: AudioOptions): Promise<AudioAnswer>;
  /** A track's waveform, as far as its audio is in R2. Of a track that is not there: `track_not_found` (404). */
  peaks(sessionId: string, options?: PeaksOptions): Promise<PeaksAnswer>;
  /** The transcript or the speakers as a document, as they stand; empty where there is nothing yet. */
  exportDocument(sessionId: string, name: ExportName, options?: ExportOptions): Promise<string>;
  /**
   * Transcribes what is kept of a meeting, and waits until it is done, failed or called off (`status`). The signal ends the
   * waiting; the transcription goes on.
   */
  transcribe(sessionId: string, options?: TranscribeOptions): Promise<Transcription>;
  /** How far the last transcription is. `transcription_not_found` where there was none. */
  transcription(sessionId: string, options?: CallOptions): Promise<Transcription>;
  /** Calls it off. What was transcribed stays. */
  cancelTranscription(sessionId: string, options?: CallOptions): Promise<Transcription>;
  /** What is said in audio of no meeting: WAV, WebM, Ogg, MP4, or samples with their `type`. */
  stt(audio: Blob | Uint8Array<ArrayBuffer> | ArrayBuffer, options?: SttOptions): Promise<AudioTranscription>;
  /** A text, spoken. Resolves when the audio begins. */
  tts(input: SpeechInput, options?: TtsOptions): Promise<SpeechAudio>;
  /** Who can speak. */
  voices(options?: CallOptions): Promise<readonly Voice[]>;
  /** Asks meetings: the answer as it comes, and the places that it rests on. Ends after `done`; leave it to end the work. */
  chat(question: ChatQuestion, options?: ChatOptions): AsyncGenerator<ChatEvent, void, undefined>;
  /**
   * The caller's documents, the same on every device: settings, knowledge, adapters (SPEC SY). What is changed offline is kept in `storage`.
   * Close it in the end.
   */
  sync(options?: SyncOptions): Promise<SyncClient>;
  /** How far the captions are that the app makes. */
  captions(sessionId: string, options?: CallOptions): Promise<CaptionsState>;
  /** The log of the session's webhooks, newest first. */
  deliveries(sessionId: string, options?: CallOptions): Promise<readonly Delivery[]>;
  /** Has a webhook of the type `webhook.test` sent now, to try the receiver. */
  testWebhook(sessionId: string, options?: ChangeOptions): Promise<Delivery>;
  /** Has a webhook sent again now, under the same `webhook-id`. `delivery_not_found` where the log has it no more. */
  resendDelivery(sessionId: string, deliveryId: string, options?: ChangeOptions): Promise<Delivery>;
}
