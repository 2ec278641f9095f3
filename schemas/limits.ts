/**
 * Every limit of the contract, once, with its unit in its name. `docs/reference.md` is generated from
 * this table, and so are the variables with which a deployment changes one.
 */
import { wireLimits } from "./wire/wire-limits.ts";

interface Limit {
  readonly value: number;
  readonly meaning: string;
  /** The variable of the deployment that sets it, and what that may hold. `isOptional`: `off` lifts the limit. */
  readonly setBy?: {
    readonly variable: string;
    readonly min: number;
    readonly max: number;
    readonly isOptional?: true;
  };
}

export const limitTable = {
  maxMessageBytes: {
    value: wireLimits.maxMessageBytes,
    meaning: "A text frame's UTF-16 length or a binary frame's bytes. A JSON chunk is about 43 kB.",
  },
  maxSeq: { value: wireLimits.maxSeq, meaning: "Highest chunk number: keys are padded to eight digits." },
  maxSeqAhead: {
    value: wireLimits.maxSeqAhead,
    meaning: "How far ahead of its track's last kept chunk a seq may be: one day.",
  },
  maxMsgpackDepth: { value: wireLimits.maxMsgpackDepth, meaning: "Levels of maps and arrays in a MessagePack frame." },
  maxMissingRanges: { value: 64, meaning: "Ranges listed in `missing`; `missing_chunks` is the true count." },
  maxGapNotes: {
    value: wireLimits.maxGapNotes,
    meaning: "Stretches of one track whose absence is explained; later ones are not noted.",
  },
  maxOriginSkewMs: {
    value: 600_000,
    meaning:
      "How far the clock of a client may be from the room's when a track's first chunk comes. Beyond it the room's time of arrival counts for the track's origin.",
  },
  maxInFlightFrames: {
    value: 32,
    meaning: "Frames a client should have sent and not seen acked, at most; announced in `ready`.",
  },
  maxHeedlessFrames: {
    value: 64,
    meaning: "Frames sent although the connection was told `rate_limited` and to wait, after which it is closed.",
  },
  maxIdleFramesPerSecond: {
    value: 64,
    meaning:
      "Frames of one caller that bring no audio (control messages, bad and refused ones), a second, once `idleFramesBurst` are used up; of an API key, for one track. Beyond it the connection is closed.",
  },
  idleFramesBurst: {
    value: 1_024,
    meaning: "Frames of one caller that bring no audio and may come at any speed, over all its connections.",
  },
  takeTrackWithinMs: {
    value: 60_000,
    meaning: "How long a connection that is opened to stream may stay without having taken a track.",
  },
  tooManyErrorsRestMs: {
    value: 10_000,
    meaning: "How long a caller's connections for a track are refused after one was closed with `too_many_errors`.",
  },
  maxConsecutiveBadFrames: { value: 32, meaning: "Bad frames in a row after which the connection is closed." },
  maxTracksPerSession: {
    value: 16,
    meaning: "Tracks of one session.",
    setBy: { variable: "MAX_TRACKS_PER_SESSION", min: 1, max: 64 },
  },
  maxTracksPerToken: { value: 64, meaning: "Tracks that one session token names." },
  maxConnectionsPerSession: {
    value: 64,
    meaning: "Connections that stream to one session at a time.",
    setBy: { variable: "MAX_CONNECTIONS_PER_SESSION", min: 1, max: 1_000 },
  },
  maxRealtimeFactor: {
    value: 16,
    meaning: "Seconds of audio of one track taken in one second, once `catchUpBurstSeconds` are used up.",
    setBy: { variable: "MAX_REALTIME_FACTOR", min: 1, max: 1_000, isOptional: true },
  },
  catchUpBurstSeconds: {
    value: 7_200,
    meaning: "Seconds of audio of one track taken at any speed before `maxRealtimeFactor` holds: a client's backlog.",
    setBy: { variable: "CATCH_UP_BURST_S", min: 1, max: 86_400 },
  },
  requestsPerMinute: {
    value: 1_200,
    meaning:
      "HTTP requests and connection attempts of one API key or token subject, over any 60 seconds; with `AUTH_MODE=off`, of one address.",
    setBy: { variable: "RATE_LIMIT_PER_MINUTE", min: 1, max: 1_000_000, isOptional: true },
  },
  unauthenticatedPerMinute: {
    value: 300,
    meaning:
      "Requests and connection attempts from one address (of IPv6, one /64) that bring no valid credential, over any 60 seconds. Valid ones from there are not counted and go through. Not counted where `RATE_LIMIT_PER_MINUTE` is off.",
    setBy: { variable: "UNAUTHENTICATED_PER_MINUTE", min: 1, max: 1_000_000, isOptional: true },
  },
  transcriptionsPerMinute: {
    value: 6,
    meaning:
      "Transcriptions that one API key asks for, over any 60 seconds. Not counted where `RATE_LIMIT_PER_MINUTE` is off.",
    setBy: { variable: "STT_PER_MINUTE", min: 1, max: 1_000_000, isOptional: true },
  },
  speechPerMinute: {
    value: 12,
    meaning:
      "Texts that one API key has spoken, over any 60 seconds. Not counted where `RATE_LIMIT_PER_MINUTE` is off.",
    setBy: { variable: "TTS_PER_MINUTE", min: 1, max: 1_000_000, isOptional: true },
  },
  chatPerMinute: {
    value: 100,
    meaning:
      "Questions that one API key or token subject asks, over any 60 seconds. Not counted where `RATE_LIMIT_PER_MINUTE` is off.",
    setBy: { variable: "CHAT_PER_MINUTE", min: 1, max: 1_000_000, isOptional: true },
  },
  maxOpenSessionsPerTenant: {
    value: 2_000,
    meaning: "Sessions of one tenant that are not finalized or deleted, at a time.",
    setBy: { variable: "MAX_OPEN_SESSIONS", min: 1, max: 1_000_000, isOptional: true },
  },
  audioSecondsPerTenantDay: {
    value: 3_600_000,
    meaning: "Seconds of audio that one tenant may store in one day (UTC).",
    setBy: { variable: "AUDIO_QUOTA_S_PER_DAY", min: 1, max: 1_000_000_000, isOptional: true },
  },
  tokenLifetimeS: {
    value: 300,
    meaning: "Life of a session token that the gateway mints, where it is not asked otherwise.",
  },
  minTokenLifetimeS: { value: 10, meaning: "Least `lifetime_s` of a session token that the gateway mints." },
  maxTokenLifetimeS: {
    value: 43_200,
    meaning: "`exp` minus `iat` of a session token, whoever signed it: twelve hours.",
    setBy: { variable: "TOKEN_MAX_LIFETIME_S", min: 60, max: 604_800 },
  },
  tokenClockSkewS: {
    value: 5,
    meaning: "How far the clock of whoever signs tokens may differ from the gateway's.",
    setBy: { variable: "TOKEN_CLOCK_SKEW_S", min: 0, max: 60 },
  },
  maxTokenChars: { value: 4_096, meaning: "Length of a session token." },
  maxMintBodyBytes: { value: 262_144, meaning: "Body of `POST …/tokens`, which may hold what opens the session." },
  maxJournalBytes: {
    value: 6_000_000_000,
    meaning: "Audio that waits in the room for R2. Beyond it chunks are refused, retryable.",
  },
  maxShortTextChars: { value: 256, meaning: "`close.reason`, `client_id` and other short strings." },
  maxResolveBodyBytes: { value: 4_194_304, meaning: "Body of `POST …/resolve`: about 90 s of audio in base64." },
  maxTranscriptionBodyBytes: { value: 67_174_400, meaning: "Body of a transcription: 64 MiB of audio, and its form." },
  maxTranscriptionSeconds: { value: 1_800, meaning: "Audio of one transcription." },
  maxSpeechCharacters: { value: 4_096, meaning: "A text to speak. Some models take less: see `GET /v1/models`." },
  maxSpeechBodyBytes: { value: 65_536, meaning: "Body of a text to speak." },
  maxChatMessageChars: { value: 10_000, meaning: "A message of a chat." },
  maxChatMessages: { value: 100, meaning: "Messages of one question: it, and what was said before." },
  maxChatMeetings: { value: 100, meaning: "Meetings, or speakers, that one question names." },
  maxChatContextEntries: { value: 100, meaning: "Entries of `local_knowledge`, and of `constraints`, of a chat." },
  maxChatsPerPage: { value: 200, meaning: "Chats in one answer of `GET /v1/chats`." },
  maxChatBodyBytes: { value: 524_288, meaning: "Body of a question." },
  maxSyncRequestBytes: { value: 2_097_152, meaning: "Body of a push to `/v1/sync/…`." },
  maxSyncChanges: { value: 500, meaning: "Changes of one push." },
  maxSyncRowsPerPage: { value: 500, meaning: "Versions and conflicts in one answer of `/v1/sync/…`." },
  maxSyncPageChars: { value: 1_048_576, meaning: "Content in one answer of `/v1/sync/…`, but for the first row's." },
  maxSyncInlineChars: {
    value: 65_536,
    meaning: "Body of a document that stands in the document itself; longer ones are uploaded by their SHA-256.",
  },
  maxSyncDocuments: { value: 20_000, meaning: "Documents of one collection of a user." },
  maxSyncConflicts: {
    value: 1_000,
    meaning: "Conflicts of a user that nobody has settled. Beyond it they are refused.",
  },
  maxSyncDevices: { value: 64, meaning: "Devices of a user that are remembered, those that came last." },
  maxSyncBytes: { value: 5_368_709_120, meaning: "Documents and bodies of one user." },
  maxSyncBodyBytes: { value: 536_870_912, meaning: "One body: 512 MiB." },
  maxSyncUploads: { value: 16, meaning: "Uploads of a user under way." },
  maxKnowledgeBytes: { value: 2_097_152, meaning: "Text of one knowledge document." },
  syncPartBytes: { value: 8_388_608, meaning: "One part of an upload; the last one may be shorter." },
  syncLockMs: { value: 30_000, meaning: "How long the lock of sync is held where it is not renewed." },
  syncTombstoneMs: {
    value: 7_776_000_000,
    meaning: "How long a deletion stays in the log of sync, for devices that were away: 90 days.",
  },
  maxEntriesPerRecord: { value: 500, meaning: "Entries in one `POST /v1/billing/record`." },
  maxRecordBodyBytes: { value: 524_288, meaning: "Body of `POST /v1/billing/record`." },
  maxBudgets: { value: 20, meaning: "Budgets of a tenant." },
  maxUsageRowsPerPage: { value: 1_000, meaning: "Rows in one answer of `GET /v1/usage`." },
  maxFinalizeGraceMs: { value: 3_600_000, meaning: "`grace_ms` of a finalize." },
  maxFinalizeBodyBytes: { value: 65_536, meaning: "Body of `POST …/finalize`." },
  maxMetadataChars: {
    value: 262_144,
    meaning: "`metadata` of a session as JSON, whatever it was put together from. Beyond it a `PATCH` is refused.",
  },
  maxFinalizeMetadataChars: {
    value: 131_072,
    meaning: "`metadata` of all finalizes of a session together, as JSON. Beyond it a finalize is refused.",
  },
  maxInferenceAnswerBytes: {
    value: 1_500_000,
    meaning: "Answer of the inference service; it is kept in one row, and a row holds 2 MB.",
  },
  maxAsrTextChars: { value: 20_000, meaning: "`asr_text` of a resolve." },
  maxRosterEntries: { value: 1_000, meaning: "Names of one roster." },
  maxSegmentsPerAnswer: { value: 1_000, meaning: "Turns in one answer of the inference service." },
  maxClusters: { value: 256, meaning: "Acoustic speakers in one state." },
  maxCentroidValues: { value: 4_096, meaning: "Values of one cluster's centroid." },
  maxQueuedResolves: { value: 32, meaning: "Resolve requests of one room at a time, the one under way included." },
  maxQueuedResolveChars: { value: 8_000_000, meaning: "Base64 of all resolve requests of one room that wait." },
  maxWindowChunks: { value: 30, meaning: "Seconds of audio in one automatic resolve." },
  maxReviewSeconds: {
    value: 10_800,
    meaning: "Seconds of a track that are reviewed: the service holds what it heard.",
  },
  maxReviewSegments: { value: 10_000, meaning: "Segments in the answer to a review." },
  maxReviewVoices: { value: 64, meaning: "Voices in the answer to a review." },
  maxJsonLevels: {
    value: 64,
    meaning: "Levels of maps and lists in the body of a request, and in an answer of the inference service.",
  },
  maxSessionBodyBytes: { value: 262_144, meaning: "Body of `POST` and `PATCH /v1/sessions`." },
  maxRebuildBodyBytes: { value: 4_096, meaning: "Body of `POST /admin/sessions/rebuild`." },
  maxRebuiltSessions: { value: 20, meaning: "Sessions that one `POST /admin/sessions/rebuild` looks at." },
  maxCorrectionBodyBytes: { value: 4_096, meaning: "Body of a correction: a binding, a merge, a turn." },
  maxUtterancesBodyBytes: { value: 1_048_576, meaning: "Body of `POST …/utterances`." },
  maxUtterancesPerRequest: { value: 500, meaning: "Utterances in one request." },
  maxUtteranceChars: { value: 4_000, meaning: "Text of one utterance." },
  maxUtteranceMs: { value: 600_000, meaning: "Length of one utterance." },
  maxUtteranceRevision: {
    value: 9_000_000_000_000_000,
    meaning: "`revision` of an utterance: microseconds since 1970 are below it.",
  },
  maxEventsPerPage: { value: 1_000, meaning: "Events in one answer of `GET …/events`." },
  maxReplayEvents: {
    value: 5_000,
    meaning: "Events a live connection replays. A watcher further behind pages through `GET …/events` first.",
  },
  maxUnseenBytes: {
    value: 1_048_576,
    meaning: "Sent to a connection beyond what its client told to have `seen`: further events wait until it tells.",
  },
  maxUnseenLiveBytes: {
    value: 262_144,
    meaning:
      "As `maxUnseenBytes`, of which live audio may use so much: a listener that tells later loses what it was late for.",
  },
  maxLiveMessagesPerSecond: {
    value: 60,
    meaning: "Messages of live audio of one track, a second; what is beyond is dropped.",
  },
  maxLiveRealtimeFactor: { value: 2, meaning: "Seconds of live audio of one track that are passed on in one second." },
  seenWithinMs: { value: 15_000, meaning: "How long events wait for a client to tell; then the connection is closed." },
  maxUnreadBytes: {
    value: 4_194_304,
    meaning: "Sent to a connection beyond what its client told to have `seen`, answers included: then it is closed.",
  },
  maxLogEvents: {
    value: 200_000,
    meaning: "Events of one session. One part of sixteen is the room's own, so that a full log can still be finalized.",
    setBy: { variable: "MAX_LOG_EVENTS", min: 1_000, max: 1_000_000 },
  },
  maxLogBytes: {
    value: 67_108_864,
    meaning: "Event log of one session, as JSON. One part of sixteen is the room's own.",
    setBy: { variable: "MAX_LOG_BYTES", min: 1_000_000, max: 268_435_456 },
  },
  maxTrackEnds: { value: 100, meaning: "How often the end of one track is taken anew, where it is not where it was." },
  maxWatchersPerSession: {
    value: 100,
    meaning: "Live connections that watch one session.",
    setBy: { variable: "MAX_WATCHERS_PER_SESSION", min: 1, max: 10_000 },
  },
  maxTitleChars: { value: 200, meaning: "`title` of a session." },
  maxListedPeople: { value: 50, meaning: "Names of one session in the list, and those that `q` finds it by." },
  maxListQueryChars: { value: 200, meaning: "`q` of `GET /v1/sessions`." },
  maxPeaksPoints: { value: 20_000, meaning: "`points` of `GET …/peaks`." },
  maxSessionsPerPage: { value: 500, meaning: "Sessions in one answer of `GET /v1/sessions`." },
  maxRetentionDays: { value: 36_500, meaning: "`retention_days` of a session: a hundred years." },
  minAutoFinalizeMs: { value: 1_000, meaning: "Least `auto_finalize_after_ms` of a session, but for 0." },
  maxAutoFinalizeMs: { value: 31_536_000_000, meaning: "Most `auto_finalize_after_ms` of a session: a year." },
  maxWebhookUrlChars: { value: 2_048, meaning: "Length of `webhook_url`." },
  maxWebhookDeliveries: {
    value: 500,
    meaning: "Webhooks kept in a session's log. Beyond it the delivered go first, then the dead, then the oldest.",
  },
  maxWavSeconds: { value: 134_217, meaning: "Audio of one WAV: a RIFF file holds at most 4 GiB, 37 hours." },
  maxSilentWavSeconds: {
    value: 600,
    meaning: "Seconds that a track may lack beyond as many as it has, for finalize to put it together as one WAV.",
  },
  maxIdempotencyKeys: { value: 500, meaning: "Idempotency keys kept per session, newest first." },
  maxIdempotencyBytes: { value: 16_777_216, meaning: "Their answers together, newest first." },
  maxIdempotencyKeysPerTenant: {
    value: 10_000,
    meaning: "Idempotency keys of requests to open a session kept per tenant, newest first.",
  },
  idempotencyKeyLifetimeMs: { value: 86_400_000, meaning: "How long an idempotency key is kept: a day." },
} as const satisfies Record<string, Limit>;

/** The limits as a table of rows, all of one type. */
export const limitRows: readonly (Limit & { readonly name: string })[] = Object.entries(limitTable).map(
  ([name, row]): Limit & { name: string } => ({ name, ...row }),
);

/** The numbers alone, as they are where nothing else is set: `limits.maxSeq`. */
export const limits = Object.fromEntries(Object.entries(limitTable).map(([name, { value }]) => [name, value])) as {
  readonly [K in keyof typeof limitTable]: (typeof limitTable)[K]["value"];
};

type LimitTable = typeof limitTable;
/** Limits that a deployment can change. */
export type SettableLimit = {
  [K in keyof LimitTable]: LimitTable[K] extends { setBy: unknown } ? K : never;
}[keyof LimitTable];
/** Those it can lift. */
type OptionalLimit = {
  [K in SettableLimit]: LimitTable[K] extends { setBy: { isOptional: true } } ? K : never;
}[SettableLimit];

/** The limits that the deployment sets; the fixed ones are in `limits`. null: lifted. */
export type DeploymentLimits = {
  readonly [K in SettableLimit]: K extends OptionalLimit ? number | null : number;
};
