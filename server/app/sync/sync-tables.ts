/**
 * The rows of one user's documents. Each document has one row, under the revision at which it last changed: what a device lacks is
 * what stands behind its revision, and nothing else is read for it. A deleted one stays as a row without content, until it is
 * forgotten; `horizons` says how far the log can be trusted to tell of deletions.
 */
import type { Database } from "../../shared/lib/sql.ts";
import { stmt } from "../../shared/lib/stmt.ts";
import { takesWordsAway } from "./words-taken-away.ts";

const tables = `
  CREATE TABLE IF NOT EXISTS documents (
    collection TEXT NOT NULL, id TEXT NOT NULL, revision INTEGER NOT NULL, deleted INTEGER NOT NULL, content TEXT, sha256 TEXT,
    device_id TEXT NOT NULL, at INTEGER NOT NULL, PRIMARY KEY (collection, id)) WITHOUT ROWID;
  CREATE UNIQUE INDEX IF NOT EXISTS documents_in_order ON documents (collection, revision);
  CREATE INDEX IF NOT EXISTS documents_by_body ON documents (sha256) WHERE sha256 IS NOT NULL;
  CREATE INDEX IF NOT EXISTS documents_deleted ON documents (at) WHERE deleted = 1;
  CREATE TABLE IF NOT EXISTS conflicts (
    conflict_id TEXT PRIMARY KEY, collection TEXT NOT NULL, id TEXT NOT NULL, revision INTEGER NOT NULL, resolved INTEGER NOT NULL,
    base INTEGER NOT NULL, deleted INTEGER NOT NULL, content TEXT, sha256 TEXT, device_id TEXT NOT NULL, at INTEGER NOT NULL) WITHOUT ROWID;
  CREATE UNIQUE INDEX IF NOT EXISTS conflicts_in_order ON conflicts (collection, revision);
  CREATE INDEX IF NOT EXISTS conflicts_of_document ON conflicts (collection, id);
  CREATE INDEX IF NOT EXISTS conflicts_by_body ON conflicts (sha256) WHERE sha256 IS NOT NULL;
  CREATE TABLE IF NOT EXISTS horizons (collection TEXT PRIMARY KEY, revision INTEGER NOT NULL) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS counts (
    collection TEXT PRIMARY KEY, documents INTEGER NOT NULL, open_conflicts INTEGER NOT NULL, chars INTEGER NOT NULL) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS pushes (
    n INTEGER PRIMARY KEY, device_id TEXT NOT NULL, push_id TEXT NOT NULL, digest TEXT NOT NULL, outcomes TEXT NOT NULL,
    UNIQUE (device_id, push_id));
  CREATE TABLE IF NOT EXISTS devices (device_id TEXT PRIMARY KEY, last_at INTEGER NOT NULL, revision INTEGER NOT NULL, seen INTEGER NOT NULL) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS log (one INTEGER PRIMARY KEY CHECK (one = 1), revision INTEGER NOT NULL);
  INSERT OR IGNORE INTO log (one, revision) VALUES (1, 0);
  CREATE TABLE IF NOT EXISTS removals (one INTEGER PRIMARY KEY CHECK (one = 1), removed INTEGER NOT NULL, scrubbed INTEGER NOT NULL);
  INSERT OR IGNORE INTO removals (one, removed, scrubbed) VALUES (1, 0, 0);
  CREATE TABLE IF NOT EXISTS lock (one INTEGER PRIMARY KEY CHECK (one = 1), fence INTEGER NOT NULL, holder TEXT, expires_at INTEGER NOT NULL);
  INSERT OR IGNORE INTO lock (one, fence, expires_at) VALUES (1, 0, 0)`;

export function makeTables({ sql }: Pick<Database, "sql">): void {
  sql.exec(tables);
}

export interface DocumentRow {
  readonly collection: string;
  readonly id: string;
  readonly revision: number;
  readonly deleted: number;
  /** JSON of what the document holds; null of a deleted one. */
  readonly content: string | null;
  readonly sha256: string | null;
  readonly device_id: string;
  readonly at: number;
}

