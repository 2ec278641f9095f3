/**
 * Every number that was chosen by experiment, with its unit. `npm run eval:speakers` shows what they give. The
 * model in `model-data.ts` was trained with the values of `front`: change one and it must be trained again.
 */
import { sampleRateHz } from "../../../schemas/wire/audio.ts";

/** From samples to cepstra (Davis & Mermelstein 1980, in the usual modern form). */
export const front = {
  preEmphasis: 0.97,
  frameSamples: 400,
  hopSamples: 160,
  fftSamples: 512,
  melBands: 30,
  lowHz: 80,
  highHz: 7_600,
  /** c1 … c19: c0 is level, and level says where a person sits, not who speaks. */
  cepstra: 19,
} as const;

export const framesPerSecond = sampleRateHz / front.hopSamples;

/** What counts as speech. */
export const speech = {
  /** A frame must be this far above the noise floor … */
  aboveFloorDb: 6,
  /** … no further than this below the loud frames of the window … */
  belowLoudDb: 32,
  /** … and above this, full scale being 0 dB. */
  minLevelDb: -55,
  hangoverFrames: 16,
  minRunFrames: 10,
  /** A run is speech if this share of its frames is voiced: breath, keys and doors are not. */
  minVoicedShare: 0.15,
  minPeriodicity: 0.5,
  lowPitchHz: 60,
  highPitchHz: 400,
  /** How fast the carried floor follows a room that becomes louder. */
  floorRiseDbPerSecond: 0.5,
  lowestFloorDb: -90,
} as const;

/** Voices in a state have three decimals of values around 1: nothing is lost, and the state stays small. */
export const voiceRounding = 1_000;

export const embedding = {
  /** MAP relevance: frames that a component must explain before its mean moves half of the way. */
  relevance: 8,
} as const;

/** Cutting a window where the speaker changes. */
export const cut = {
  /** Longer audio is handled in pieces of this length; it is also the best window for the room to send. */
  windowMs: 4_000,
  stepFrames: 20,
  minSideFrames: 50,
  maxCosine: 0.25,
  /** A pause within this distance of a cut takes the cut. */
  snapFrames: 30,
  /** A pause longer than this ends a segment. */
  maxPauseMs: 800,
} as const;

export const clustering = {
  join: 0.5,
  merge: 0.65,
  /** Added to the score of who spoke last. */
  lastSpeakerBonus: 0.03,
  minOpenSeconds: 1.8,
  /** With nobody known yet, less is enough. */
  minFirstSeconds: 1,
  maxCentroidSeconds: 60,
  /** Clusters that the resolver opens by itself; a state may hold more (schemas/limits.ts). */
  maxOpened: 64,
} as const;

/** What another model decides differently. */
export type ClusteringRules = { readonly [K in keyof typeof clustering]: number };
