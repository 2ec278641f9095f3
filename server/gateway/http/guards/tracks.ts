/** Which tracks a caller may have: all, or those that its token names (SPEC P7). */
import { type Principal, tracksOf } from "../../../shared/access/principal.ts";
import type { Reason } from "../problems.ts";

/**
 * Why a caller can't have the tracks that it asks for; undefined where it can.
 * @param tracks undefined: all that there are.
 */
export function trackRefusal(principal: Principal, tracks: readonly string[] | undefined): Reason | undefined {
  const allowed = tracksOf(principal);
  if (!allowed || tracks?.every((track) => allowed.includes(track))) return undefined;
  return { reason: "other_tracks", allowed };
}
