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
  maxFinalizeBodyBytes: { value: 65_536, meaning: "Body of `POST …/finalize`." },
  maxInferenceAnswerBytes: {
    value: 1_500_000,
    meaning: "Answer of the inference service; it is kept in one row, and a row holds 2 MB.",
  },
  maxAsrTextChars: { value: 20_000, meaning: "`asr_text` of a resolve." },
  maxRosterEntries: { value: 1_000, meaning: "Names of one roster." },
  maxClusters: { value: 256, meaning: "Acoustic speakers in one state." },
  maxCentroidValues: { value: 4_096, meaning: "Values of one cluster's centroid." },
  maxQueuedResolves: { value: 32, meaning: "Resolve requests of one room at a time, the one under way included." },
  maxQueuedResolveChars: { value: 8_000_000, meaning: "Base64 of all resolve requests of one room that wait." },
  maxIdempotencyKeys: { value: 500, meaning: "Answers kept for `x-idempotency-key`, per session, newest first." },
} as const satisfies Record<string, { value: number; meaning: string }>;

/** The numbers alone: `limits.maxSeq`. */
export const limits = Object.fromEntries(Object.entries(limitTable).map(([name, { value }]) => [name, value])) as {
  readonly [K in keyof typeof limitTable]: (typeof limitTable)[K]["value"];
};
