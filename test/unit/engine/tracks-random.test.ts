/** The gap ledger against a naive model, in random order with duplicates, ends and restarts. */
import { expect, test } from "vitest";
import { missingChunks, type TrackRow } from "../../../server/gateway/tracks/track-plan.ts";
import type { Tracks } from "../../../server/gateway/tracks/tracks.ts";
import { nodeSqlite } from "../../support/node-database.ts";
import { randomFrom, seed as newSeed } from "../support/random.ts";
import { openEngine } from "./support/engine.ts";

const stepsPerRound = 400;
const track = "mic";

class Model {
  readonly kept = new Set<number>();
  end = 0;
  duplicates = 0;

  get last(): number {
    return Math.max(0, ...this.kept);
  }

  get expected(): number {
    return Math.max(this.last, this.end);
  }

  missing(): [number, number][] {
    const ranges: [number, number][] = [];
    const { expected } = this;
    for (let seq = 1; seq <= expected; seq += 1) {
      if (this.kept.has(seq)) continue;
      const range = ranges.at(-1);
      if (range && range[1] === seq - 1) range[1] = seq;
      else ranges.push([seq, seq]);
    }
    return ranges;
  }

  view(): object {
    const missing = this.missing();
    const [firstGap] = missing;
    return {
      missing,
      listed: missing.slice(0, 3),
      missingChunks: missing.reduce((sum, [from, to]) => sum + to - from + 1, 0),
      contiguous: firstGap ? firstGap[0] - 1 : this.last,
      last: this.last,
      received: this.kept.size,
      duplicates: this.duplicates,
    };
  }
}

function viewOf(tracks: Tracks): object {
  const trackRow: TrackRow | undefined = tracks.row(track);
  if (!trackRow) throw new Error("no ledger");
  return {
    missing: tracks.missing(track, Number.POSITIVE_INFINITY),
    listed: tracks.missing(track, 3),
    missingChunks: missingChunks(trackRow),
    contiguous: tracks.watermarks.contiguousSeq(track),
    last: trackRow.last_seq,
    received: trackRow.received_chunks,
    duplicates: trackRow.duplicate_chunks,
  };
}

interface Disagreement {
  readonly seed: number;
  readonly step: number;
  readonly did: string;
  readonly got: unknown;
  readonly expected: unknown;
}

/** @returns where tracks and model first differ, if they do. */
function playRound(seed: number): Disagreement | undefined {
  const random = randomFrom(seed);
  const sqlite = nodeSqlite(() => 1);
  const open = (): Tracks => openEngine(sqlite.open()).tracks;
  let tracks = open();
  tracks.openTrack(track);
  const model = new Model();
  let announced: number | undefined;

  const end = (seq: number): [unknown, unknown] => {
    const isNews = seq !== announced;
    model.end = seq;
    announced = seq;
    return [tracks.end(track, seq, 0), isNews];
  };
  const keep = (seq: number): [unknown, unknown] => {
    const kind = model.kept.has(seq) ? "duplicate" : "stored";
    if (kind === "duplicate") model.duplicates += 1;
    model.kept.add(seq);
    const content = new Uint8Array([seq, seq >> 8]);
    return [tracks.keep(track, { seq, timestamp_ms: 1, content }, true).kind, kind];
  };

  for (let step = 1; step <= stepsPerRound; step += 1) {
    const dice = random(20);
    let did = "restart";
    let outcomes: [unknown, unknown] = [undefined, undefined];
    if (dice === 0) tracks = open();
    else if (dice === 1) {
      const seq = model.last + random(10);
      did = `end ${seq}`;
      outcomes = end(seq);
    } else {
      // Mostly near the end, sometimes anywhere: holes, fills and duplicates all come up often.
      const seq = 1 + (dice < 8 ? random(model.expected + 6) : Math.max(0, model.last - 3) + random(9));
      did = `keep ${seq}`;
      outcomes = keep(seq);
    }
    const got = [outcomes[0], viewOf(tracks)];
    const expected = [outcomes[1], model.view()];
    if (JSON.stringify(got) !== JSON.stringify(expected)) return { seed, step, did, got, expected };
  }
  return undefined;
}

// Run one seed again: ROOMTONE_SEED=… npm test -- tracks-random
test.for([1, 2, 3, 4, newSeed])("[W10] the gap ledger agrees with a naive model at every step, seed %i", (seed) => {
  expect(playRound(seed)).toBeUndefined();
});
