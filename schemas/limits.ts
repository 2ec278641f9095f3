/**
 * Every limit of the contract, once, with its unit in its name. `docs/reference.md` is generated from
 * this table.
 */
export const limitTable = {
  maxMessageBytes: {
    value: 65_536,
    meaning: "A text frame's UTF-16 length or a binary frame's bytes. A JSON chunk is about 43 kB.",
  },
  maxSeq: { value: 99_999_999, meaning: "Highest chunk number: keys are padded to eight digits." },
  maxSeqAhead: { value: 86_400, meaning: "How far ahead of its track's last kept chunk a seq may be: one day." },
  maxMsgpackDepth: { value: 8, meaning: "Levels of maps and arrays in a MessagePack frame." },
  maxMissingRanges: { value: 64, meaning: "Ranges listed in `missing`; `missing_chunks` is the true count." },
  maxGapNotes: {
    value: 1_000,
    meaning: "Stretches of one track whose absence is explained; later ones are not noted.",
  },
  maxInFlightFrames: {
    value: 32,
    meaning: "Frames a client should have sent and not seen acked, at most; announced in `ready`.",
  },
  maxConsecutiveBadFrames: { value: 32, meaning: "Bad frames in a row after which the connection is closed." },
  maxTracksPerSession: { value: 16, meaning: "Tracks of one session." },
  maxJournalBytes: {
    value: 6_000_000_000,
    meaning: "Audio that waits in the room for R2. Beyond it chunks are refused, retryable.",
  },
  maxShortTextChars: { value: 256, meaning: "`close.reason`, `client_id` and other short strings." },
  maxResolveBodyBytes: { value: 4_194_304, meaning: "Body of `POST …/resolve`: about 90 s of audio in base64." },
  maxFinalizeGraceMs: { value: 3_600_000, meaning: "`grace_ms` of a finalize." },
  maxFinalizeBodyBytes: { value: 65_536, meaning: "Body of `POST …/finalize`." },
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
  maxSessionBodyBytes: { value: 262_144, meaning: "Body of `POST` and `PATCH /v1/sessions`." },
  maxCorrectionBodyBytes: { value: 4_096, meaning: "Body of a correction: a binding, a merge, a turn." },
  maxUtterancesBodyBytes: { value: 1_048_576, meaning: "Body of `POST …/utterances`." },
  maxUtterancesPerRequest: { value: 500, meaning: "Utterances in one request." },
  maxUtteranceChars: { value: 4_000, meaning: "Text of one utterance." },
  maxUtteranceMs: { value: 600_000, meaning: "Length of one utterance." },
  maxEventsPerPage: { value: 1_000, meaning: "Events in one answer of `GET …/events`." },
  maxReplayEvents: {
    value: 5_000,
    meaning: "Events a live connection replays. A watcher further behind pages through `GET …/events` first.",
  },
  maxUnansweredEvents: {
    value: 10_000,
    meaning: "Events sent to a watcher of which nothing was heard meanwhile; then the connection is closed.",
  },
  maxWatchersPerSession: { value: 100, meaning: "Live connections that watch one session." },
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
  maxIdempotencyKeys: { value: 500, meaning: "Answers kept for `x-idempotency-key`, per session, newest first." },
} as const satisfies Record<string, { value: number; meaning: string }>;

/** The numbers alone: `limits.maxSeq`. */
export const limits = Object.fromEntries(Object.entries(limitTable).map(([name, { value }]) => [name, value])) as {
  readonly [K in keyof typeof limitTable]: (typeof limitTable)[K]["value"];
};
