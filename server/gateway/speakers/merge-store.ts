/**
 * What two clusters were at the moment at which they became one, so that an undo gives the resolver both back as they were (S7).
 * A row a merge, the newest ones. Knows no event but by its number.
 */
import { type Cluster, clusterSchema } from "../../../schemas/speech/speakers.ts";
import type { Database } from "../../shared/lib/sql.ts";
import { stmt } from "../../shared/lib/stmt.ts";

/** A merge and what its clusters were before it; undefined for one that nothing was known of. */
export interface KeptMerge {
  /** The merge's own event. */
  readonly event_id: number;
  /** The event that joined the clusters: the merge itself, or what made it hold again. */
  readonly joined_by: number;
  readonly from_id: string;
  readonly into_id: string;
  readonly from: Cluster | undefined;
  readonly into: Cluster | undefined;
  /** The event that took it back; null while it holds. */
  readonly undone_by: number | null;
}

interface MergeRow extends Omit<KeptMerge, "from" | "into"> {
  readonly from_body: string | null;
  readonly into_body: string | null;
}

/** An undo of an older merge gives the names and turns back, and no centroids. */
const maxKept = 100;

const columns = "event_id, joined_by, from_id, into_id, from_body, into_body, undone_by";
const save = stmt<
  [
    ...[eventId: number, joinedBy: number, fromId: string, intoId: string],
    ...[fromBody: string | null, intoBody: string | null, undoneBy: number | null],
  ]
>(`INSERT OR REPLACE INTO merges (${columns}) VALUES (?, ?, ?, ?, ?, ?, ?)`);
const removeOldest = stmt<[kept: number]>(
  "DELETE FROM merges WHERE event_id NOT IN (SELECT event_id FROM merges ORDER BY joined_by DESC LIMIT ?)",
);
const setUndone = stmt<[undoneBy: number, eventId: number]>("UPDATE merges SET undone_by = ? WHERE event_id = ?");
/** Those that were joined or stood when the first was joined, or later. */
const around = stmt<[eventId: number, sameEventId: number], MergeRow>(
  `SELECT ${columns} FROM merges WHERE joined_by >= (SELECT joined_by FROM merges WHERE event_id = ?)
   OR undone_by > (SELECT joined_by FROM merges WHERE event_id = ?) ORDER BY joined_by`,
);

export class MergeStore {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  /** Call in the transaction that merges. */
  save({ event_id, joined_by, from_id, into_id, from, into, undone_by }: KeptMerge): void {
    const [fromBody, intoBody] = [from, into].map((cluster) => (cluster ? JSON.stringify(cluster) : null));
    save.run(this.#db, event_id, joined_by, from_id, into_id, fromBody ?? null, intoBody ?? null, undone_by);
    removeOldest.run(this.#db, maxKept);
  }

  /**
   * Notes that a merge does not hold any more. Call in the transaction that takes it back.
   * @returns what is kept that bears on it, in the order of the joins; nothing where nothing is kept of it.
   */
  takeBack(eventId: number, undoneBy: number): KeptMerge[] {
    setUndone.run(this.#db, undoneBy, eventId);
    return around.all(this.#db, eventId, eventId).map(({ from_body, into_body, ...rest }) => ({
      ...rest,
      from: clusterOf(from_body),
      into: clusterOf(into_body),
    }));
  }
}

function clusterOf(body: string | null): Cluster | undefined {
  return body === null ? undefined : clusterSchema.parse(JSON.parse(body));
}
