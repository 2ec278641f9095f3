/** Whether two talk at once, by one direction of what the network's front hears: learned by `npm run train:overlaps`. */
import { type Recording, roomIn } from "./both-voices.ts";
import { overlapBase64, overlapThresholds } from "./overlap-data.ts";
import { decodeProjection, project } from "./projection.ts";
import { talkingAtOnce } from "./tuning.ts";

/** Of a step whose surroundings have too little speech to tell. */
export const notTogether = -1e3;

const learned = decodeProjection(overlapBase64);

/** @param pooled of three quarters of a second, most of it speech. @returns higher where two talk. */
export function togetherOf(pooled: Float64Array): number {
  return project(learned, pooled)[0] ?? notTogether;
}

/** From what value of `togetherOf` on, and in how many steps behind each other, two are said to talk. */
export interface AtOnce {
  readonly threshold: number;
  readonly steps: number;
}

export function atOnceIn(recording: Recording): AtOnce {
  const where = isRoom(recording) ? "inRoom" : "anywhere";
  return { threshold: overlapThresholds[where], steps: talkingAtOnce.steps[where] };
}

/** Whether the recording was made in a meeting room. */
export function isRoom(recording: Recording): boolean {
  return roomIn(recording) >= talkingAtOnce.fromRoom;
}
