/**
 * Where the app hears of one meeting: the receiver of the gateway's feed, one object a session. Messages come at least once
 * and in order; here each has its effect once (SPEC X7). What is built on meetings hangs on `take`, inside its transaction.
 */
import { DurableObject } from "cloudflare:workers";
import type { FeedMessage } from "../../../schemas/meeting-feed.ts";
import type { Env } from "../env.ts";

/** How far the app has heard. */
export interface FeedPosition {
  /** The last message that had its effect. */
  readonly last_id: number;
  /** Messages that had their effect. */
  readonly taken: number;
  /** Messages that never came: told before this object lost its memory, or taken by another installation of the app. */
  readonly missed: number;
}

type PositionRow = { last_id: number; taken: number; missed: number };

export class MeetingFeed extends DurableObject<Env> {
  /** @returns the id up to which all messages have had their effect. */
  take(messages: readonly FeedMessage[]): number {
    const { storage } = this.ctx;
    return storage.transactionSync(() => {
      storage.sql.exec(
        `CREATE TABLE IF NOT EXISTS position (
           one INTEGER PRIMARY KEY CHECK (one = 1), last_id INTEGER NOT NULL, taken INTEGER NOT NULL, missed INTEGER NOT NULL)`,
      );
      let position = this.position();
      for (const { id } of messages) {
        if (id <= position.last_id) continue;
        const missed = position.missed + (id - position.last_id - 1);
        position = { last_id: id, taken: position.taken + 1, missed };
      }
      storage.sql.exec(
        "INSERT OR REPLACE INTO position (one, last_id, taken, missed) VALUES (1, ?, ?, ?)",
        position.last_id,
        position.taken,
        position.missed,
      );
      return position.last_id;
    });
  }

  position(): FeedPosition {
    const { sql } = this.ctx.storage;
    const isThere = sql.exec("SELECT 1 FROM sqlite_master WHERE name = 'position'").toArray().length > 0;
    const [row] = isThere ? sql.exec<PositionRow>("SELECT last_id, taken, missed FROM position").toArray() : [];
    return row ?? { last_id: 0, taken: 0, missed: 0 };
  }
}