export interface ConflictRow extends DocumentRow {
  readonly conflict_id: string;
  readonly resolved: number;
  /** The revision that its device knew. */
  readonly base: number;
}

export interface Counts {
  readonly documents: number;
  readonly open_conflicts: number;
  readonly chars: number;
}

const none: Counts = { documents: 0, open_conflicts: 0, chars: 0 };
const document = stmt<[string, string], DocumentRow>("SELECT * FROM documents WHERE collection = ? AND id = ?");
const putDocument = stmt<[string, string, number, number, string | null, string | null, string, number]>(
  "INSERT OR REPLACE INTO documents (collection, id, revision, deleted, content, sha256, device_id, at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
);
// Deletions too, to a device that begins anew as well: what it pushed before may be among what was deleted.
const documentsAfter = stmt<[string, number, number], DocumentRow>(
  "SELECT * FROM documents WHERE collection = ? AND revision > ? ORDER BY revision LIMIT ?",
);
const conflictsAfter = stmt<[string, number, number], ConflictRow>(
  "SELECT * FROM conflicts WHERE collection = ? AND revision > ? ORDER BY revision LIMIT ?",
);
const conflict = stmt<[string], ConflictRow>("SELECT * FROM conflicts WHERE conflict_id = ?");
const sameConflict = stmt<[string, string, string, number, string | null], ConflictRow>(
  `SELECT * FROM conflicts WHERE collection = ? AND id = ? AND resolved = 0 AND device_id = ? AND base = ? AND content IS ?`,
);
const putConflict = stmt<
  [string, string, string, number, number, number, number, string | null, string | null, string, number]
