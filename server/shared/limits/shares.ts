/**
 * What one caller may have of what a session has for all: its connections, its watchers, its tracks, its event log. Guarantees
 * that no token of several can use it up: a token's subject gets at most half of what the others leave, so that whoever comes
 * next finds a place while there is one, and a part is kept for API keys, which backends come with. Pure.
 */
import { isTokenSubject } from "../access/principal.ts";

export interface Places {
  /** Who asks, as limits tell callers apart. */
  readonly subject: string;
  /** Places that the session has. */
  readonly max: number;
  /** Places that are taken, the caller's own among them. */
  readonly taken: number;
  /** Places that the caller has. */
  readonly own: number;
  /** One part of so many is kept for API keys; none where it is absent. */
  readonly keptForKeys?: number;
}

/** For backends: one place of so many. */
export const oneOfSixteen = 16;

/** How many places more the caller may take; 0 or less for none. */
export function placesLeft({ subject, max, taken, own, keptForKeys }: Places): number {
  if (!isTokenSubject(subject)) return max - taken;
  const forTokens = keptForKeys === undefined ? max : max - Math.floor(max / keptForKeys);
  const share = Math.ceil((forTokens - (taken - own)) / 2);
  return Math.min(forTokens - taken, share - own);
}
