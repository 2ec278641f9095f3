/**
 * What a tenant's index keeps: the lines of its meetings in order, and their words (FTS5) as `words.ts` has them. A deleted meeting
 * leaves its id and no word: what FTS5 knew of it is written over as well. Knows no gateway and no clock.
 */
import type { MeetingTalk, MeetingText } from "../../../schemas/meeting-text.ts";
import { stemsOf } from "./words.ts";

const tables = `
  CREATE TABLE IF NOT EXISTS meetings (
    session_id TEXT PRIMARY KEY, is_deleted INTEGER NOT NULL DEFAULT 0,
    news INTEGER NOT NULL DEFAULT 0, read_news INTEGER NOT NULL DEFAULT 0, due_at INTEGER, failures INTEGER NOT NULL DEFAULT 0,
    opened_at INTEGER, title TEXT, talk TEXT NOT NULL DEFAULT '[]');
  CREATE INDEX IF NOT EXISTS meetings_due ON meetings (due_at) WHERE due_at IS NOT NULL;
  CREATE TABLE IF NOT EXISTS lines (
    id INTEGER PRIMARY KEY, session_id TEXT NOT NULL, place INTEGER NOT NULL, track TEXT NOT NULL, utterance_id TEXT NOT NULL,
    start_ms INTEGER NOT NULL, end_ms INTEGER NOT NULL, speaker TEXT, text TEXT NOT NULL,
    UNIQUE (session_id, track, utterance_id));
  CREATE INDEX IF NOT EXISTS lines_in_order ON lines (session_id, place);
  CREATE TABLE IF NOT EXISTS used_in (session_id TEXT NOT NULL, chat TEXT NOT NULL, PRIMARY KEY (session_id, chat)) WITHOUT ROWID;
  CREATE VIRTUAL TABLE IF NOT EXISTS words USING fts5(stems, tokenize = 'unicode61');
  INSERT INTO words (words, rank) VALUES ('secure-delete', 1)`;

export type LineRow = {
  id: number;
  session_id: string;
  place: number;
  track: string;
  utterance_id: string;
  start_ms: number;
  end_ms: number;
  speaker: string | null;
  text: string;
};

export type MeetingRow = {
  session_id: string;
  is_deleted: number;
  news: number;
  read_news: number;
  due_at: number | null;
  failures: number;
  opened_at: number | null;
  title: string | null;
  talk: string;
};

export class IndexStore {
  readonly #storage: Pick<DurableObjectStorage, "sql" | "transactionSync">;

  constructor(storage: Pick<DurableObjectStorage, "sql" | "transactionSync">) {
    this.#storage = storage;
    storage.sql.exec(tables);
  }

  get sql(): SqlStorage {
    return this.#storage.sql;
  }

  meeting(sessionId: string): MeetingRow | undefined {
    return this.sql.exec<MeetingRow>("SELECT * FROM meetings WHERE session_id = ?", sessionId).toArray()[0];
  }

  /** Those that were read, the newest first. */
  meetings(sessions: readonly string[] | undefined, from = 0, to = 8.64e15, most = 1_000): MeetingRow[] {
    const rows = this.sql.exec<MeetingRow>(
      `SELECT * FROM meetings WHERE is_deleted = 0 AND opened_at BETWEEN ?2 AND ?3
       AND (?1 IS NULL OR session_id IN (SELECT value FROM json_each(?1))) ORDER BY opened_at DESC, session_id LIMIT ?4`,
      sessions === undefined ? null : JSON.stringify(sessions),
      from,
      to,
      most,
    );
    return rows.toArray();
  }

  /** Meetings whose words are to be read, those that wait longest first. */
  due(now: number, most: number): MeetingRow[] {
    const rows = this.sql.exec<MeetingRow>(
      "SELECT * FROM meetings WHERE due_at <= ? ORDER BY due_at LIMIT ?",
      now,
      most,
    );
    return rows.toArray();
  }

  get nextDue(): number | null {
    return this.sql.exec<{ at: number | null }>("SELECT min(due_at) AS at FROM meetings").one().at;
  }

  /** There is news of a meeting: it is to be read. Of one that is deleted there is none. */
  news(sessionId: string, dueAt: number): void {
    this.sql.exec(
      `INSERT INTO meetings (session_id, news, due_at) VALUES (?1, 1, ?2)
       ON CONFLICT (session_id) DO UPDATE SET news = news + 1, due_at = min(coalesce(due_at, ?2), ?2) WHERE is_deleted = 0`,
      sessionId,
      dueAt,
    );
  }

  /** The reading failed: it is tried again at a time. */
  failed(sessionId: string, dueAt: number): void {
    this.sql.exec(
      "UPDATE meetings SET failures = failures + 1, due_at = ? WHERE session_id = ? AND is_deleted = 0",
      dueAt,
      sessionId,
    );
  }

