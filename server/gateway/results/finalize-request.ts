/** Whether a session that is frozen has what a finalize asks for. Pure. */
import type { FinalizeBody } from "../../../schemas/http/finalize.ts";
import { expectedSeq, type TrackRow } from "../tracks/track-plan.ts";

/**
 * A caller that polls sends the same request again, and `grace_ms` has nothing left to wait for: neither is new.
 * @param metadata what the result says.
 */
export function holdsAlready(
  body: FinalizeBody,
  metadata: Readonly<Record<string, unknown>>,
  rowOf: (track: string) => TrackRow | undefined,
): boolean {
  const hasMetadata = Object.entries(body.metadata ?? {}).every(
    ([name, value]) => Object.hasOwn(metadata, name) && isSameJson(metadata[name], value),
  );
  const hasTracks = Object.entries(body.expect ?? {}).every(([track, lastSeq]) => {
    const trackRow = rowOf(track);
    return trackRow !== undefined && expectedSeq(trackRow) >= lastSeq;
  });
  return hasMetadata && hasTracks;
}

/** The order of an object's fields is the writer's. */
function isSameJson(a: unknown, b: unknown): boolean {
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return a === b;
  if (Array.isArray(a) !== Array.isArray(b)) return false;
  const [left, right] = [Object.entries(a), new Map<string, unknown>(Object.entries(b))];
  return (
    left.length === right.size && left.every(([name, value]) => right.has(name) && isSameJson(value, right.get(name)))
  );
}
