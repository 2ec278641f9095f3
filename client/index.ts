/** The capture and results libraries, for browsers and Node alike. What needs Node is in `node/`. */
export { Capture, startCapture } from "./capture/capture.ts";
export {
  type CaptureEnd,
  type CaptureEvents,
  CaptureFailedError,
  type CaptureOptions,
  type CaptureTimes,
  defaultTimes,
  gatewayOf,
} from "./capture/capture-types.ts";
export { createMemoryOutbox } from "./capture/memory-outbox.ts";
export {
  type Outbox,
  type OutboxContents,
  OutboxDamagedError,
  type OutboxEnd,
  type OutboxFrame,
  OutboxLockedError,
  OutboxMismatchError,
} from "./capture/outbox.ts";
export type { ChannelFault } from "./capture/channel-watch.ts";
export type { PcmBlock, PcmFormat } from "./capture/pcm-framer.ts";
export type { SeqRange } from "./capture/seq-set.ts";
export type { Encoding } from "../schemas/wire/codec.ts";
export type { LiveOutlet, LiveSendOptions } from "./live/live-outlet.ts";
export type { LivePiece } from "./live/live-piece.ts";
export type { ListenOptions } from "./live/listen.ts";
export { createResultsClient } from "./results/results-client.ts";
export {
  type ProblemCode,
  RoomtoneAnswerError,
  RoomtoneError,
  RoomtoneHttpError,
  RoomtoneNetworkError,
  RoomtoneTimeoutError,
} from "./results/results-errors.ts";
export type { ResultsClient, ResultsClientOptions } from "./results/results-types.ts";
export type { Wait } from "./results/retry.ts";
export type {
  AudioAnswer,
  AudioOptions,
  CallOptions,
  CreateSessionInput,
  EventsOptions,
  ExportName,
  ExportOptions,
  FileRange,
  FinalizeOptions,
  Health,
  SpeechModel,
  ListOptions,
  MintInput,
  ChangeOptions,
  SessionConfigInput,
  SessionsOptions,
  TranscribeOptions,
  UtteranceInput,
} from "./results/call-options.ts";
export { mergeSettings, type MergedSettings, type Settings } from "./sync/merge-settings.ts";
export { memorySyncStorage } from "./sync/memory-storage.ts";
export { BodyMismatchError } from "./sync/bodies.ts";
export type { SyncClient } from "./sync/sync-client.ts";
export type { SyncOptions } from "./sync/open-sync.ts";
export {
  type Choice as SyncChoice,
  type PendingChange,
  type RunOptions as SyncRunOptions,
  type SyncConflict,
  type SyncContent,
  SyncDamagedError,
  SyncOtherUserError,
  type SyncDocument,
  type SyncEvents,
  type SyncReport,
  type SyncStorage,
} from "./sync/sync-types.ts";
export type {
  ChatCitation,
  ChatDocument,
  ChatEnd,
  ChatEvent,
  ChatOptions,
  ChatQuestion,
} from "./results/chat-types.ts";
export type {
  Balance,
  BudgetInUse,
  Money,
  RecordedEntry,
  TopUp,
  TopUpInput,
  Usage,
  UsageEntryInput,
  UsageOptions,
} from "./results/billing-types.ts";
export type { EdgeHealth, Trace, TraceOptions } from "./results/operations.ts";
export type {
  AudioTranscription,
  SpeechAudio,
  SpeechInput,
  SttOptions,
  TtsOptions,
  Voice,
} from "./results/speech-types.ts";
export type { MintAnswer, Role } from "../schemas/access.ts";
export { type WebhookHeaders, WebhookNotVerifiedError, verifyWebhook } from "./results/verify-webhook.ts";
export type { AnyWebhook, BudgetReached, Delivery, WebhookPayload } from "../schemas/webhooks.ts";
export type { Quota } from "../schemas/http/quota.ts";
export type { SessionsPage, SessionSummary } from "./results/earlier-answers.ts";
export type { DeletionReceipt, ReviewStatus, Session, SessionState } from "../schemas/http/sessions.ts";
export type { Participant } from "../schemas/http/participant.ts";
export type { ParticipantInput } from "../schemas/http/participant-body.ts";
export type { CaptionsState } from "../schemas/http/captions.ts";
export type { Transcription } from "../schemas/http/transcriptions.ts";
export type { PeaksAnswer } from "../schemas/http/peaks.ts";
export type { ResultGap } from "../schemas/http/gaps.ts";
export type { SessionResult, TranscriptEntry } from "../schemas/http/result.ts";
export type { TrackStatus } from "../schemas/wire/messages.ts";
export type { RoomEvent } from "../schemas/speech/events.ts";
export type { Utterance } from "../schemas/speech/utterances.ts";
export { sessionIdPattern } from "../schemas/name-patterns.ts";
export { offsetsOf, placeTurns } from "../schemas/speech/axis.ts";
export {
  bindingOf,
  clusterOf,
  isRefused,
  isUndoable,
  type SpeakerView,
  viewOf,
} from "../schemas/speech/speaker-view.ts";
export { type ReviewChange, reviewChangeOf, reviewWords, standingReviewsOf } from "./results/review-change.ts";
export { timelineOf, type Turn } from "../schemas/speech/timeline.ts";
export { transcriptOf } from "../schemas/speech/transcript.ts";
export { srtOf, vttOf } from "../schemas/speech/cues.ts";
export type { HeardSegment } from "../schemas/speech/transcription.ts";
export { encodeBase64 } from "../schemas/wire/base64.ts";
