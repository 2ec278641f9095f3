/** What a kept second leaves in SQLite for the meeting's life, once R2 has its bytes. */
import { expect, test } from "vitest";
import { chunkBytes } from "../../../schemas/wire/audio.ts";
import { nodeSqlite } from "../../support/node-database.ts";
import { openEngine } from "./support/engine.ts";

/** Of a row of `ledger`: track, seq, two times, a SHA-256; and what of its page is empty. */
const maxRowBytes = 160;
const seconds = 1_200;

test.for([
  { behind: 1, tracks: 1, why: "R2 keeps up" },
  { behind: 16, tracks: 1, why: "R2 is a little behind" },
  { behind: 300, tracks: 1, why: "R2 was away" },
  { behind: 16, tracks: 4, why: "of several tracks R2 is a little behind" },
])("[K4] a second's row is small once its bytes are in R2: $why", ({ behind, tracks: trackCount }) => {
  const db = nodeSqlite(() => 1_000).open();
  const { tracks } = openEngine(db);
  const content = new Uint8Array(chunkBytes);
  const names = Array.from({ length: trackCount }, (_, i) => `mic-${i}`);
  const count = seconds / trackCount;
  for (let seq = 1; seq <= count + behind; seq += 1)
    for (const track of names) {
      if (seq <= count) tracks.keep(track, { seq, timestamp_ms: seq * 1_000, content }, true);
      if (seq > behind) tracks.markArchived(track, seq - behind);
    }
  expect(tracks.pendingChunks).toBe(0);
  const [{ bytes } = { bytes: 0 }] = db.sql
    .exec<{ bytes: number }>(
      `SELECT (page_count - freelist_count) * page_size AS bytes
       FROM pragma_page_count(), pragma_freelist_count(), pragma_page_size()`,
    )
    .toArray();
  const empty = 400_000;
  expect(bytes - empty).toBeLessThan(seconds * maxRowBytes);
});
