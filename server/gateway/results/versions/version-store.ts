/**
 * The versions of a session's result, in the room's SQLite: for each, which events it is made of, and what besides the event log
 * it takes to build it again, so that it comes out the same to the byte however often it is built (F1).
 */
import * as z from "zod";
import { versionCauseSchema, type VersionCause } from "../../../../schemas/http/versions.ts";
import { clusterSchema, rosterSchema, speakerStateSchema } from "../../../../schemas/speech/speakers.ts";
import { trackNameSchema } from "../../../../schemas/names.ts";
import { trackStatusSchema } from "../../../../schemas/wire/messages.ts";
import type { Database } from "../../../shared/lib/sql.ts";
import { stmt } from "../../../shared/lib/stmt.ts";

/** What may still change after a version, and no event tells. */
const snapshotSchema = z.object({
  clusters: z.array(clusterSchema),
  config: speakerStateSchema.shape.config,
  roster: rosterSchema.optional(),
  ingest: trackStatusSchema,
  ingest_by_track: z.record(trackNameSchema, trackStatusSchema),
});
export type Snapshot = z.infer<typeof snapshotSchema>;

export interface VersionRow {
  /** From 1, without a hole. */
  readonly version: number;
  /** The last event that is in it. */
  readonly event_id: number;
  /** When that happened, ms since 1970. */
  readonly made_at: number;
  readonly made_by: readonly VersionCause[];
  /** Names its snapshot; null for a result that a version of the gateway wrote which kept none. */
  readonly snapshot: string | null;
  /** Of the JSON as it was written, lower-case hex; null until it is, and where nobody noted it. */
  readonly sha256: string | null;
  readonly bytes: number | null;
  /** Whether it can be fetched. */
  readonly is_stored: boolean;
  /** Whether it lies under its own key; one that an earlier version of the gateway wrote is `result.json` alone at first. */
  readonly has_own_key: boolean;
}

interface StoredRow {
  readonly version: number;
  readonly event_id: number;
  readonly made_at: number;
  readonly made_by: string;
  readonly snapshot: string | null;
  readonly sha256: string | null;
  readonly bytes: number | null;
  readonly is_stored: number;
  readonly has_own_key: number;
}

/** A row of SQLite holds 2 MB. */
const pieceChars = 500_000;
const columns = "version, event_id, made_at, made_by, snapshot, sha256, bytes, is_stored, has_own_key";
/** A later version of the gateway, which was rolled back, may have known more of them. */
const causesSchema = z.array(versionCauseSchema.catch("other"));

const newest = stmt<[], StoredRow>(`SELECT ${columns} FROM result_versions ORDER BY version DESC LIMIT 1`);
const newestStored = stmt<[], StoredRow>(
  `SELECT ${columns} FROM result_versions WHERE is_stored = 1 ORDER BY version DESC LIMIT 1`,
);
const byVersion = stmt<[version: number], StoredRow>(`SELECT ${columns} FROM result_versions WHERE version = ?`);
const storedOnes = stmt<[], StoredRow>(
  `SELECT ${columns} FROM result_versions WHERE is_stored = 1 ORDER BY version DESC`,
);
const save = stmt<
  [
    ...[version: number, eventId: number, madeAt: number, madeBy: string, snapshot: string | null],
    ...[sha256: string | null, bytes: number | null, isStored: number, hasOwnKey: number],
  ]
>(`INSERT OR REPLACE INTO result_versions (${columns}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`);
const addPiece = stmt<[snapshot: string, n: number, body: string]>(
  "INSERT OR IGNORE INTO result_snapshots (snapshot, n, body) VALUES (?, ?, ?)",
);
const pieces = stmt<[snapshot: string], { body: string }>(
  "SELECT body FROM result_snapshots WHERE snapshot = ? ORDER BY n",
);
const eventAfter = stmt<[eventId: number], { event_id: number }>(
  "SELECT event_id FROM events WHERE event_id > ? AND type <> 'result.revised' ORDER BY event_id LIMIT 1",
);

export class VersionStore {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  /** The last version that was begun. */
  newest(): VersionRow | undefined {
    return rowOf(newest.first(this.#db));
  }

  newestStored(): VersionRow | undefined {
    return rowOf(newestStored.first(this.#db));
  }

  find(version: number): VersionRow | undefined {
    return rowOf(byVersion.first(this.#db, version));
  }

  /** Those that can be fetched, newest first. */
  stored(): VersionRow[] {
    return storedOnes.all(this.#db).flatMap((row) => rowOf(row) ?? []);
  }

  save(row: VersionRow): void {
    const { version, event_id, made_at, made_by, snapshot, sha256, bytes, is_stored, has_own_key } = row;
    const [isStored, hasOwnKey] = [Number(is_stored), Number(has_own_key)];
    const causes = JSON.stringify(made_by);
    save.run(this.#db, version, event_id, made_at, causes, snapshot, sha256, bytes, isStored, hasOwnKey);
  }

  /** @param hash of the snapshot's JSON: versions between which nothing but names changed share one. */
  saveSnapshot(snapshot: Snapshot, hash: (text: string) => string): string {
    const text = JSON.stringify(snapshot);
    const name = hash(text);
    for (let at = 0; at < text.length; at += pieceChars) {
      addPiece.run(this.#db, name, at / pieceChars, text.slice(at, at + pieceChars));
    }
    return name;
  }

  snapshot(name: string): Snapshot {
    const text = pieces.all(this.#db, name).map(({ body }) => body);
    return snapshotSchema.parse(JSON.parse(text.join("")));
  }

  /** The first event after one that changes a result. */
  firstChangeAfter(eventId: number): number | undefined {
    return eventAfter.first(this.#db, eventId)?.event_id;
  }
}

function rowOf(row: StoredRow | undefined): VersionRow | undefined {
  if (!row) return undefined;
  const { made_by, is_stored, has_own_key, ...same } = row;
  return {
    ...same,
    made_by: causesSchema.parse(JSON.parse(made_by)),
    is_stored: is_stored === 1,
    has_own_key: has_own_key === 1,
  };
}
