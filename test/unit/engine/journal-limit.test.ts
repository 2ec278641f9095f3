/** Chunks that wait for R2. */
import { expect, test } from "vitest";
import { chunkBytes } from "../../../schemas/wire/audio.ts";
import { nodeSqlite } from "../../support/node-database.ts";
import { openEngine } from "./support/engine.ts";

test("[K3] [limit:maxJournalBytes] a journal that is full refuses chunks, retryable, until R2 has taken some", () => {
  const { tracks } = openEngine(nodeSqlite(() => 1).open(), { maxBytes: 2 * chunkBytes });
  const keep = (seq: number): string => {
    const content = new Uint8Array(chunkBytes).fill(seq);
    const outcome = tracks.keep("mic", { seq, timestamp_ms: 1, content }, true);
    return outcome.kind === "refused" ? outcome.code : outcome.kind;
  };
  expect([keep(1), keep(2), keep(3), keep(2)]).toEqual(["stored", "stored", "rate_limited", "duplicate"]);
  tracks.markArchived("mic", 1);
  expect([keep(3), keep(4)]).toEqual(["stored", "rate_limited"]);
});
