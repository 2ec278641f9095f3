/**
 * Whose the events of a log are, and how many more there may be (SPEC L11). What callers have the room write down is bounded for
 * the session, and of that for each of its tokens' subjects; what is left beyond it is the room's own, so that a full log can
 * always be finalized, corrected no further, and deleted.
 */
import { limits } from "../../../schemas/limits.ts";
import type { Database } from "../../shared/lib/sql.ts";
import { stmt } from "../../shared/lib/stmt.ts";
import { oneOfSixteen, placesLeft } from "../../shared/limits/shares.ts";

interface Share {
  readonly events: number;
  readonly bytes: number;
}

/** What of the log a session may hold, by everybody together. */
export type LogLimits = { readonly [K in "maxLogEvents" | "maxLogBytes"]: number };

/** The row of all events, whoever caused them. No subject is empty. */
const everybody = "";
/** One part of so many is kept for what the room itself has to say: that the session is finalized, that a track was opened. */
const reservePart = 16;

const shareOf = stmt<[subject: string], Share>("SELECT events, bytes FROM log_shares WHERE subject = ?");
const add = stmt<[subject: string, bytes: number]>(
  `INSERT INTO log_shares (subject, events, bytes) VALUES (?, 1, ?)
   ON CONFLICT (subject) DO UPDATE SET events = events + 1, bytes = bytes + excluded.bytes`,
);
const none: Share = { events: 0, bytes: 0 };
const encoder = new TextEncoder();

export class LogShares {
  readonly #db: Database;
  readonly #limits: LogLimits;

  constructor(db: Database, { maxLogEvents, maxLogBytes }: LogLimits = limits) {
    this.#db = db;
    this.#limits = { maxLogEvents, maxLogBytes };
  }

  /** An event was appended. Call in its transaction. @param subject who caused it; undefined for the room. */
  note(subject: string | undefined, body: string): void {
    const bytes = encoder.encode(body).byteLength;
    add.run(this.#db, everybody, bytes);
    if (subject !== undefined) add.run(this.#db, subject, bytes);
  }

  /** Whether a caller, or the audio itself (undefined), has no event left. The last one may go beyond the bytes. */
  isFull(subject: string | undefined): boolean {
    return !this.#has(subject, { events: 1, bytes: 1 });
  }

  /** Whether all of these may be appended, for a caller or for the audio itself (undefined). */
  hasRoomFor(subject: string | undefined, bodies: readonly string[]): boolean {
    const bytes = bodies.reduce((sum, body) => sum + encoder.encode(body).byteLength, 0);
    return this.#has(subject, { events: bodies.length, bytes });
  }

  #has(subject: string | undefined, { events, bytes }: Share): boolean {
    const taken = this.#of(everybody);
    const own = subject === undefined ? none : this.#of(subject);
    const { maxLogEvents, maxLogBytes } = this.#limits;
    return (
      left(subject, maxLogEvents, taken.events, own.events) >= events &&
      left(subject, maxLogBytes, taken.bytes, own.bytes) >= bytes
    );
  }

  /** Whether not even the room has an event left, but those that a session needs to end. */
  get isSpent(): boolean {
    const { events, bytes } = this.#of(everybody);
    return events >= this.#limits.maxLogEvents || bytes >= this.#limits.maxLogBytes;
  }

  /** Whether half of it is taken: what may be left out is left out from there on. */
  get isHalfTaken(): boolean {
    const { events, bytes } = this.#of(everybody);
    return events * 2 >= this.#limits.maxLogEvents || bytes * 2 >= this.#limits.maxLogBytes;
  }

  #of(subject: string): Share {
    return shareOf.first(this.#db, subject) ?? none;
  }
}

function left(subject: string | undefined, limit: number, taken: number, own: number): number {
  const max = limit - Math.floor(limit / reservePart);
  return subject === undefined ? max - taken : placesLeft({ subject, max, taken, own, keptForKeys: oneOfSixteen });
}
