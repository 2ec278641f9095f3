/** Utterances as they stand, by id; every version of each is in the event log. */
import { limits } from "../../../schemas/limits.ts";
import { type PostedUtterance, type Utterance, utteranceSchema } from "../../../schemas/speech/utterances.ts";
import type { Database } from "../../shared/lib/sql.ts";
import { stmt } from "../../shared/lib/stmt.ts";

const save = stmt<[utteranceId: string, track: string, startMs: number, endMs: number, body: string]>(
  "INSERT OR REPLACE INTO utterances (utterance_id, track, start_ms, end_ms, body) VALUES (?, ?, ?, ?, ?)",
);
const bodyOf = stmt<[utteranceId: string], { body: string }>("SELECT body FROM utterances WHERE utterance_id = ?");
const textsBetween = stmt<[track: string, fromMs: number, toMs: number, maxUtteranceMs: number], { text: string }>(
  `SELECT json_extract(body, '$.text') AS text FROM utterances
   WHERE track = ?1 AND start_ms BETWEEN ?2 - ?4 AND ?3 AND (start_ms + end_ms) / 2 >= ?2 AND (start_ms + end_ms) / 2 < ?3
   ORDER BY start_ms`,
);

export type Kept = { readonly status: "added" | "revised" | "unchanged"; readonly utterance: Utterance };

export class UtteranceStore {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  /** Keeps an utterance, or a new version of one. The caller logs it, in the same step. */
  put(posted: PostedUtterance): Kept {
    const utterance_id = posted.utterance_id ?? crypto.randomUUID();
    const before = this.#find(utterance_id);
    const utterance: Utterance = { ...posted, utterance_id, revision: (before?.revision ?? 0) + 1 };
    if (before && isSame(before, utterance)) return { status: "unchanged", utterance: before };
    const { track, start_ms, end_ms } = utterance;
    save.run(this.#db, utterance_id, track, start_ms, end_ms, JSON.stringify(utterance));
    return { status: before ? "revised" : "added", utterance };
  }

  /** What was said in a stretch of a track: the text of the utterances whose middle lies in it. */
  textBetween(track: string, fromMs: number, toMs: number): string | undefined {
    const texts = textsBetween.all(this.#db, track, fromMs, toMs, limits.maxUtteranceMs).map(({ text }) => text);
    return texts.length === 0 ? undefined : texts.join("\n").slice(0, limits.maxAsrTextChars);
  }

  #find(id: string): Utterance | undefined {
    const row = bodyOf.first(this.#db, id);
    return row && utteranceSchema.parse(JSON.parse(row.body));
  }
}

function isSame(a: Utterance, b: Utterance): boolean {
  return (
    a.track === b.track &&
    a.start_ms === b.start_ms &&
    a.end_ms === b.end_ms &&
    a.text === b.text &&
    a.speaker === b.speaker
  );
}
