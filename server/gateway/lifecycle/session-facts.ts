/**
 * How much there is of a session, as the list and `GET /v1/sessions/:session_id` tell it. Reads only; times are ms since 1970.
 */
import type { Session } from "../../../schemas/http/sessions.ts";
import { chunkMs } from "../../../schemas/wire/audio.ts";
import { limits } from "../../../schemas/limits.ts";
import type { Core } from "../core/core.ts";
import { coverage } from "../tracks/coverage.ts";
import { durationMs, missingChunks, type TrackRow } from "../tracks/track-plan.ts";
import type { Unarchived } from "../tracks/unarchived.ts";
import { lastActivityAt } from "./retention.ts";
import type { ListedSession } from "./session-list.ts";

/** R2 is behind where it lacks what is older than this. */
const overdueAfterMs = 60_000;

export interface FactsSources {
  readonly core: Pick<Core, "now" | "session" | "store">;
  readonly trackRows: readonly TrackRow[];
  readonly unarchived: Pick<Unarchived, "chunksOf" | "keptBefore">;
  /** Names of people, the best known first. */
  readonly people: readonly string[];
}

/** Undefined unless it is finalized. */
export function finalizedAt({ store }: Pick<Core, "store">): number | undefined {
  return store.status === "finalized" ? (store.finalizing?.sealed_at ?? undefined) : undefined;
}

/** The session as the list holds it; of one that is deleted there is none. */
export function listedSession({ core, trackRows, unarchived, people }: FactsSources): ListedSession | undefined {
  const { now, session, store } = core;
  const { status } = store;
  if (status === "deleted") return undefined;
  return {
    session_id: session.sessionId,
    status,
    title: store.config.title ?? null,
    people: people.slice(0, limits.maxListedPeople),
    created_at: store.createdAt,
    updated_at: lastActivityAt(trackRows, store.updatedAt),
    finalized_at: finalizedAt(core) ?? null,
    tracks: trackRows.length,
    kept_seconds: sum(trackRows.map(({ received_chunks }) => received_chunks)),
    missing_seconds: sum(trackRows.map(missingChunks)),
    overdue_seconds: unarchived.keptBefore(now() - overdueAfterMs),
    duration_ms: Math.max(0, ...trackRows.map(durationMs)),
    coverage: coverage(trackRows),
  };
}

/** What `GET` tells beside the settings. */
export function describedSession(
  { core, trackRows, unarchived, people }: FactsSources,
  deletesAt: number | undefined,
): Pick<Session, "created_at" | "updated_at" | "finalized_at" | "deletes_at" | "people"> &
  Pick<Session, "duration_ms" | "coverage" | "tracks"> {
  const { store } = core;
  return {
    created_at: new Date(store.createdAt).toISOString(),
    updated_at: new Date(lastActivityAt(trackRows, store.updatedAt)).toISOString(),
    finalized_at: isoTime(finalizedAt(core)),
    deletes_at: isoTime(deletesAt),
    people: people.slice(0, limits.maxListedPeople),
    duration_ms: Math.max(0, ...trackRows.map(durationMs)),
    coverage: coverage(trackRows),
    tracks: trackRows.map((row) => ({
      track: row.track,
      kept_seconds: row.received_chunks,
      missing_seconds: missingChunks(row),
      unarchived_seconds: unarchived.chunksOf(row.track),
      duration_ms: durationMs(row),
      is_ended: row.end_seq !== null && row.end_seq * chunkMs === durationMs(row),
    })),
  };
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

function isoTime(ms: number | undefined): string | null {
  return ms === undefined ? null : new Date(ms).toISOString();
}
