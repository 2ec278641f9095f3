/** The limits that both ends of a connection keep, apart from the table of all (limits.ts): a web page carries these alone. */
export const wireLimits = {
  maxMessageBytes: 65_536,
  maxSeq: 99_999_999,
  maxSeqAhead: 86_400,
  maxMsgpackDepth: 8,
  maxGapNotes: 1_000,
} as const;
