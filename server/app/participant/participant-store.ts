/** What a participant keeps: what it was asked for, where its conversation is, and what both sides said. Knows no model. */
import type { ParticipantBody } from "../../../schemas/http/participant-body.ts";
import type { SpokenUtterance, TurnState } from "./turns/turn-types.ts";

/** One conversation of a session. */
export interface Kept {
  readonly tenant: string;
  readonly session_id: string;
  readonly body: ParticipantBody;
  /** As `provider/model`. */
  readonly model: string;
  /** Who asked for it, as usage and budgets tell people apart; null where a meeting's settings did. Conversations of before have none. */
  readonly subject?: string | null;
  readonly track: string;
  /** Whether people's words are posted as well: captions do not say them. */
  readonly posts_people: boolean;
  readonly started_at: number;
  readonly ended_at: number | null;
  /** Of the model's session, to go on from. */
  readonly handle: string | null;
  readonly turns: TurnState;
}

type Row = { about: string };
type UtteranceRow = { said: string };

const tables = `
  CREATE TABLE IF NOT EXISTS conversation (one INTEGER PRIMARY KEY CHECK (one = 1), about TEXT NOT NULL);
  CREATE TABLE IF NOT EXISTS expected (one INTEGER PRIMARY KEY CHECK (one = 1));
  CREATE TABLE IF NOT EXISTS tracks (track TEXT PRIMARY KEY);
  CREATE TABLE IF NOT EXISTS said (
    n INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, said TEXT NOT NULL, is_posted INTEGER NOT NULL)`;

export class ParticipantStore {
  readonly #sql: SqlStorage;
  #kept: Kept | undefined;
  #isRead = false;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  get kept(): Kept | undefined {
    if (!this.#isRead && this.#exists()) {
      const [row] = this.#sql.exec<Row>("SELECT about FROM conversation").toArray();
      this.#kept = row && (JSON.parse(row.about) as Kept);
    }
    this.#isRead = true;
    return this.#kept;
  }

  /** All that it kept is gone. */
  forget(): void {
    this.#kept = undefined;
  }

  /** Tracks that a participant of this session spoke on. */
  get tracks(): string[] {
    if (!this.#exists()) return [];
    return this.#sql
      .exec<{ track: string }>("SELECT track FROM tracks")
      .toArray()
      .map(({ track }) => track);
  }

  expect(): void {
    this.#sql.exec(tables);
    this.#sql.exec("INSERT OR IGNORE INTO expected (one) VALUES (1)");
  }

  get isExpected(): boolean {
    return this.#exists() && this.#sql.exec("SELECT 1 FROM expected").toArray().length > 0;
  }

  begin(kept: Kept): void {
    this.#sql.exec(tables);
    this.#sql.exec("DELETE FROM said");
    this.#sql.exec("INSERT OR IGNORE INTO tracks (track) VALUES (?)", kept.track);
    this.#save(kept);
  }

  change(change: Partial<Kept>): void {
    const { kept } = this;
    if (kept) this.#save({ ...kept, ...change });
  }

  /** What is recorded twice is there once. */
  record(utterance: SpokenUtterance, isPosted: boolean): void {
    this.#sql.exec(
      "INSERT OR IGNORE INTO said (id, said, is_posted) VALUES (?, ?, ?)",
      utterance.id,
      JSON.stringify(utterance),
      isPosted ? 1 : 0,
    );
  }

  /** In the order in which it began. */
  get said(): SpokenUtterance[] {
    return this.#read("SELECT said FROM said ORDER BY n").sort((a, b) => a.at - b.at);
  }

  get count(): number {
    return this.#exists() ? this.#sql.exec<{ n: number }>("SELECT count(*) AS n FROM said").one().n : 0;
  }

  /** Utterances that the room was not told of yet, the oldest first, at most so many. */
  unposted(count: number): SpokenUtterance[] {
    return this.#read(`SELECT said FROM said WHERE is_posted = 0 ORDER BY n LIMIT ${count}`);
  }

  markPosted(ids: readonly string[]): void {
    for (const id of ids) this.#sql.exec("UPDATE said SET is_posted = 1 WHERE id = ?", id);
  }

  #read(query: string): SpokenUtterance[] {
    if (!this.#exists()) return [];
    return this.#sql
      .exec<UtteranceRow>(query)
      .toArray()
      .map(({ said }) => JSON.parse(said) as SpokenUtterance);
  }

  #save(kept: Kept): void {
    this.#kept = kept;
    this.#isRead = true;
    this.#sql.exec("INSERT OR REPLACE INTO conversation (one, about) VALUES (1, ?)", JSON.stringify(kept));
  }

  #exists(): boolean {
    return this.#sql.exec("SELECT 1 FROM sqlite_master WHERE name = 'conversation'").toArray().length > 0;
  }
}
