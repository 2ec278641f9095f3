/**
 * The versions of a session's result. A version is begun in one commit, which fixes what it is made of; then it is written under
 * its own key and as `result.json`, the same bytes however often (F1); then it is stored. A version that is stored stays: where
 * R2 lost it, or has other bytes, it is made anew. Knows nothing of when a next one is due.
 */
import { createHash } from "node:crypto";
import { toHex } from "../../../../schemas/chain.ts";
import type { ResultState, ResultVersion } from "../../../../schemas/http/versions.ts";
import { withTimeout } from "../../../../schemas/lib/timeout.ts";
import type { ReadBucket, StoredObject, WriteBucket } from "../../archive/bucket.ts";
import { resultKey, versionKey } from "../../archive/keys.ts";
import type { Database } from "../../../shared/lib/sql.ts";
import type { SpeakerBook } from "../../speakers/speaker-book.ts";
import { ingestStatus } from "../../tracks/track-status.ts";
import { resultPieces, type ResultSources } from "./result-json.ts";
import { measure, type Measured, putResult, type PutTarget } from "./result-writer.ts";
import { causesOf } from "./version-cause.ts";
import { type Snapshot, type VersionRow, VersionStore } from "./version-store.ts";

const copyTimeoutMs = 60_000;

export interface VersionsDeps extends ResultSources, PutTarget {
  readonly db: Database;
  readonly bucket: ReadBucket & WriteBucket;
  readonly speakers: SpeakerBook;
  /** Resolves when all SQL so far is durable. */
  readonly synced: () => Promise<void>;
}

/** Where a version lies, and what its bytes must be. */
export interface LocatedResult {
  readonly key: string;
  readonly version: number;
  /** Null where nobody noted it. */
  readonly sha256: string | null;
  readonly is_pending: boolean;
}

export class Versions {
  readonly #deps: VersionsDeps;
  readonly #store: VersionStore;

  constructor(deps: VersionsDeps) {
    this.#deps = deps;
    this.#store = new VersionStore(deps.db);
  }

  /** The one that finalize makes. */
  get first(): VersionRow | undefined {
    return this.#store.find(1);
  }

  /** The version that is begun and not stored. */
  get unfinished(): VersionRow | undefined {
    const newest = this.#store.newest();
    return newest?.is_stored === false ? newest : undefined;
  }

  /** The first event that is in no version. */
  get firstChange(): number | undefined {
    return this.#store.firstChangeAfter(this.#store.newest()?.event_id ?? 0);
  }

  /** Whether anything changed that is in no stored version. */
  get isPending(): boolean {
    return this.unfinished !== undefined || this.firstChange !== undefined;
  }

  get newestStored(): VersionRow | undefined {
    return this.#store.newestStored();
  }

  /** Fixes what the next version is made of: all events so far. Call in a transaction. */
  begin(): VersionRow {
    const { events, sha256 } = this.#deps;
    const before = this.#store.newest();
    const event_id = events.count;
    const row: VersionRow = {
      version: (before?.version ?? 0) + 1,
      event_id,
      made_at: Date.parse(events.find(event_id)?.at ?? "") || 0,
      made_by: before ? causesOf(events.kindsBetween(before.event_id, event_id)) : ["finalize"],
      snapshot: this.#store.saveSnapshot(this.#snapshot(), (text) => toHex(sha256(new TextEncoder().encode(text)))),
      sha256: null,
      bytes: null,
      is_stored: false,
      has_own_key: true,
    };
    this.#store.save(row);
    return row;
  }

