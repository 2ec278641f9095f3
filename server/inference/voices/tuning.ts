/**
 * Numbers of the resolver that comes with the service, with their units; `npm run eval:speakers -- --service URL` shows what they
 * give. They were tuned on the human dev meetings that docs/speakers.md names.
 */

/** Silero's probabilities: where speech begins and ends, and what is done to what lies between. */
export const speaking = {
  begins: 0.3,
  ends: 0.2,
  leastMs: 200,
  /** A word's edge is quieter than its middle. */
  marginMs: 150,
  joinPauseMs: 300,
  /** Heard twice at the front of a window: Silero begins without a memory. */
  primeWindows: 16,
} as const;

/** Stretches that overlap: long enough to tell who it is, close enough for a cut to find its place. */
export const steps = {
  lengthMs: 1_500,
  stepMs: 250,
  /** Frames of 24 ms: with fewer a stretch follows its neighbours, with fewest it says nothing. */
  sureFrames: 15,
  leastFrames: 8,
} as const;

export const following = {
  /** Steps that are remembered: two minutes of speech. */
  remembered: 480,
  /** Average cosine at which groups of steps are one voice. */
  join: 0.3,
  /** To a voice that is not among the remembered steps. */
  joinKnown: 0.4,
  /** A voice of fewer steps is nobody yet. */
  leastSteps: 8,
  firstSteps: 3,
  /** How much a cosine weighs against a change of speaker. */
  weight: 10,
  change: 5,
  /** Share of a cluster's steps that must lie in another one for the two to be merged. */
  mergeShare: 0.9,
  /** A pause inside a segment. */
  maxPauseMs: 800,
} as const;
