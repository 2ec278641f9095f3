/** How much of what is kept R2 lacks. Reads the index of what waits, never its bytes. */
import type { Database } from "../../shared/lib/sql.ts";
import { stmt } from "../../shared/lib/stmt.ts";

const countOf = stmt<[track: string], { n: number }>("SELECT count(*) AS n FROM journal WHERE track = ?");
const countBefore = stmt<[receivedAt: number], { n: number }>(
  "SELECT count(*) AS n FROM journal JOIN ledger USING (track, seq) WHERE received_at <= ?",
);

/** Kept chunks of a track that R2 lacks. */
export function unarchivedChunks(db: Database, track: string): number {
  return countOf.one(db, track).n;
}

/** Chunks of all tracks that were kept at that time, ms since 1970, or earlier, and that R2 lacks. */
export function overdueChunks(db: Database, keptAt: number): number {
  return countBefore.one(db, keptAt).n;
}
