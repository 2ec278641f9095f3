/** Whether a session that is frozen has what a finalize asks for. Pure. */
import { isSameJson } from "../../shared/json/same-json.ts";
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
