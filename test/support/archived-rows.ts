/**
 * What a kept second leaves in SQLite for the meeting's life, once R2 has its bytes. Run against a Durable Object's SQLite and against
 * `node:sqlite`: they do not merge pages at the same statements.
 */
import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import { chunkBytes } from "../../schemas/wire/audio.ts";
import { migrate } from "../../server/gateway/core/migrations.ts";
import { Tracks } from "../../server/gateway/tracks/tracks.ts";
import type { Database } from "../../server/shared/lib/sql.ts";

/** Hands a step a database without tables. @param usedBytes of it, without free pages. */
export type WithSizedDatabase = (step: (db: Database, usedBytes: () => number) => void) => Promise<void> | void;

/** Of a row of `ledger`: track, seq, two times, a SHA-256; and what of its page is empty. */
const maxRowBytes = 160;
/** Pages that a page more of rows begins: one of each track's, and one above them. */
const slackBytes = 10 * 4_096;
const seconds = 1_200;

export function archivedRows(name: string, withDatabase: WithSizedDatabase): void {
  test.for([
    { behind: 1, tracks: 1, why: "R2 keeps up" },
    { behind: 16, tracks: 1, why: "R2 is a little behind" },
    { behind: 50, tracks: 1, why: "R2 is behind" },
    { behind: 300, tracks: 1, why: "R2 was away" },
    { behind: 16, tracks: 4, why: "of several tracks R2 is a little behind" },
    { behind: 50, tracks: 4, why: "of several tracks R2 is behind" },
  ])(`[K4] ${name}: a second's row is small once its bytes are in R2: $why`, ({ behind, tracks: trackCount }) =>
    withDatabase((db, usedBytes) => {
      migrate(db);
      const tracks = new Tracks(db, (bytes) => createHash("sha256").update(bytes).digest());
      const empty = usedBytes();
      const content = new Uint8Array(chunkBytes);
      const names = Array.from({ length: trackCount }, (_, i) => `mic-${i}`);
      const count = seconds / trackCount;
      for (let seq = 1; seq <= count + behind; seq += 1)
        for (const track of names) {
          if (seq <= count) tracks.keep(track, { seq, timestamp_ms: seq * 1_000, content }, true);
          if (seq > behind) tracks.markArchived(track, seq - behind);
        }
      expect(tracks.pendingChunks).toBe(0);
      expect(usedBytes() - empty).toBeLessThan(seconds * maxRowBytes + slackBytes);
    }),
  );
}
