/** How far each track's WAV is, in the room's SQLite: rows of `wavs`, and of `wav_parts` while its upload is under way. */
import type { Database } from "../../../shared/lib/sql.ts";
import { stmt } from "../../../shared/lib/stmt.ts";

/** `left_out`: there will be none. */
export type WavProgress =
  | { readonly status: "none" }
  | { readonly status: "left_out" }
  | {
      readonly status: "uploading";
      readonly uploadId: string;
      /** ETags of the parts that R2 has, from the first. */
      readonly etags: readonly string[];
      /** Since when a chunk is known to be lost, ms since 1970. */
      readonly lostSince: number | null;
      /** SHA-256 of the whole file, hex; known once every part is there. */
      readonly sha256: string | null;
    }
  | { readonly status: "stored"; readonly bytes: number; readonly sha256: string };

interface WavRow {
  readonly status: "uploading" | "stored" | "left_out";
  readonly upload_id: string | null;
  readonly lost_since: number | null;
  readonly bytes: number | null;
  readonly sha256: string | null;
}

const rowOf = stmt<[track: string], WavRow>(
  "SELECT status, upload_id, lost_since, bytes, sha256 FROM wavs WHERE track = ?",
);
const uploads = stmt<[], { track: string; uploadId: string }>(
  "SELECT track, upload_id AS uploadId FROM wavs WHERE status = 'uploading' ORDER BY track",
);
const save = stmt<
  [
    ...[track: string, status: WavRow["status"], uploadId: string | null],
    ...[bytes: number | null, sha256: string | null],
  ]
>("INSERT OR REPLACE INTO wavs (track, status, upload_id, lost_since, bytes, sha256) VALUES (?, ?, ?, NULL, ?, ?)");
const setHash = stmt<[sha256: string | null, track: string]>(
  "UPDATE wavs SET sha256 = ?, lost_since = NULL WHERE track = ?",
);
const noteLost = stmt<[now: number, track: string], { since: number }>(
  "UPDATE wavs SET lost_since = coalesce(lost_since, ?) WHERE track = ? RETURNING lost_since AS since",
);
const remove = stmt<[track: string]>("DELETE FROM wavs WHERE track = ?");
const etagsOf = stmt<[track: string], { etag: string }>(
  "SELECT etag FROM wav_parts WHERE track = ? ORDER BY part_number",
);
const addPart = stmt<[track: string, number: number, etag: string]>(
  "INSERT INTO wav_parts (track, part_number, etag) VALUES (?, ?, ?)",
);
const removeParts = stmt<[track: string]>("DELETE FROM wav_parts WHERE track = ?");

export class WavStore {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  progress(track: string): WavProgress {
    const row = rowOf.first(this.#db, track);
    if (!row) return { status: "none" };
    const { status, upload_id: uploadId, lost_since: lostSince, bytes, sha256 } = row;
    if (status === "left_out") return { status };
    if (status === "uploading" && uploadId !== null) {
      return { status, uploadId, etags: this.#etags(track), lostSince, sha256 };
    }
    if (status === "stored" && bytes !== null && sha256 !== null) return { status, bytes, sha256 };
    throw new Error("wavs: a row of no known state");
  }

  /** Every upload that R2 may still hold parts of. */
  uploads(): { track: string; uploadId: string }[] {
    return uploads.all(this.#db);
  }

  begin(track: string, uploadId: string): void {
    this.#save(track, "uploading", { uploadId });
  }

  /** Notes the next part. @param part with the last one, the SHA-256 of the whole file. */
  addPart(
    track: string,
    part: { readonly number: number; readonly etag: string; readonly sha256: string | null },
  ): void {
    this.#db.transaction(() => {
      const { number, etag, sha256 } = part;
      addPart.run(this.#db, track, number, etag);
      setHash.run(this.#db, sha256, track);
    });
  }

  /** Notes that a chunk is lost. @returns since when. */
  noteLost(track: string): number {
    return noteLost.one(this.#db, this.#db.now(), track).since;
  }

  setStored(track: string, bytes: number, sha256: string): void {
    this.#save(track, "stored", { bytes, sha256 });
  }

  leaveOut(track: string): void {
    this.#save(track, "left_out", {});
  }

  /** Forgets an upload that is no more. */
  forget(track: string): void {
    this.#db.transaction(() => {
      removeParts.run(this.#db, track);
      remove.run(this.#db, track);
    });
  }

  #save(
    track: string,
    status: WavRow["status"],
    { uploadId, bytes, sha256 }: { uploadId?: string; bytes?: number; sha256?: string },
  ): void {
    this.#db.transaction(() => {
      removeParts.run(this.#db, track);
      save.run(this.#db, track, status, uploadId ?? null, bytes ?? null, sha256 ?? null);
    });
  }

  #etags(track: string): string[] {
    return etagsOf.all(this.#db, track).map(({ etag }) => etag);
  }
}
