/** How long a conversation waits for what. */
export const turnTimes = {
  /** Nobody else is connected for this long. */
  aloneMs: 60_000,
  /** What the model says last may take this long to be heard. */
  closingMs: 60_000,
  /** A voice of which a model that is there wrote down nothing for so long was no word. */
  newVoiceMs: 3_000,
  /** Whoever was heard so short a time ago speaks. */
  stillSpeaksMs: 500,
  /** Words of what was answered come so late at most. */
  lateWordsMs: 10_000,
  /** Somebody spoke, and nothing at all came of the model for so long: its connection is replaced. */
  silentMs: 15_000,
} as const;
