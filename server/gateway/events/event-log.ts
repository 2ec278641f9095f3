/** The append-only event log (S2): numbered from 1 without holes, in the room's SQLite. */
import * as z from "zod";
import {
  type EventBody,
  eventBodySchema,
  eventSchema,
  type EventType,
  type RoomEvent,
} from "../../../schemas/speech/events.ts";
import { chunkMs } from "../../../schemas/wire/audio.ts";
import { parseLater } from "../../../schemas/lib/read-later.ts";
import { limits } from "../../../schemas/limits.ts";
import { cached, cachedByKey, type Cached, type CachedByKey } from "../../shared/lib/cached.ts";
import type { Database, SqlParameter } from "../../shared/lib/sql.ts";
import { type Statement, stmt } from "../../shared/lib/stmt.ts";
import { type EventsSlice, readSlice, type SliceAsk } from "./event-slice.ts";
import { type LogLimits, LogShares } from "./log-shares.ts";

/** An event as it is stored. */
export interface EventRow {
  readonly event_id: number;
  /** ms since 1970. */
  readonly at: number;
  /** The event as JSON. */
  readonly body: string;
}

const selecting = <Values extends readonly SqlParameter[]>(where: string): Statement<Values, EventRow> =>
  stmt(`SELECT event_id, at, body FROM events WHERE ${where}`);

const append = stmt<[eventId: number, at: number, body: string]>(
  "INSERT INTO events (event_id, at, body) VALUES (?, ?, ?)",
);
const lastId = stmt<[], { n: number }>("SELECT coalesce(max(event_id), 0) AS n FROM events");
const after = selecting<[eventId: number, max: number]>("event_id > ? ORDER BY event_id LIMIT ?");
const all = selecting<[]>("1 ORDER BY event_id");
const ofTypes = selecting<[types: string]>("type IN (SELECT value FROM json_each(?)) ORDER BY event_id");
const kinds = stmt<[eventId: number, upTo: number], { type: string; by: string }>(
  `SELECT DISTINCT type, json_extract(body, '$.by') AS by FROM events WHERE event_id > ? AND event_id <= ?`,
);
const saidSchema = z.object({ utterance: z.object({ text: z.string() }) });
const kindSchema = eventBodySchema.pick({ type: true, by: true });
const byId = selecting<[eventId: number]>("event_id = ?");
const lastOnTrack = selecting<[type: EventType, track: string]>(
  "type = ? AND json_extract(body, '$.track') = ? ORDER BY event_id DESC LIMIT 1",
);
const countEnds = stmt<[track: string], { n: number }>(
  "SELECT count(*) AS n FROM events WHERE type = 'track.ended' AND json_extract(body, '$.track') = ?",
);
const lastPlaced = selecting<[]>(
  "type = 'speaker.resolved' AND json_extract(body, '$.track') IS NOT NULL ORDER BY event_id DESC LIMIT 1",
);
/** By the index `resolved_by_place`. */
const resolvedOn = stmt<[track: string], { one: number }>(
  "SELECT 1 AS one FROM events WHERE type = 'speaker.resolved' AND json_extract(body, '$.track') = ? LIMIT 1",
);
/** By the index `reviewed_tracks`: the turns that bear all of a track, of which each second look at it says one. */
const reviewed = selecting<[track: string, fromMs: number]>(
  `type = 'speaker.resolved' AND json_extract(body, '$.to_seq') - json_extract(body, '$.from_seq') >= 30
   AND json_extract(body, '$.track') = ? AND json_extract(body, '$.to_seq') * 1000 > ? ORDER BY event_id`,
);
/** By the index `resolved_by_place`: no other window is longer than `maxWindowChunks`. */
const resolvedBetween = selecting<[track: string, fromMs: number, toMs: number, fromSeq: number, toSeq: number]>(
  `type = 'speaker.resolved' AND json_extract(body, '$.track') = ?1 AND json_extract(body, '$.from_seq') BETWEEN ?4 AND ?5
   AND json_extract(body, '$.to_seq') * 1000 > ?2 AND (json_extract(body, '$.from_seq') - 1) * 1000 < ?3 ORDER BY event_id`,
);

export class EventLog {
  readonly #db: Database;
  readonly #onAppend: (event: RoomEvent) => void;
  readonly #shares: LogShares;
  /** By track: asked for with every frame that ends one. */
  readonly #ends: CachedByKey<string, number>;
  /** The last of a type on a track. Of those who are asked for, most have none, and looking for it reads all of the type. */
  readonly #last: CachedByKey<string, RoomEvent | undefined>;
  readonly #lastPlaced: Cached<RoomEvent | undefined>;
  /** Whose step it is that appends now; undefined for the room's own. */
  #subject: string | undefined;

  /**
   * @param onAppend called after each append, inside the step that appends: what it reads may yet be undone, and what
   *   it writes is kept if and only if the event is.
   * @param bounds how much it may hold; the contract's where none are given.
   */
  constructor(db: Database, onAppend: (event: RoomEvent) => void = () => {}, bounds?: LogLimits) {
    this.#db = db;
    this.#onAppend = onAppend;
    this.#shares = new LogShares(db, bounds);
    this.#ends = cachedByKey(db, (track) => countEnds.one(db, track).n);
    this.#last = cachedByKey(db, (key) => lastOnTrack.all(db, ...typeAndTrack(key)).map(eventOf)[0]);
    this.#lastPlaced = cached(db, () => lastPlaced.all(db).map(eventOf)[0]);
  }

