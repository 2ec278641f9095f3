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
  /** What is listened to for a second voice, and the fewest frames of speech in it: as it was learned. */
  togetherMs: 750,
  togetherFrames: 18,
} as const;

/** Both voices of a step, and how alike those of one person are. */
export const comparing = {
  /** Squared distance per value to the nearest kind of recording that the classical voice was trained on: 1 to 5 where it is of one, 8 and more for people on a telephone. */
  knownWithin: 6.5,
  /** Of the square of both voices together; none in a meeting room. */
  classicalShare: 0.6,
  /** Of what all voices in a meeting room share, taken away in a recording that has all of it. */
  roomShare: 0.5,
  /** Average cosine of steps that are one voice beyond doubt, and how many steps are looked at together for that. */
  surelyOne: 0.45,
  blockSteps: 480,
  /** More than this, all of a long meeting's, are too many to compare: the smallest are nobody's, and go to whom they are nearest to. */
  mostGroups: 400,
  /** Groups are one voice where their cosine is this share of what it is within each of them. */
  asAlike: 0.6,
  /** Steps this near share speech. */
  nearMs: 1_500,
  /** What the cosine within a voice usually is, believed as much as so many pairs of steps. */
  usual: 0.55,
  usualPairs: 10,
} as const;

export const following = {
  /** Steps that are remembered, of all who spoke: 50 s of speech. */
  remembered: 100,
  /** One of so many is. */
  every: 2,
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

/** The second look at a whole meeting. */
export const reviewing = {
  /** As of `speaking`: Silero is surer of itself where it heard all that came before, and quiet speech is found. */
  begins: 0.2,
  ends: 0.1,
  /** Audio is heard in blocks of at most this, cut at the quietest moment of the end of one. */
  blockMs: 60_000,
  cutWithinMs: 20_000,
  /** Frames that the network hears at a time, and those before and after that are heard again: 4 s and half a second. */
  ownFrames: 166,
  contextFrames: 20,
  /** Steps in which two speak, to say that there are two where one voice is known. */
  secondVoiceSteps: 8,
  /** Of a step with what is around it; with fewer it has no voice. */
  leastFrames: 4,
} as const;

/** Two who talk at once: often in a meeting room, and seldom elsewhere. */
export const talkingAtOnce = {
  /** So much of a meeting room is in a recording that was made in one. */
  fromRoom: 0.5,
  /** Steps behind each other in which two are heard: fewer are passed over. */
  steps: { anywhere: 4, inRoom: 2 },
} as const;
