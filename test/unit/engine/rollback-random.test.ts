/**
 * Memory and database agree whatever fails: random steps in transactions, nested or not, of which some throw at a random
 * statement, before or after it ran. After each, the engine must answer as one that has just been opened.
 */
import { expect, test } from "vitest";
import {
  type DatabaseAdapter,
  databaseOf,
  type Rows,
  type SqlRow,
  type SqlParameter,
} from "../../../server/shared/lib/sql.ts";
import { nodeSqlite } from "../../support/node-database.ts";
import { randomFrom, seed as newSeed } from "../support/random.ts";
import { type Engine, openEngine } from "./support/engine.ts";

const stepsPerRound = 250;
const trackNames = ["mic", "room", "phone"];
const clusterIds = ["c1", "c2", "c3"];

class DiskError extends Error {}

/** The adapter, with a statement that fails. */
class FailingDisk {
  readonly adapter: DatabaseAdapter;
  /** Statements until one fails; infinite: none does. */
  failsIn = Number.POSITIVE_INFINITY;
  /** Whether the statement that fails has run. */
  failsAfterwards = false;

  constructor(disk: DatabaseAdapter) {
    const exec = <Row extends SqlRow>(query: string, ...values: SqlParameter[]): Rows<Row> => {
      this.failsIn -= 1;
      const fails = this.failsIn === 0;
      if (fails && !this.failsAfterwards) throw new DiskError(query);
      const rows = disk.sql.exec<Row>(query, ...values);
      if (fails) throw new DiskError(query);
      return rows;
    };
    this.adapter = { ...disk, sql: { exec } };
  }
}

/** All that the engine answers from memory. */
function answersOf({ store, windows, tracks, events, speakers, finalizer }: Engine): object {
  return {
    status: store.isOpened ? store.status : "never opened",
    config: store.config,
    waitsUntil: finalizer.waitsUntil,
    pending: tracks.pendingChunks,
    stored: tracks.storedChunks,
    tracks: tracks.rows().map((row) => ({
      ...row,
      missing: tracks.missing(row.track, Number.POSITIVE_INFINITY),
      contiguous: tracks.watermarks.contiguousSeq(row.track),
      archived: tracks.watermarks.archivedSeq(row.track),
      resolved: tracks.watermarks.resolvedSeq(row.track),
      late: windows.firstLate(row.track),
      reopened: windows.firstReopened(row.track),
      failed: tracks.failedWindows(row.track),
    })),
    events: events.count,
    state: speakers.state(),
    view: {
      ...speakers.view,
      bindings: [...speakers.view.bindings],
      merged: [...speakers.view.merged],
      reassigned: [...speakers.view.reassigned],
    },
  };
}

/** One thing that a room does to its engine. */
function act(engine: Engine, random: (below: number) => number): void {
  const { store, windows, tracks, events, speakers, corrections, utterances, finalizer } = engine;
  const track = trackNames[random(trackNames.length)] ?? "mic";
  const cluster = (): string => clusterIds[random(clusterIds.length)] ?? "c1";
  const row = tracks.row(track);
  const last = row?.last_seq ?? 0;
  switch (random(14)) {
    case 0:
      if (tracks.hasRoomFor(track) && tracks.openTrack(track))
        events.append({ type: "track.opened", track, by: "room" });
      return;
    case 1:
      if (row) tracks.end(track, last + random(4), 0);
      return;
    case 2:
      if (row) tracks.countRejected(track, 1 + random(3));
      return;
    case 3:
      if (last > 0) tracks.setResolved(track, 1 + random(last));
      return;
    case 4:
      if (row) windows.save(track, { from_seq: 1 + random(8), to_seq: 9, attempts: 1, due_at: 5, status: "failed" });
      return;
    case 5:
      windows.reopenFailed(random(2) === 0 ? track : undefined, 4);
      return;
    case 6: {
      const late = windows.firstLate(track);
      if (late !== undefined) windows.removeLate(track, [late]);
      const reopened = windows.firstReopened(track);
      if (reopened) windows.remove(track, reopened.from_seq);
      return;
    }
    case 7: {
      const pending = tracks.nextPending({ track: "", seq: 0 });
      if (pending) tracks.markArchived(pending.track, pending.seq);
      return;
    }
    case 8: {
      const sent = speakers.stateForService(undefined);
      const clusters = clusterIds.map((cluster_id, i) => ({
        cluster_id,
        centroid: [i, 1 + random(9)],
        sample_count: 1,
      }));
      const answer = {
        session_id: "s",
        cluster_id: cluster(),
        speaker_name: null,
        decision: "unknown" as const,
        evidence: {},
        updated_state: { ...sent, clusters, bindings: { [cluster()]: `name ${random(5)}` } },
      };
      speakers.absorb(answer, sent, { track, from_seq: 1, to_seq: 4 });
      return;
    }
    case 9:
      corrections.bind(cluster(), `person ${random(4)}`);
      return;
    case 10:
      if (random(3) === 0) corrections.merge(cluster(), cluster());
      else corrections.unbind(cluster());
      return;
    case 11:
      store.config = { ...store.config, metadata: { n: random(100) } };
      if (random(2) === 0)
        utterances.add([{ track, start_ms: random(50), end_ms: 100, text: `I am person ${random(4)}` }]);
      return;
    case 12:
      if (random(4) === 0) finalizer.begin({ grace_ms: random(10_000), expect: { [track]: 5_000 } });
      return;
    default:
      // More often than all else: chunks, with holes and duplicates.
      for (let n = 0; n < 3; n += 1) {
        const seq = 1 + random(last + 5);
        tracks.keep(track, { seq, timestamp_ms: 1, content: new Uint8Array([seq]) }, true);
      }
  }
}

function play(seed: number): { failures: number; kept: number } {
  const random = randomFrom(seed);
  let now = 1_000;
  const sqlite = nodeSqlite(() => now);
  const disk = new FailingDisk(sqlite.adapter);
  const engine = openEngine(databaseOf(disk.adapter));
  engine.store.open();
  let failures = 0;

  const attempt = (step: () => void): void => {
    try {
      step();
    } catch (cause) {
      if (!(cause instanceof DiskError)) throw cause;
      failures += 1;
    }
  };
  const transaction = (depth: number): void => {
    engine.db.transaction(() => {
      for (let n = random(4); n >= 0; n -= 1) {
        if (depth < 2 && random(4) === 0) attempt(() => transaction(depth + 1));
        else act(engine, random);
        // A copy that is made in the middle holds what may yet be undone.
        if (random(3) === 0) answersOf(engine);
      }
      if (random(6) === 0) throw new DiskError("thrown by the step itself");
    });
  };

  for (let step = 1; step <= stepsPerRound; step += 1) {
    now += random(500);
    disk.failsIn = random(3) === 0 ? Number.POSITIVE_INFINITY : 1 + random(150);
    disk.failsAfterwards = random(2) === 0;
    attempt(() => transaction(0));
    disk.failsIn = Number.POSITIVE_INFINITY;
    expect(answersOf(engine), `seed ${seed}, step ${step}`).toEqual(answersOf(openEngine(sqlite.open())));
  }
  return { failures, kept: engine.tracks.storedChunks };
}

// One seed again: ROOMTONE_SEED=… npm test -- rollback-random
test.for([1, 2, 3, newSeed])("[K1] memory is what a fresh open reads, whatever was undone, seed %i", (seed) => {
  const { failures, kept } = play(seed);
  expect(failures).toBeGreaterThan(20);
  expect(kept).toBeGreaterThan(20);
});