  /** Never opened after all, as far as the gateway knows. */
  unknown(sessionId: string): void {
    this.#storage.transactionSync(() => {
      this.#dropLines(sessionId);
      this.sql.exec("DELETE FROM meetings WHERE session_id = ? AND is_deleted = 0", sessionId);
    });
  }

  /** Leaves no word, and keeps in mind that none is to come back. */
  deleted(sessionId: string): void {
    this.#storage.transactionSync(() => {
      this.#dropLines(sessionId);
      this.sql.exec("INSERT OR REPLACE INTO meetings (session_id, is_deleted) VALUES (?, 1)", sessionId);
    });
  }

  /** A kept chat has words of a meeting. */
  used(sessionId: string, chat: string): void {
    this.sql.exec("INSERT OR IGNORE INTO used_in (session_id, chat) VALUES (?, ?)", sessionId, chat);
  }

  usersOf(sessionId: string): string[] {
    const rows = this.sql.exec<{ chat: string }>("SELECT chat FROM used_in WHERE session_id = ?", sessionId).toArray();
    return rows.map(({ chat }) => chat);
  }

  unused(sessionId: string, chat: string): void {
    this.sql.exec("DELETE FROM used_in WHERE session_id = ? AND chat = ?", sessionId, chat);
  }

  /** Takes a meeting as it was read. @param news how much was known when the reading began. @returns whether it changed anything. */
  take(sessionId: string, text: MeetingText, news: number, nextDueAt: number): boolean {
    return this.#storage.transactionSync(() => {
      const before = this.meeting(sessionId);
      if (before?.is_deleted === 1) return false;
      const hasMore = (before?.news ?? 0) > news;
      this.sql.exec(
        `INSERT INTO meetings (session_id, news, read_news, due_at, failures, opened_at, title, talk) VALUES (?1, ?2, ?2, NULL, 0, ?3, ?4, ?5)
         ON CONFLICT (session_id) DO UPDATE SET read_news = ?2, due_at = ?6, failures = 0, opened_at = ?3, title = ?4, talk = ?5`,
        sessionId,
        news,
        text.opened_at,
        text.title,
        JSON.stringify(text.talk),
        hasMore ? nextDueAt : null,
      );
      return this.#takeLines(sessionId, text);
    });
  }

  #takeLines(sessionId: string, { lines }: MeetingText): boolean {
    const rows = this.sql.exec<LineRow>("SELECT * FROM lines WHERE session_id = ?", sessionId).toArray();
    const left = new Map(rows.map((row) => [`${row.track}/${row.utterance_id}`, row]));
    let hasChanged = false;
    for (const [place, line] of lines.entries()) {
      const key = `${line.track}/${line.utterance_id}`;
      const row = left.get(key);
      left.delete(key);
      if (row && row.text === line.text) {
        if (isSame(row, line, place)) continue;
        this.sql.exec(
          "UPDATE lines SET place = ?, start_ms = ?, end_ms = ?, speaker = ? WHERE id = ?",
          place,
          line.start_ms,
          line.end_ms,
          line.speaker,
          row.id,
        );
      } else {
        if (row) this.#dropLine(row.id);
        this.#addLine(sessionId, place, line);
      }
      hasChanged = true;
    }
    for (const { id } of left.values()) this.#dropLine(id);
    return hasChanged || left.size > 0;
  }

  #addLine(sessionId: string, place: number, line: MeetingText["lines"][number]): void {
    const { track, utterance_id, start_ms, end_ms, speaker, text } = line;
    const { id } = this.sql
      .exec<{ id: number }>(
        `INSERT INTO lines (session_id, place, track, utterance_id, start_ms, end_ms, speaker, text)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?) RETURNING id`,
        sessionId,
        place,
        track,
        utterance_id,
        start_ms,
        end_ms,
        speaker,
        text,
      )
      .one();
    this.sql.exec("INSERT INTO words (rowid, stems) VALUES (?, ?)", id, stemsOf(text).join(" "));
  }

  #dropLine(id: number): void {
    this.sql.exec("DELETE FROM words WHERE rowid = ?", id);
    this.sql.exec("DELETE FROM lines WHERE id = ?", id);
  }

  #dropLines(sessionId: string): void {
    this.sql.exec("DELETE FROM words WHERE rowid IN (SELECT id FROM lines WHERE session_id = ?)", sessionId);
    this.sql.exec("DELETE FROM lines WHERE session_id = ?", sessionId);
  }
}

function isSame(row: LineRow, line: MeetingText["lines"][number], place: number): boolean {
  const { start_ms, end_ms, speaker } = line;
  return row.place === place && row.start_ms === start_ms && row.end_ms === end_ms && row.speaker === speaker;
}

/** A meeting's talk times, as they were kept. */
export function talkOf({ talk }: Pick<MeetingRow, "talk">): MeetingTalk[] {
  return JSON.parse(talk) as MeetingTalk[];
}
