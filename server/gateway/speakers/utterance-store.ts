/** Utterances as they stand, by track and id; every version of each is in the event log. */
import { beginningOf } from "../../../schemas/cut-text.ts";
import { limits } from "../../../schemas/limits.ts";
import { type PostedUtterance, type Utterance, utteranceSchema } from "../../../schemas/speech/utterances.ts";
import type { Database } from "../../shared/lib/sql.ts";
import { stmt } from "../../shared/lib/stmt.ts";
import { isSame, judgeVersion } from "./utterance-order.ts";

const save = stmt<[utteranceId: string, track: string, startMs: number, endMs: number, body: string]>(
  "INSERT OR REPLACE INTO utterances (utterance_id, track, start_ms, end_ms, body) VALUES (?, ?, ?, ?, ?)",
);
const bodyOf = stmt<[track: string, utteranceId: string], { body: string }>(
  "SELECT body FROM utterances WHERE track = ? AND utterance_id = ?",
);
const ofTrack = stmt<[track: string], { one: number }>("SELECT 1 AS one FROM utterances WHERE track = ? LIMIT 1");
const textsBetween = stmt<[track: string, fromMs: number, toMs: number, maxUtteranceMs: number], { text: string }>(
  `SELECT json_extract(body, '$.text') AS text FROM utterances
   WHERE track = ?1 AND text <> '' AND start_ms BETWEEN ?2 - ?4 AND ?3 AND (start_ms + end_ms) / 2 >= ?2 AND (start_ms + end_ms) / 2 < ?3
     AND coalesce(json_extract(body, '$.final'), 1) <> 0
     AND NOT (utterance_id GLOB 'heard-*' AND json_extract(body, '$.model') IS NOT NULL)
   ORDER BY start_ms`,
);

const overlapping = stmt<[track: string, fromMs: number, toMs: number, maxUtteranceMs: number], { body: string }>(
  `SELECT body FROM utterances
   WHERE track = ?1 AND start_ms >= ?2 - ?4 AND start_ms < ?3 AND (end_ms > ?2 OR start_ms >= ?2) ORDER BY start_ms`,
);

export type Kept = {
  /** `conflict`: other words are kept under the revision that was posted. */
  readonly status: "added" | "revised" | "unchanged" | "conflict";
  /** What is kept now. */
  readonly utterance: Utterance;
};

/** Nothing was kept, since the log has no room for the version that was posted. */
export interface Unlogged {
  readonly status: "full";
}

export class UtteranceStore {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  /**
   * Keeps an utterance, or a newer version of one. The caller logs what was added or revised, in the same step.
   * @param isFull whether there is no room in the log for it.
   */
  put(posted: PostedUtterance, isFull: () => boolean): Kept | Unlogged {
    const utterance_id = posted.utterance_id ?? crypto.randomUUID();
    const before = this.#find(posted.track, utterance_id);
    if (!before) {
      if (isFull()) return { status: "full" };
      return { status: "added", utterance: this.#save({ ...posted, utterance_id, revision: posted.revision ?? 1 }) };
    }
    switch (judgeVersion(before, posted)) {
      case "conflict":
        return { status: "conflict", utterance: before };
      case "same":
      case "older":
        return { status: "unchanged", utterance: before };
      case "newer": {
        if (!isSame(before, posted) && isFull()) return { status: "full" };
        const revision = posted.revision ?? before.revision + 1;
        const utterance = this.#save({ ...posted, utterance_id, revision });
        return { status: isSame(before, posted) ? "unchanged" : "revised", utterance };
      }
    }
  }

  /** Whether anything was ever said on a track. */
  has(track: string): boolean {
    return ofTrack.first(this.#db, track) !== undefined;
  }

  /**
   * What was said in a stretch of a track: the text of the utterances whose middle lies in it. Without what is not final, and without
   * what the app heard, which waits for who speaks and not the other way round.
   */
  textBetween(track: string, fromMs: number, toMs: number): string | undefined {
    const texts = textsBetween.all(this.#db, track, fromMs, toMs, limits.maxUtteranceMs).map(({ text }) => text);
    return texts.length === 0 ? undefined : beginningOf(texts.join("\n"), limits.maxAsrTextChars);
  }

  /** What is in a stretch of a track or reaches into it, by time; nothing that was withdrawn. */
  within(track: string, fromMs: number, toMs: number): Utterance[] {
    return overlapping
      .all(this.#db, track, fromMs, toMs, limits.maxUtteranceMs)
      .map(({ body }) => utteranceSchema.parse(JSON.parse(body)))
      .filter(({ withdrawn }) => withdrawn === undefined);
  }

  /** Takes an utterance out of the transcript. The caller logs what is kept then, in the same step. */
  withdraw({ revision, ...utterance }: Utterance): Utterance {
    return this.#save({ ...utterance, text: "", withdrawn: true, revision: revision + 1 });
  }

  #save(utterance: Utterance): Utterance {
    const { utterance_id, track, start_ms, end_ms } = utterance;
    save.run(this.#db, utterance_id, track, start_ms, end_ms, JSON.stringify(utterance));
    return utterance;
  }

  #find(track: string, id: string): Utterance | undefined {
    const row = bodyOf.first(this.#db, track, id);
    return row && utteranceSchema.parse(JSON.parse(row.body));
  }
}