>(
  `INSERT OR REPLACE INTO conflicts (conflict_id, collection, id, revision, resolved, base, deleted, content, sha256, device_id, at)
   VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
);
const next = stmt<[], { revision: number }>("UPDATE log SET revision = revision + 1 RETURNING revision");
const last = stmt<[], { revision: number }>("SELECT revision FROM log");
const horizon = stmt<[string], { revision: number }>("SELECT revision FROM horizons WHERE collection = ?");
const raiseHorizon = stmt<[string, number]>(
  "INSERT INTO horizons (collection, revision) VALUES (?, ?) ON CONFLICT (collection) DO UPDATE SET revision = max(revision, excluded.revision)",
);
const counts = stmt<[string], Counts>("SELECT documents, open_conflicts, chars FROM counts WHERE collection = ?");
const addCounts = stmt<[string, number, number, number]>(
  `INSERT INTO counts (collection, documents, open_conflicts, chars) VALUES (?, ?, ?, ?) ON CONFLICT (collection) DO UPDATE SET
   documents = documents + excluded.documents, open_conflicts = open_conflicts + excluded.open_conflicts, chars = chars + excluded.chars`,
);
const oldDeletions = stmt<[number, number], DocumentRow>(
  "SELECT * FROM documents WHERE deleted = 1 AND at < ? ORDER BY at LIMIT ?",
);
const oldSettled = stmt<[number, number], ConflictRow>(
  "SELECT * FROM conflicts WHERE resolved = 1 AND at < ? ORDER BY at LIMIT ?",
);
const dropDocument = stmt<[string, string]>("DELETE FROM documents WHERE collection = ? AND id = ?");
const dropConflict = stmt<[string]>("DELETE FROM conflicts WHERE conflict_id = ?");
const addRemoval = stmt<[]>("UPDATE removals SET removed = removed + 1");
const unscrubbed = stmt<[], { removed: number }>("SELECT removed FROM removals WHERE removed > scrubbed");
const setScrubbed = stmt<[number]>("UPDATE removals SET scrubbed = max(scrubbed, ?)");
const named = stmt<[string], { one: number }>(
  `SELECT 1 AS one WHERE EXISTS (SELECT 1 FROM documents WHERE sha256 = ?1) OR EXISTS (SELECT 1 FROM conflicts WHERE sha256 = ?1)`,
);

export class DocumentStore {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
    db.transaction(() => makeTables(db));
  }

  document(collection: string, id: string): DocumentRow | undefined {
    return document.first(this.#db, collection, id);
  }

  put({ collection, id, revision, deleted, content, sha256, device_id, at }: DocumentRow): void {
    const before = this.document(collection, id);
    putDocument.run(this.#db, collection, id, revision, deleted, content, sha256, device_id, at);
    const isThere = (row: DocumentRow | undefined): number => (row?.deleted === 0 ? 1 : 0);
    if (before && takesWordsAway(before.content, content)) addRemoval.run(this.#db);
    const chars = (content?.length ?? 0) - (before?.content?.length ?? 0);
    this.count(collection, { documents: (deleted === 0 ? 1 : 0) - isThere(before), chars });
  }

  documentsAfter(collection: string, revision: number, most: number): DocumentRow[] {
    return documentsAfter.all(this.#db, collection, revision, most);
  }

  conflictsAfter(collection: string, revision: number, most: number): ConflictRow[] {
    return conflictsAfter.all(this.#db, collection, revision, most);
  }

  conflict(conflictId: string): ConflictRow | undefined {
    return conflict.first(this.#db, conflictId);
  }

  /** What a device wanted once more, in the same words. */
  sameConflict(
    collection: string,
    id: string,
    device: string,
    base: number,
    content: string | null,
  ): ConflictRow | undefined {
    return sameConflict.first(this.#db, collection, id, device, base, content);
  }

  putConflict(row: ConflictRow): void {
    const { conflict_id, collection, id, revision, resolved, base, deleted, content, sha256, device_id, at } = row;
    const before = this.conflict(conflict_id);
    putConflict.run(
      this.#db,
      ...([conflict_id, collection, id, revision, resolved, base, deleted, content, sha256, device_id, at] as const),
    );
    const isOpen = (one: ConflictRow | undefined): number => (one?.resolved === 0 ? 1 : 0);
    if (content === null && before && before.content !== null) addRemoval.run(this.#db);
    const chars = (content?.length ?? 0) - (before?.content?.length ?? 0);
    this.count(collection, { open_conflicts: isOpen(row) - isOpen(before), chars });
  }

  get lastRevision(): number {
    return last.one(this.#db).revision;
  }

  nextRevision(): number {
    return next.one(this.#db).revision;
  }

  /** Deletions up to here may be forgotten. */
  horizon(collection: string): number {
    return horizon.first(this.#db, collection)?.revision ?? 0;
  }

  counts(collection: string): Counts {
    return counts.first(this.#db, collection) ?? none;
  }

  count(collection: string, { documents = 0, open_conflicts = 0, chars = 0 }: Partial<Counts>): void {
    addCounts.run(this.#db, collection, documents, open_conflicts, chars);
  }

  /** Forgets deletions and settled conflicts of before a time, and notes how far. @returns whether there may be more. */
  forget(before: number, most: number): boolean {
    const deletions = oldDeletions.all(this.#db, before, most);
    for (const { collection, id, revision } of deletions) {
      raiseHorizon.run(this.#db, collection, revision);
      dropDocument.run(this.#db, collection, id);
    }
    const settled = oldSettled.all(this.#db, before, most);
    for (const { collection, conflict_id, revision } of settled) {
      raiseHorizon.run(this.#db, collection, revision);
      dropConflict.run(this.#db, conflict_id);
    }
    return Math.max(deletions.length, settled.length) === most;
  }

  /** How many removals of words there were, where the file was not made anew since the last of them; undefined where it was. */
  get unscrubbed(): number | undefined {
    return unscrubbed.first(this.#db)?.removed;
  }

  /** The file was made anew when there had been so many. */
  scrubbed(removals: number): void {
    setScrubbed.run(this.#db, removals);
  }

  /** Whether a document, or what somebody wanted of one, names a body. */
  names(sha256: string): boolean {
    return named.first(this.#db, sha256) !== undefined;
  }
}