  /** The result that an earlier version of the gateway wrote is the first version. */
  adopt(): void {
    const { events } = this.#deps;
    if (this.#store.newest()) return;
    this.#store.save({
      version: 1,
      event_id: events.count,
      made_at: Date.parse(events.find(events.count)?.at ?? "") || 0,
      made_by: ["finalize"],
      snapshot: null,
      sha256: null,
      bytes: null,
      is_stored: true,
      has_own_key: false,
    });
  }

  /** Puts a version into R2 under both its keys. Rejects where R2 fails. @returns what it came to. */
  async write(row: VersionRow): Promise<Measured> {
    const { session, synced } = this.#deps;
    // R2 must not have a result whose beginning a crash can still undo.
    await synced();
    await this.#keepAdopted();
    const pieces = this.#pieces(row);
    const result = await measure(pieces);
    for (const key of [resultKey(session), versionKey(session, row.version)]) {
      await putResult(this.#deps, key, result, pieces);
    }
    return result;
  }

  /** Notes that a version can be fetched. Call in a transaction. */
  setStored({ version }: VersionRow, { bytes, sha256 }: Measured): void {
    const row = this.#store.find(version);
    if (row) this.#store.save({ ...row, bytes, sha256, is_stored: true });
  }

  /** @returns undefined where there is no such version. */
  locate(version: number | undefined): LocatedResult | undefined {
    const row = version === undefined ? this.#store.newestStored() : this.#store.find(version);
    if (!row?.is_stored) return undefined;
    return { key: this.#keyOf(row), version: row.version, sha256: row.sha256, is_pending: this.isPending };
  }

  /** Makes a stored version anew, since R2 has not what was put there. Rejects where R2 fails. */
  async restore(version: number): Promise<void> {
    const { db, session } = this.#deps;
    const row = this.#store.find(version);
    if (!row?.is_stored) return;
    const pieces = this.#pieces(row);
    const result = await measure(pieces);
    await putResult(this.#deps, versionKey(session, version), result, pieces);
    if (version === this.#store.newestStored()?.version) {
      await putResult(this.#deps, resultKey(session), result, pieces);
    }
    db.transaction(() => {
      const { bytes, sha256 } = result;
      this.#store.save({ ...row, bytes, sha256, has_own_key: true });
    });
  }

  /** Newest first. */
  list(): ResultVersion[] {
    return this.#store.stored().map((row) => ({
      version: row.version,
      made_by: [...row.made_by],
      made_at: new Date(row.made_at).toISOString(),
      supersedes: row.version === 1 ? null : row.version - 1,
      event_count: row.event_id,
      result_key: this.#keyOf(row),
      bytes: row.bytes,
      sha256: row.sha256,
    }));
  }

  /** What `state` says of it. */
  describe(): ResultState | undefined {
    const newest = this.#store.newestStored();
    return newest && { version: newest.version, event_count: newest.event_id, is_pending: this.isPending };
  }

  /** Before `result.json` is written over: the result of an earlier version of the gateway gets a key of its own. */
  async #keepAdopted(): Promise<void> {
    const { bucket, session, synced } = this.#deps;
    const first = this.#store.find(1);
    if (!first?.is_stored || first.has_own_key) return;
    const object = await withTimeout(bucket.get(resultKey(session)), copyTimeoutMs, "R2 get");
    const held = object && new Uint8Array(await withTimeout(object.arrayBuffer(), copyTimeoutMs, "R2 get"));
    // Nothing else says what its bytes must be, and from here on the copy's hash does.
    if (!held || !isAsPut(object, held)) return this.restore(1);
    const copy: Measured = { bytes: held.byteLength, sha256: toHex(this.#deps.sha256(held)), held };
    await putResult(this.#deps, versionKey(session, 1), copy, this.#pieces(first));
    this.#store.save({ ...first, bytes: copy.bytes, sha256: copy.sha256, has_own_key: true });
    await synced();
  }

  #keyOf({ version, has_own_key }: VersionRow): string {
    const { session } = this.#deps;
    return has_own_key ? versionKey(session, version) : resultKey(session);
  }

  #pieces(row: VersionRow): () => AsyncIterable<string> {
    const snapshot = row.snapshot === null ? this.#snapshot() : this.#store.snapshot(row.snapshot);
    return resultPieces(this.#deps, row, snapshot);
  }

  #snapshot(): Snapshot {
    const { speakers, session, tracks } = this.#deps;
    const { clusters, config, roster } = speakers.stored();
    const ingest = ingestStatus(session.sessionId, tracks);
    return { clusters: [...clusters], config, ...(roster ? { roster } : {}), ...ingest };
  }
}

function isAsPut({ checksums }: StoredObject, bytes: Uint8Array): boolean {
  const md5 = checksums?.md5;
  return md5 !== undefined && toHex(createHash("md5").update(bytes).digest()) === toHex(new Uint8Array(md5));
}
