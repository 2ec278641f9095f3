/**
 * The outbox in the room's SQLite: messages that are written and not yet taken, and what was told so far. A message that is
 * written never changes: it may be on its way under its id. Both tables outlive the session's own (SPEC X6).
 */
import type * as z from "zod";
import { type FeedMessage, feedMessageSchema } from "../../../schemas/meeting-feed.ts";
import type { Database } from "../../shared/lib/sql.ts";
import { stmt } from "../../shared/lib/stmt.ts";
import { nothingTold, type Known, type Told, toldSchema } from "./feed-plan.ts";

/** What a deletion leaves until the app has taken the last message. */
export const outboxTables = ["app_outbox", "app_told"] as const;

type EventKnowledge = Pick<Known, "openings" | "utterances" | "speakers" | "lastEventId">;
type ToldKey = "told" | "resolve_calls";

const read = stmt<[key: ToldKey], { value: string }>("SELECT value FROM app_told WHERE key = ?");
const write = stmt<[key: ToldKey, value: string]>("INSERT OR REPLACE INTO app_told (key, value) VALUES (?, ?)");
const add = stmt<[id: number, body: string]>("INSERT INTO app_outbox (id, body) VALUES (?, ?)");
const first = stmt<[max: number], { id: number; body: string }>("SELECT id, body FROM app_outbox ORDER BY id LIMIT ?");
const removeThrough = stmt<[id: number]>("DELETE FROM app_outbox WHERE id <= ?");
const openings = stmt<[after: number], Known["openings"][number]>(
  `SELECT event_id, at, json_extract(body, '$.track') AS track FROM events
   WHERE type = 'track.opened' AND event_id > ? ORDER BY event_id`,
);
const changes = stmt<[after: number], { type: string; first: number; last: number; n: number }>(
  `SELECT type, min(event_id) AS first, max(event_id) AS last, count(*) AS n FROM events
   WHERE type IN ('utterance.added', 'utterance.revised', 'speaker.bound', 'speaker.unbound', 'speaker.merged',
     'speaker.reassigned', 'speaker.undone', 'resolve.reviewed') AND event_id > ? GROUP BY type`,
);
const hasMessages = stmt<[], { n: number }>("SELECT EXISTS (SELECT 1 FROM app_outbox) AS n");
const lastEvent = stmt<[], { id: number }>("SELECT coalesce(max(event_id), 0) AS id FROM events");

/** A row that another version of the room wrote, or a broken one. It stays: the version that wrote it may come back. */
export class UnreadableRowError extends Error {
  override readonly name = "UnreadableRowError";
}

export class OutboxStore {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  /** Whether anything was ever written to be told. Reads no content. */
  get isBegun(): boolean {
    return read.first(this.#db, "told") !== undefined;
  }

  /** Whether messages wait to be taken. Reads no content. */
  get hasMessages(): boolean {
    return hasMessages.one(this.#db).n > 0;
  }

  /** @throws UnreadableRowError */
  get told(): Told {
    const row = read.first(this.#db, "told");
    return row ? parseRow("told", toldSchema, row.value) : nothingTold;
  }

  /** Answers of speaker resolve that the room took. */
  get resolveCalls(): number {
    return Number(read.first(this.#db, "resolve_calls")?.value ?? 0);
  }

  /** Part of the commit that takes an answer. */
  countResolveCall(): void {
    write.run(this.#db, "resolve_calls", String(this.resolveCalls + 1));
  }

  /** Part of the caller's transaction. */
  add(messages: readonly FeedMessage[], told: Told): void {
    for (const message of messages) add.run(this.#db, message.id, JSON.stringify(message));
    write.run(this.#db, "told", JSON.stringify(told));
  }

  /** The messages that are to be taken first, in order. @throws UnreadableRowError */
  first(max: number): FeedMessage[] {
    const messages: FeedMessage[] = [];
    for (const { id, body } of first.all(this.#db, max)) {
      try {
        messages.push(parseRow(`message ${id}`, feedMessageSchema, body));
      } catch (cause) {
        // Those before it can go out.
        if (messages.length > 0) break;
        throw cause;
      }
    }
    return messages;
  }

  /** Forgets messages that were taken. */
  takenThrough(id: number): void {
    removeThrough.run(this.#db, id);
  }

  /** What the event log says after an event. */
  eventsAfter(eventId: number): EventKnowledge {
    const changed = changes.all(this.#db, eventId);
    const countOf = (type: string): number => changed.find((row) => row.type === type)?.n ?? 0;
    const said = spanOf(changed.filter(isSaid));
    return {
      openings: openings.all(this.#db, eventId),
      utterances: said && { ...said, added: countOf("utterance.added"), revised: countOf("utterance.revised") },
      speakers: spanOf(changed.filter((row) => !isSaid(row))),
      lastEventId: lastEvent.one(this.#db).id,
    };
  }
}

function isSaid({ type }: { readonly type: string }): boolean {
  return type.startsWith("utterance.");
}

function spanOf(
  rows: readonly { readonly first: number; readonly last: number }[],
): { readonly first_event_id: number; readonly last_event_id: number } | undefined {
  if (rows.length === 0) return undefined;
  const first_event_id = Math.min(...rows.map((row) => row.first));
  return { first_event_id, last_event_id: Math.max(...rows.map((row) => row.last)) };
}

function parseRow<T>(what: string, schema: z.ZodType<T>, text: string): T {
  try {
    return schema.parse(JSON.parse(text));
  } catch (cause) {
    throw new UnreadableRowError(`app outbox: ${what} is not in a form that this version knows`, { cause });
  }
}
