/**
 * Every limit of the contract, once, with its unit in its name. `docs/reference.md` is generated from
 * this table; each is tested at its edge.
 */
export const limits = {
  /** A text frame's UTF-16 length or a binary frame's bytes. A JSON chunk is about 43 kB. */
  maxMessageBytes: 65_536,
  /** Highest chunk number: keys are padded to eight digits. */
  maxSeq: 99_999_999,
  /** How far ahead of its track's last kept chunk a seq may be: one day. */
  maxSeqAhead: 86_400,
  /** Ranges listed in `missing`; `missing_chunks` is the true count. */
  maxMissingRanges: 64,
  /** Frames a client may have sent and not seen acked. */
  maxInFlightFrames: 32,
  /** Bad frames in a row after which the connection is closed. */
  maxConsecutiveBadFrames: 32,
  /** Tracks of one session. */
  maxTracksPerSession: 16,
  /** Audio that waits in the room for R2. Beyond it chunks are refused, retryable. */
  maxJournalBytes: 8_000_000_000,
  /** A session id, `close.reason`, `client_id`, and other short strings. */
  maxShortTextChars: 256,
  /** Body of `POST …/resolve`: about 90 s of audio in base64. */
  maxResolveBodyBytes: 4_194_304,
  /** Body of `POST …/finalize`. */
  maxFinalizeBodyBytes: 65_536,
  /** Answer of the inference service; it is kept in one row, and a row holds 2 MB. */
  maxInferenceAnswerBytes: 1_500_000,
  maxAsrTextChars: 20_000,
  maxRosterEntries: 1_000,
  /** Acoustic speakers in one state. */
  maxClusters: 256,
  /** Values of one cluster's centroid. */
  maxCentroidValues: 4_096,
  /** Resolve requests of one room that wait for their turn. */
  maxQueuedResolves: 32,
  /** Answers kept for `x-idempotency-key`, per session, newest first. */
  maxIdempotencyKeys: 1_000,
} as const;
