/**
 * What a tenant's index keeps: the lines of its meetings in order, and their words (FTS5) as `words.ts` has them. A deleted meeting
 * leaves its id and no word: what FTS5 knew of it is written over as well. Knows no gateway and no clock.
 *
 * A long meeting is taken, and dropped, some lines at a time, each slice in a step of its own: where gateway and app share a thread,
 * acks go out in between. A meeting counts as read only behind its last slice, and one that is deleted meanwhile takes no other.
 */
import type { MeetingTalk, MeetingText } from "../../../schemas/meeting-text.ts";
import { giveWay } from "../../shared/lib/wait.ts";
import { stemsOf } from "./words.ts";

/** About ten milliseconds of work. */
const sliceLines = 100;

const tables = `
  CREATE TABLE IF NOT EXISTS meetings (
    session_id TEXT PRIMARY KEY, is_deleted INTEGER NOT NULL DEFAULT 0,
    news INTEGER NOT NULL DEFAULT 0, read_news INTEGER NOT NULL DEFAULT 0, due_at INTEGER, failures INTEGER NOT NULL DEFAULT 0,
    opened_at INTEGER, title TEXT, talk TEXT NOT NULL DEFAULT '[]');
  CREATE INDEX IF NOT EXISTS meetings_deleted ON meetings (session_id) WHERE is_deleted = 1;
  CREATE INDEX IF NOT EXISTS meetings_due ON meetings (due_at) WHERE due_at IS NOT NULL;
  CREATE TABLE IF NOT EXISTS lines (
    id INTEGER PRIMARY KEY, session_id TEXT NOT NULL, place INTEGER NOT NULL, track TEXT NOT NULL, utterance_id TEXT NOT NULL,
    start_ms INTEGER NOT NULL, end_ms INTEGER NOT NULL, speaker TEXT, text TEXT NOT NULL,
    UNIQUE (session_id, track, utterance_id));
  CREATE INDEX IF NOT EXISTS lines_in_order ON lines (session_id, place);
  CREATE INDEX IF NOT EXISTS lines_by_id ON lines (session_id, id);
  CREATE TABLE IF NOT EXISTS used_in (session_id TEXT NOT NULL, chat TEXT NOT NULL, PRIMARY KEY (session_id, chat)) WITHOUT ROWID;
  CREATE INDEX IF NOT EXISTS used_by_chat ON used_in (chat);
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

  /** Never opened after all, as far as the gateway knows. @param news how much was known when it was asked. */
  async unknown(sessionId: string, news: number): Promise<void> {
    await this.#dropLines(sessionId);
    this.sql.exec("DELETE FROM meetings WHERE session_id = ? AND is_deleted = 0 AND news <= ?", sessionId, news);
  }

  /** Leaves no word, and keeps in mind that none is to come back. Bears repeating: what a kill left is dropped then. */
  async deleted(sessionId: string): Promise<void> {
    this.sql.exec("INSERT OR REPLACE INTO meetings (session_id, is_deleted) VALUES (?, 1)", sessionId);
    await this.#dropLines(sessionId);
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

  unusedBy(chat: string): void {
    this.sql.exec("DELETE FROM used_in WHERE chat = ?", chat);
  }

  /** Takes a meeting as it was read. @param news how much was known when the reading began. @param nextDueAt called at the end. */
  async take(sessionId: string, text: MeetingText, news: number, nextDueAt: () => number): Promise<void> {
    const kept = new Set<number>();
    for (let at = 0; at < text.lines.length; at += sliceLines) {
      const lines = text.lines.slice(at, at + sliceLines);
      const step = (): boolean => !this.#isDeleted(sessionId) && this.#takeLines(sessionId, at, lines, kept);
      if (!this.#storage.transactionSync(step)) return;
      await giveWay();
    }
    await this.#dropLines(sessionId, kept);
    this.#storage.transactionSync(() => {
      const before = this.meeting(sessionId);
      if (before?.is_deleted === 1) return;
      const hasMore = (before?.news ?? 0) > news;
      this.sql.exec(
        `INSERT INTO meetings (session_id, news, read_news, due_at, failures, opened_at, title, talk) VALUES (?1, ?2, ?2, NULL, 0, ?3, ?4, ?5)
         ON CONFLICT (session_id) DO UPDATE SET read_news = ?2, due_at = ?6, failures = 0, opened_at = ?3, title = ?4, talk = ?5`,
        sessionId,
        news,
        text.opened_at,
        text.title,
        JSON.stringify(text.talk),
        hasMore ? nextDueAt() : null,
      );
    });
  }

  #isDeleted(sessionId: string): boolean {
    return this.meeting(sessionId)?.is_deleted === 1;
  }

  /** @param first the place of the first of them. @param kept takes the ids of their rows. */
  #takeLines(sessionId: string, first: number, lines: MeetingText["lines"], kept: Set<number>): true {
    const asked = JSON.stringify(lines.map(({ track, utterance_id }) => [track, utterance_id]));
    const rows = this.sql.exec<LineRow>(
      // CROSS: the other way round, every line of the meeting is looked at for each that is asked for.
      `SELECT l.* FROM json_each(?2) a CROSS JOIN lines l ON l.session_id = ?1 AND l.track = a.value ->> 0 AND l.utterance_id = a.value ->> 1`,
      sessionId,
      asked,
    );
    const known = new Map(rows.toArray().map((row) => [`${row.track}/${row.utterance_id}`, row]));
    for (const [index, line] of lines.entries()) {
      const row = known.get(`${line.track}/${line.utterance_id}`);
      const place = first + index;
      if (row?.text === line.text) {
        kept.add(row.id);
        if (!isSame(row, line, place)) this.#moveLine(row.id, place, line);
      } else {
        if (row) this.#dropLine(row.id);
        kept.add(this.#addLine(sessionId, place, line));
      }
    }
    return true;
  }

  #moveLine(id: number, place: number, { start_ms, end_ms, speaker }: MeetingText["lines"][number]): void {
    const update = "UPDATE lines SET place = ?, start_ms = ?, end_ms = ?, speaker = ? WHERE id = ?";
    this.sql.exec(update, place, start_ms, end_ms, speaker, id);
  }

  /** @returns its row's id. */
  #addLine(sessionId: string, place: number, line: MeetingText["lines"][number]): number {
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
    return id;
  }

  #dropLine(id: number): void {
    this.sql.exec("DELETE FROM words WHERE rowid = ?", id);
    this.sql.exec("DELETE FROM lines WHERE id = ?", id);
  }

  /** @param kept ids of lines that stay. */
  async #dropLines(sessionId: string, kept: ReadonlySet<number> = new Set()): Promise<void> {
    const query = "SELECT id FROM lines WHERE session_id = ? AND id > ? ORDER BY id LIMIT ?";
    for (let after = 0; ;) {
      const ids = this.sql.exec<{ id: number }>(query, sessionId, after, sliceLines).toArray();
      const last = ids.at(-1);
      if (!last) return;
      this.#storage.transactionSync(() => {
        for (const { id } of ids) if (!kept.has(id)) this.#dropLine(id);
      });
      after = last.id;
      await giveWay();
    }
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
