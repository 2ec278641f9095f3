/**
 * Mutated frames: whatever comes, the room answers it as documented, and what it refused changed nothing. `npm run fuzz` does
 * the same with many more, over real sockets.
 */
import { createHash } from "node:crypto";
import * as fc from "fast-check";
import { expect, inject, test } from "vitest";
import { checkTables } from "../fuzz/check-tables.ts";
import { playSession } from "../fuzz/frame-session.ts";
import { FrameWire, fuzzedSocket } from "../fuzz/frame-wire.ts";
import { FramePlayer } from "../fuzz/frame-player.ts";
import { type ConnectionPlan, connectionPlans, type FramePlan, framePlans } from "../fuzz/frame-plan.ts";
import { hold, same } from "../fuzz/finding.ts";
import { defaultLimits } from "../../server/shared/config/limits.ts";
import { EventLog } from "../../server/gateway/events/event-log.ts";
import { Tracks } from "../../server/gateway/tracks/tracks.ts";
import { migrate } from "../../server/gateway/core/migrations.ts";
import { databaseOf } from "../../server/shared/lib/sql.ts";
import type { IngestDeps } from "../../server/gateway/room/frame-outcome.ts";
import { handleFrame } from "../../server/gateway/room/ingest.ts";
import { newCapture, type Peer } from "../../server/gateway/room/connections/peer.ts";
import { overWorkerd } from "./support/client.ts";
import { bearer, guarded, tokenWith } from "./support/doors.ts";
import { dumpTables, newSession, RoomUnderTest } from "./support/room.ts";

// Run one seed again: ROOMTONE_SEED=… npm test -- fuzz-frames
const seeds = [inject("seed")];

/** The counts of a track, and the note that a second was refused. What they hold is compared with the model. */
const ofRefused = /^\s*INSERT OR (REPLACE INTO track_rows|IGNORE INTO gap_notes) /;

/** A room without its Durable Object: frames in, replies out, tables to look at. */
class BareRoom {
  readonly player = new FramePlayer("fuzzed", false);
  readonly #storage: DurableObjectStorage;
  readonly #deps: IngestDeps;
  readonly #connection: ConnectionPlan;
  /** Statements that the last frame had. */
  readonly #written: string[] = [];
  #connections = 0;
  #peer: Peer | undefined;

  constructor(storage: DurableObjectStorage, connection: ConnectionPlan) {
    const db = databaseOf({
      sql: this.#listening(storage.sql),
      transaction: (step) => storage.transactionSync(step),
      now: () => Date.now(),
    });
    migrate(db);
    for (const table of ["track_rows", "ledger", "gaps", "gap_notes", "events", "track_openers", "track_origins"])
      db.sql.exec(`DELETE FROM ${table}`);
    db.sql.exec("UPDATE log_shares SET events = 0, bytes = 0");
    const tracks = new Tracks(db, (bytes) => createHash("sha256").update(bytes).digest());
    this.#storage = storage;
    this.#connection = connection;
    this.#deps = {
      session: { tenant: "default", sessionId: "fuzzed" },
      tracks,
      events: new EventLog(db),
      isHeard: () => false,
      isOpen: () => true,
      limits: defaultLimits,
      now: db.now,
    };
  }

  take(plan: FramePlan): void {
    const peer = (this.#peer ??= this.#connect());
    const turn = this.player.plan(plan);
    this.#written.length = 0;
    const { peer: next, replies, close } = handleFrame(this.#deps, peer, turn.frame);
    const hasEnded = this.player.heard(turn, { messages: replies, close: close?.code });
    this.#peer = hasEnded ? undefined : next;
    const stray = this.#written.filter((statement) => !ofRefused.test(statement));
    if (turn.expected.kind === "refused") same("what a refused frame wrote", stray, []);
  }

  check(): void {
    checkTables(this.player.model, dumpTables(this.#storage));
  }

  #connect(): Peer {
    const { encoding, track } = this.#connection;
    this.#connections += 1;
    const peer = newCapture(
      { role: "capture", subject: "anyone", encoding, ...(track === undefined ? {} : { track }) },
      this.#connections,
      0,
    );
    this.player.model.connect({ track });
    return peer;
  }

  /** The storage, with an ear for what is written: to read all tables after each frame would take minutes. */
  #listening(sql: SqlStorage): SqlStorage {
    return new Proxy(sql, {
      get: (target, name) => {
        if (name !== "exec") return Reflect.get(target, name, target) as unknown;
        return (query: string, ...values: unknown[]) => {
          if (!query.trimStart().startsWith("SELECT")) this.#written.push(query);
          return target.exec(query, ...values);
        };
      },
    });
  }
}

test.for(seeds)("[K5][K2] the room's own step answers any frame, and keeps what it acks; seed %i", async (seed) => {
  const room = new RoomUnderTest(newSession());
  const frames = fc.array(framePlans, { minLength: 1, maxLength: 60, size: "max" });
  let taken = 0;
  await room.inside((storage) => {
    const property = fc.property(connectionPlans, frames, (connection, plans) => {
      const bare = new BareRoom(storage, connection);
      for (const plan of plans) bare.take(plan);
      bare.check();
      taken += plans.length;
    });
    fc.assert(property, { seed, numRuns: 80, endOnFailure: false });
  });
  expect(taken).toBeGreaterThan(500);
});

async function dial(sessionId: string, { encoding, track }: ConnectionPlan, sub: string): Promise<FrameWire> {
  const token = await tokenWith({ sub, session_id: sessionId, role: "capture" });
  const path = track === undefined ? sessionId : `${sessionId}/${track}`;
  const headers = { ...bearer(token), upgrade: "websocket", "sec-websocket-protocol": `roomtone.v1.${encoding}` };
  const { webSocket: socket } = await guarded(`/v1/audio/ws/${path}`, { headers });
  if (!socket) throw new Error("no WebSocket");
  return new FrameWire(overWorkerd(socket, { sessionId, encoding, ...fuzzedSocket }));
}

const sessionsOfSeed = 2;
const framesOfSession = 250;

test.for(seeds)("[K5][K2][W9] a room answers any frame, and its tables are the model's; seed %i", async (seed) => {
  let kept = 0;
  for (let nth = 0; nth < sessionsOfSeed; nth += 1) {
    const room = new RoomUnderTest(newSession());
    const { sessionId } = room;
    const session = { sessionId, seed: seed + nth, frames: framesOfSession };
    const model = await playSession(session, (connection, sub) => dial(sessionId, connection, sub));
    checkTables(model, await room.dump());
    await room.wakeUntil("archived", async () => (await room.pending()) === 0);
    for (const [track, { seconds }] of model.tracks) {
      for (const [seq, { content }] of seconds) {
        kept += 1;
        const stored = await room.stored(seq, track);
        // `toEqual` takes milliseconds for 32,000 bytes.
        const isSame = stored?.length === content.length && stored.every((byte, at) => byte === content[at]);
        hold(isSame, `R2 has other bytes of ${track}/${seq} than were acked`);
      }
    }
  }
  expect(kept).toBeGreaterThan(0);
});
