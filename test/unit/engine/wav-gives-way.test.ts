/** What finalize does with a long track gives the thread back now and then, though each of its steps is answered at once. */
import { expect, test } from "vitest";
import { chunkBytes } from "../../../schemas/wire/audio.ts";
import { chainHead } from "../../../server/gateway/results/chain-head.ts";
import { WavAssembler } from "../../../server/gateway/results/wav/wav-assembler.ts";
import { WavStore } from "../../../server/gateway/results/wav/wav-store.ts";
import { nodeSqlite } from "../../support/node-database.ts";
import { type Engine, openEngine, sha256 } from "./support/engine.ts";

const session = { tenant: "default", sessionId: "s" };

/** How often others had the thread while some work was done. A timer stands for a frame on a socket. */
async function turnsDuring(work: () => Promise<unknown>): Promise<number> {
  let [turns, isOver] = [0, false];
  const next = (): void => {
    turns += 1;
    if (!isOver) setTimeout(next, 0);
  };
  setTimeout(next, 0);
  await work();
  isOver = true;
  return turns;
}

function engineWith(chunks: number): Engine {
  const engine = openEngine(nodeSqlite(() => 1_000).open());
  engine.tracks.openTrack("mic");
  for (let seq = 1; seq <= chunks; seq += 1) {
    engine.tracks.keep("mic", { seq, timestamp_ms: 1, content: new Uint8Array(chunkBytes).fill(seq) }, true);
  }
  return engine;
}

test("[K7] a track's file is put together while frames of any room have their turns", async () => {
  const { db, tracks } = engineWith(80);
  const upload = {
    uploadId: "u",
    uploadPart: async () => ({ etag: "e" }),
    complete: async () => {},
    abort: async () => {},
  };
  const bucket = {
    get: async () => null,
    head: async () => null,
    createMultipartUpload: async () => upload,
    resumeMultipartUpload: () => upload,
  };
  const store = new WavStore(db);
  const deps = { db, bucket, session, sha256, tracks, store, synced: async () => {}, isWanted: () => true };
  const assembler = new WavAssembler(deps);
  expect(await turnsDuring(() => assembler.run())).toBeGreaterThan(15);
  expect(assembler.assembled("mic")?.bytes).toBe(44 + 80 * chunkBytes);
});

test("[K7] the head of a long track's hash chain is read while frames of any room have their turns", async () => {
  const hash = new Uint8Array(32);
  const hashes = function* (): Generator<{ seq: number; sha256: Uint8Array }> {
    for (let seq = 1; seq <= 8_000; seq += 1) yield { seq, sha256: hash };
  };
  const sources = { session, sha256, tracks: { kept: { hashes } } };
  expect(await turnsDuring(() => chainHead(sources, "mic"))).toBeGreaterThan(5);
});