  /** Runs a step whose events count as a caller's. Synchronous: what comes after it is others'. */
  onBehalfOf<T>(subject: string | undefined, step: () => T): T {
    const before = this.#subject;
    this.#subject = subject;
    try {
      return step();
    } finally {
      this.#subject = before;
    }
  }

  /** Whether whoever's step this is has no event left (L11). What the room has to say goes on: see `isSpent`. */
  get isFull(): boolean {
    return this.#shares.isFull(this.#subject);
  }

  /** Whether all of these fit into what whoever's step this is has left. */
  hasRoomFor(bodies: readonly EventBody[]): boolean {
    return this.#shares.hasRoomFor(
      this.#subject,
      bodies.map((body) => JSON.stringify(body)),
    );
  }

  /** Whether the room itself should say no more than it takes to end the session. */
  get isSpent(): boolean {
    return this.#shares.isSpent;
  }

  /** Whether half of it is taken. */
  get isHalfTaken(): boolean {
    return this.#shares.isHalfTaken;
  }

  append(body: EventBody): void {
    const event_id = this.count + 1;
    const now = this.#db.now();
    this.#db.transaction(() => {
      const text = JSON.stringify(body);
      const note = this.#noted(body);
      append.run(this.#db, event_id, now, text);
      this.#shares.note(this.#subject, text);
      note();
      this.#onAppend({ event_id, at: new Date(now).toISOString(), ...body });
    });
  }

  /** The number of events, and the last one's id. */
  get count(): number {
    return lastId.one(this.#db).n;
  }

  /** The events after `eventId` in order, at most `max`. */
  page(eventId: number, max: number): RoomEvent[] {
    return after.all(this.#db, eventId, max).map(eventOf);
  }

  /** As `page`, unread, as much as fits into one slice. */
  slice(eventId: number, max: number, ask: SliceAsk): EventsSlice {
    return readSlice(this.#db, this.count, eventId, max, ask);
  }

  /** As `page`, unread. */
  rows(eventId: number, max: number): EventRow[] {
    return after.all(this.#db, eventId, max);
  }

  /** All events in order. */
  all(): RoomEvent[] {
    return all.all(this.#db).map(eventOf);
  }

  /** Which kinds of events there are after one and up to another. */
  kindsBetween(eventId: number, upTo: number): Pick<RoomEvent, "type" | "by">[] {
    // What caused an event of a later version's, that version knows.
    return kinds.all(this.#db, eventId, upTo).flatMap((kind) => kindSchema.safeParse(kind).data ?? []);
  }

  /** The events of some types, in order. */
  ofTypes(types: readonly EventType[]): RoomEvent[] {
    return ofTypes.all(this.#db, JSON.stringify(types)).map(eventOf);
  }

  find(eventId: number): RoomEvent | undefined {
    return byId.all(this.#db, eventId).map(eventOf)[0];
  }

  /** The words of the utterance that an event tells of; none of any other event. */
  saidIn(eventId: number): string {
    const [row] = byId.all(this.#db, eventId);
    return row ? (saidSchema.safeParse(JSON.parse(row.body)).data?.utterance.text ?? "") : "";
  }

  /** How often the track was ended. */
  endsOf(track: string): number {
    return this.#ends.get(track);
  }

  /** The last event of a type on a track. */
  lastOf(type: EventType, track: string): RoomEvent | undefined {
    return this.#last.get(keyOf(type, track));
  }

  /** The last event that says who spoke somewhere on a track. */
  lastPlaced(): RoomEvent | undefined {
    return this.#lastPlaced.get();
  }

  /** What memory has of the log, before an event is written. @returns puts it right once it is; the last of a type is found first. */
  #noted({ type, track }: EventBody): () => void {
    if (track === undefined) return () => {};
    const ends = type === "track.ended" ? this.#ends.get(track) : 0;
    return () => {
      if (type === "track.ended") this.#ends.set(track, ends + 1);
      if (type === "speaker.resolved") this.#lastPlaced.forget();
      this.#last.forget(keyOf(type, track));
    };
  }

  /** Whether anybody was ever resolved on a track. */
  hasResolved(track: string): boolean {
    return resolvedOn.first(this.#db, track) !== undefined;
  }

  /** Who was resolved in a stretch of a track, later corrections not applied, with what replaces turns there. */
  resolvedBetween(track: string, fromMs: number, toMs: number): RoomEvent[] {
    const fromSeq = Math.floor(fromMs / chunkMs) - limits.maxWindowChunks;
    const toSeq = Math.ceil(toMs / chunkMs) + 1;
    const there = resolvedBetween.all(this.#db, track, fromMs, toMs, fromSeq, toSeq).map(eventOf);
    const known = new Set(there.map(({ event_id }) => event_id));
    const others = reviewed
      .all(this.#db, track, fromMs)
      .flatMap((row) => (known.has(row.event_id) ? [] : [eventOf(row)]));
    return [...there, ...others].sort((a, b) => a.event_id - b.event_id);
  }
}

const keyOf = (type: EventType, track: string): string => `${type} ${track}`;
/** Neither holds a space. */
const typeAndTrack = (key: string): [type: EventType, track: string] => key.split(" ") as [EventType, string];

/** A row that a later version of the gateway wrote, which was rolled back, is read as far as this one knows it (V6). */
function eventOf({ event_id, at, body }: EventRow): RoomEvent {
  return parseLater(eventSchema, { ...JSON.parse(body), event_id, at: new Date(at).toISOString() });
}
