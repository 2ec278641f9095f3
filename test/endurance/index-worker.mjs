/**
 * The same words in two places: D1 (one database for all tenants) and an object of each tenant. Tables and questions are those of
 * `server/app/search`, as far as they cost anything: lines with their words in FTS5, the lines that a question's words are in counted word by
 * word, the best two hundred, and what stands around each. Driven by `bench-index.ts`.
 */
import { DurableObject } from "cloudflare:workers";

const tables = (tenant) => [
  `CREATE TABLE IF NOT EXISTS lines (
     id INTEGER PRIMARY KEY, ${tenant}session_id TEXT NOT NULL, place INTEGER NOT NULL, track TEXT NOT NULL, utterance_id TEXT NOT NULL,
     start_ms INTEGER NOT NULL, end_ms INTEGER NOT NULL, speaker TEXT, text TEXT NOT NULL)`,
  "CREATE INDEX IF NOT EXISTS lines_in_order ON lines (session_id, place)",
  "CREATE VIRTUAL TABLE IF NOT EXISTS words USING fts5(stems, tokenize = 'unicode61')",
];
const addLine = (tenant) =>
  `INSERT INTO lines (id, ${tenant ? "tenant, " : ""}session_id, place, track, utterance_id, start_ms, end_ms, speaker, text)
   VALUES (?, ${tenant ? "?, " : ""}?, ?, 'mixed', ?, ?, ?, ?, ?)`;
const addWords = "INSERT INTO words (rowid, stems) VALUES (?, ?)";
const counted = (where) =>
  `SELECT count(*) AS n FROM words JOIN lines l ON l.id = words.rowid WHERE words MATCH ?1 ${where}`;
const best = (where) =>
  `SELECT l.* FROM words JOIN lines l ON l.id = words.rowid WHERE words MATCH ?1 ${where} ORDER BY words.rank LIMIT 200`;
const around = "SELECT * FROM lines WHERE session_id = ?1 AND place BETWEEN ?2 AND ?3 ORDER BY place";
const anyOf = (words) => words.map((word) => `"${word}"`).join(" OR ");
const drop = [
  "DELETE FROM words WHERE rowid IN (SELECT id FROM lines WHERE session_id = ?1)",
  "DELETE FROM lines WHERE session_id = ?1",
];

export class Index extends DurableObject {
  #sql = this.ctx.storage.sql;

  constructor(ctx, env) {
    super(ctx, env);
    for (const table of tables("")) this.#sql.exec(table);
  }

  take(lines) {
    this.ctx.storage.transactionSync(() => {
      for (const { id, session, place, speaker, text } of lines) {
        this.#sql.exec(
          addLine(false),
          id,
          session,
          place,
          `u${place}`,
          place * 4_000,
          place * 4_000 + 3_500,
          speaker,
          text,
        );
        this.#sql.exec(addWords, id, text);
      }
    });
  }

  find(words) {
    for (const word of words) this.#sql.exec(counted(""), `"${word}"`).toArray();
    const hits = this.#sql.exec(best(""), anyOf(words)).toArray();
    let lines = 0;
    for (const { session_id, place } of hits)
      lines += this.#sql.exec(around, session_id, place - 2, place + 2).toArray().length;
    return { hits: hits.length, lines };
  }

  drop(session) {
    this.ctx.storage.transactionSync(() => {
      for (const statement of drop) this.#sql.exec(statement, session);
    });
  }

  bytes() {
    return this.#sql.databaseSize;
  }
}

const database = {
  async take(db, tenant, lines) {
    const [line, words] = [db.prepare(addLine(true)), db.prepare(addWords)];
    await db.batch(
      lines.flatMap(({ id, session, place, speaker, text }) => [
        line.bind(id, tenant, session, place, `u${place}`, place * 4_000, place * 4_000 + 3_500, speaker, text),
        words.bind(id, text),
      ]),
    );
  },
  async find(db, tenant, words) {
    const where = "AND l.tenant = ?2";
    const one = db.prepare(counted(where));
    // What does not wait for each other goes in one batch: three round trips in all.
    await db.batch(words.map((word) => one.bind(`"${word}"`, tenant)));
    const { results } = await db.prepare(best(where)).bind(anyOf(words), tenant).all();
    if (results.length === 0) return { hits: 0, lines: 0 };
    const near = db.prepare(around);
    const found = await db.batch(results.map(({ session_id, place }) => near.bind(session_id, place - 2, place + 2)));
    return { hits: results.length, lines: found.reduce((sum, { results: rows }) => sum + rows.length, 0) };
  },
  drop: (db, session) => db.batch(drop.map((statement) => db.prepare(statement).bind(session))),
};

/** `POST /PLACE/WHAT/TENANT` with JSON; answers how long it took here, ms, as whoever is asked sees it. */
export default {
  async fetch(request, { DB, INDEX }) {
    const [, where, what, tenant] = new URL(request.url).pathname.split("/");
    const given = await request.json();
    const object = INDEX.getByName(tenant);
    if (what === "open") for (const table of tables("tenant TEXT NOT NULL, ")) await DB.prepare(table).run();
    let answer;
    if (what === "take") answer = where === "d1" ? await database.take(DB, tenant, given) : await object.take(given);
    if (what === "find") answer = where === "d1" ? await database.find(DB, tenant, given) : await object.find(given);
    if (what === "drop") await (where === "d1" ? database.drop(DB, given) : object.drop(given));
    if (what === "bytes")
      answer = where === "d1" ? (await DB.prepare("SELECT 1").run()).meta.size_after : await object.bytes();
    return Response.json(answer ?? null);
  },
};
