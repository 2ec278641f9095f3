/**
 * What every part of a room has in common: whose room it is, its storage, its bucket, its clock, its jobs, its log, its events
 * and the signals. Knows no part. Rebuilt from storage at every wake; making one does no work.
 */
import type { Sha256 } from "../../../schemas/chain.ts";
import type { ResolveSettings } from "../../../schemas/http/sessions.ts";
import { EventLog } from "../events/event-log.ts";
import type { LogLimits } from "../events/log-shares.ts";
import type { Database } from "../../shared/lib/sql.ts";
import { type Log, logFor } from "../../shared/telemetry/log.ts";
import { BucketGate } from "./bucket-gate.ts";
import { Jobs } from "./jobs.ts";
import { migrate } from "./migrations.ts";
import type { SessionName } from "./session-name.ts";
import { SessionStore } from "./session-store.ts";
import { Signals } from "./signals.ts";

/** What a room needs of the object that it lives in. */
export interface Platform {
  readonly session: SessionName;
  readonly db: Database;
  /** The bucket itself; parts get it through the gate. */
  readonly bucket: R2Bucket;
  readonly sha256: Sha256;
  /** Resolves when all SQL so far is durable. */
  readonly synced: () => Promise<void>;
  /** Sets the room's one alarm; part of the same commit as the SQL around it. */
  readonly setAlarm: (at: number) => void;
  /** What background work did not expect: memory may differ from storage, and the room must start anew from it. */
  readonly fail: (cause: unknown) => void;
}

/** The session's status as most parts need it. */
export type SessionGate = Pick<SessionStore, "isOpen" | "isSealed" | "isGone" | "touch">;

export interface Core {
  readonly session: SessionName;
  readonly db: Database;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** From 0 to below 1. */
  readonly random: () => number;
  /** Nothing can be written through it once the session is being deleted. */
  readonly bucket: R2Bucket;
  /** Resolves when no write through `bucket` is under way, or after `ms`. */
  readonly bucketIdle: (ms: number) => Promise<void>;
  readonly sha256: Sha256;
  readonly synced: () => Promise<void>;
  /** Each line bears tenant and session. Where the request is known too: `log.with({ trace_id })`. */
  readonly log: Log;
  readonly status: SessionGate;
  /** The session's own record, for the parts that move it. */
  readonly store: SessionStore;
  readonly jobs: Jobs;
  readonly events: EventLog;
  readonly signals: Signals;
  readonly fail: (cause: unknown) => void;
}

export function openCore(platform: Platform, resolveDefaults: ResolveSettings, bounds?: LogLimits): Core {
  const { session, db, sha256, synced, fail } = platform;
  migrate(db);
  const log = logFor({ tenant: session.tenant, session_id: session.sessionId });
  const store = new SessionStore(db, resolveDefaults);
  const gate = new BucketGate(platform.bucket, () => store.isGone);
  const signals = new Signals(log);
  return {
    session,
    db,
    now: db.now,
    random: Math.random,
    bucket: gate.bucket,
    bucketIdle: (ms) => gate.idle(ms),
    sha256,
    synced,
    log,
    status: store,
    store,
    jobs: new Jobs({ db, setAlarm: platform.setAlarm, log, random: Math.random }),
    events: new EventLog(db, (event) => signals.eventAppended(event), bounds),
    signals,
    fail,
  };
}
