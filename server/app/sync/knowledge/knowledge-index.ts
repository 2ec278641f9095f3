/**
 * The words of a user's knowledge, to be found for a question (SPEC SY9). A document's words come and go in the commit of the document, those
 * of a body that lies in R2 soon after; one that is deleted or changed leaves none, also not in what FTS5 keeps. Ranks as meetings are.
 */
import type { Database } from "../../../shared/lib/sql.ts";
import { stmt } from "../../../shared/lib/stmt.ts";
import { type Ranked, rankLines } from "../../search/rank-lines.ts";
import { askedStems, stemsOf } from "../../search/words.ts";
import { passagesOf } from "./passages.ts";

const tables = `
  CREATE TABLE IF NOT EXISTS passages (
    n INTEGER PRIMARY KEY, document_id TEXT NOT NULL, place INTEGER NOT NULL, start INTEGER NOT NULL, "end" INTEGER NOT NULL,
    text TEXT NOT NULL, UNIQUE (document_id, place));
  CREATE TABLE IF NOT EXISTS titles (document_id TEXT PRIMARY KEY, title TEXT NOT NULL) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS unread (document_id TEXT PRIMARY KEY, revision INTEGER NOT NULL, sha256 TEXT NOT NULL) WITHOUT ROWID;
  CREATE VIRTUAL TABLE IF NOT EXISTS words USING fts5(stems, tokenize = 'unicode61');
  INSERT INTO words (words, rank) VALUES ('secure-delete', 1)`;

const maxCandidates = 100;

export interface PassageRow {
  readonly n: number;
  readonly document_id: string;
  readonly title: string;
  readonly start: number;
  readonly end: number;
  readonly text: string;
}
type Row = PassageRow & { readonly session_id: string; readonly place: number; readonly speaker: null };

export interface Unread {
  readonly document_id: string;
  readonly revision: number;
  readonly sha256: string;
}

/** Undefined: all of the user's. */
export type WantedDocuments = readonly string[] | undefined;

const wanted = "(?1 IS NULL OR p.document_id IN (SELECT value FROM json_each(?1)))";
const row = `p.n, p.document_id, p.document_id AS session_id, p.place, p.start, p."end", p.text, NULL AS speaker,
  coalesce((SELECT title FROM titles t WHERE t.document_id = p.document_id), p.document_id) AS title`;
const insert = stmt<[string, number, number, number, string], { n: number }>(
  'INSERT INTO passages (document_id, place, start, "end", text) VALUES (?, ?, ?, ?, ?) RETURNING n',
);
const addWords = stmt<[number, string]>("INSERT INTO words (rowid, stems) VALUES (?, ?)");
const dropWords = stmt<[string]>("DELETE FROM words WHERE rowid IN (SELECT n FROM passages WHERE document_id = ?)");
const dropPassages = stmt<[string]>("DELETE FROM passages WHERE document_id = ?");
const putTitle = stmt<[string, string]>("INSERT OR REPLACE INTO titles (document_id, title) VALUES (?, ?)");
const dropTitle = stmt<[string]>("DELETE FROM titles WHERE document_id = ?");
const putUnread = stmt<[string, number, string]>(
  "INSERT OR REPLACE INTO unread (document_id, revision, sha256) VALUES (?, ?, ?)",
);
const dropUnread = stmt<[string]>("DELETE FROM unread WHERE document_id = ?");
const unread = stmt<[number], Unread>("SELECT * FROM unread ORDER BY revision LIMIT ?");
const isUnread = stmt<[string, number], { one: number }>(
  "SELECT 1 AS one FROM unread WHERE document_id = ? AND revision = ?",
);
const total = stmt<[string | null], { n: number }>(`SELECT count(*) AS n FROM passages p WHERE ${wanted}`);
const countOf = stmt<[string | null, string], { n: number }>(
  `SELECT count(*) AS n FROM words JOIN passages p ON p.n = words.rowid WHERE words MATCH ?2 AND ${wanted}`,
);
const hits = stmt<[string | null, string, number], Row>(
  `SELECT ${row} FROM words JOIN passages p ON p.n = words.rowid WHERE words MATCH ?2 AND ${wanted} ORDER BY words.rank LIMIT ?3`,
);
const around = stmt<[string, number, number], Row>(
  `SELECT ${row} FROM passages p WHERE p.document_id = ?1 AND p.place BETWEEN ?2 AND ?3 ORDER BY p.place`,
);
const at = stmt<[string, number, number], { text: string }>(
  'SELECT text FROM passages WHERE document_id = ? AND start = ? AND "end" = ?',
);

export class KnowledgeIndex {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
    db.transaction(() => db.sql.exec(tables));
  }

  /** A document as it stands from now on. In its own commit. */
  take(documentId: string, revision: number, content: { readonly [name: string]: unknown } | null): void {
    this.#drop(documentId);
    if (content === null) return;
    const { title, body, sha256 } = content;
    if (typeof title === "string") putTitle.run(this.#db, documentId, title);
    if (typeof body === "string") this.#add(documentId, body);
    else if (typeof sha256 === "string") putUnread.run(this.#db, documentId, revision, sha256);
  }

  /** Documents whose text is still to be read from R2. */
  unread(most: number): Unread[] {
    return unread.all(this.#db, most);
  }

  /** @param text undefined where there is none. Nothing where the document has changed since. */
  read({ document_id, revision }: Unread, text: string | undefined): void {
    this.#db.transaction(() => {
      if (!isUnread.first(this.#db, document_id, revision)) return;
      dropUnread.run(this.#db, document_id);
      if (text !== undefined) this.#add(document_id, text);
    });
  }

  /** Best first. */
  find(question: string, documents: WantedDocuments, most: number): Ranked<PassageRow>[] {
    const within = documents === undefined ? null : JSON.stringify(documents);
    const all = total.one(this.#db, within).n;
    const stems = askedStems(question);
    if (all === 0 || stems.length === 0) return [];
    const terms = stems.map((stem) => ({ stem, lines: countOf.one(this.#db, within, `"${stem}"`).n }));
    const known = terms.filter(({ lines }) => lines > 0).map(({ stem }) => `"${stem}"`);
    if (known.length === 0) return [];
    const near = new Map<number, Row>();
    for (const hit of hits.all(this.#db, within, known.join(" OR "), maxCandidates))
      for (const one of around.all(this.#db, hit.document_id, hit.place - 2, hit.place + 2)) near.set(one.n, one);
    const ranked = rankLines([...near.values()], terms, all, new Set());
    return ranked.slice(0, most).map(({ line, score }) => {
      const { n, document_id, title, start, end, text } = line;
      return { line: { n, document_id, title, start, end, text }, score };
    });
  }

  /** Whether a document says just that at a place, as it stands now. */
  has({ document_id, start, end, text }: Pick<PassageRow, "document_id" | "start" | "end" | "text">): boolean {
    return at.first(this.#db, document_id, start, end)?.text === text;
  }

  #add(documentId: string, text: string): void {
    for (const [place, { start, end, text: words }] of passagesOf(text).entries()) {
      const { n } = insert.one(this.#db, documentId, place, start, end, words);
      addWords.run(this.#db, n, stemsOf(words).join(" "));
    }
  }

  #drop(documentId: string): void {
    dropWords.run(this.#db, documentId);
    dropPassages.run(this.#db, documentId);
    dropTitle.run(this.#db, documentId);
    dropUnread.run(this.#db, documentId);
  }
}
