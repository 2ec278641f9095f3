/** Whether two talk at once, by one direction of what the network's front hears: learned by `npm run train:overlaps`. */
import { overlapBase64, overlapThreshold } from "./overlap-data.ts";
import { decodeProjection, project } from "./projection.ts";

const learned = decodeProjection(overlapBase64);

/** @param pooled of three quarters of a second, most of it speech. */
export function areTogether(pooled: Float64Array): boolean {
  return (project(learned, pooled)[0] ?? 0) > overlapThreshold;
}
