/**
 * What was said in a tenant's meetings, to be found again: one object a tenant, which hears of meetings through their feed and reads
 * their words from the gateway. A meeting is read anew where there is news of it, so that news may come twice, late, or in another
 * order; a deleted one leaves no word and gets none any more. Whoever asks says what they may see: nothing else is looked at.
 */
import { DurableObject } from "cloudflare:workers";
import { SerialQueue } from "../../../schemas/lib/serial-queue.ts";
import type { MeetingTalk } from "../../../schemas/meeting-text.ts";
import { backoffMs } from "../../../schemas/lib/backoff.ts";
import { describeError, log } from "../../shared/telemetry/log.ts";
import type { Env } from "../env.ts";
import { scrubFile } from "../scrub-file.ts";
import { findLines, linesOf, speakersOf, type Within } from "./find-lines.ts";
import { IndexStore, type LineRow, talkOf } from "./index-store.ts";
import type { Ranked } from "./rank-lines.ts";

const retry = { firstMs: 2_000, maxMs: 300_000, least: "half" } as const;
/** Meetings that one alarm reads. */
const maxPerAlarm = 8;
/** A meeting that takes long to read is read less often: this many times as long passes in between. */
const restFactor = 20;
const maxRestMs = 60_000;

/** A place in a meeting that an answer names. */
export interface Place {
  readonly session_id: string;
  readonly track: string;
  readonly start_ms: number;
  readonly end_ms: number;
}

export interface Missing {
  readonly session_id: string;
  readonly reason: "session_not_found" | "session_deleted";
}

export interface MeetingFacts {
  readonly session_id: string;
  readonly title: string | null;
  readonly opened_at: number;
  readonly talk: readonly MeetingTalk[];
}

export class MeetingIndex extends DurableObject<Env> {
  readonly #store = new IndexStore(this.ctx.storage);
  /** Readings under way. */
  readonly #readings = new Map<string, Promise<void>>();
  /** One after the other: what is read is held in memory, and a question may name a hundred meetings. */
  readonly #turns = new SerialQueue({});

  /** There is news of a meeting. */
  async heard(sessionId: string): Promise<void> {
    this.#store.news(sessionId, Date.now());
    await this.#wake();
  }

  /** A meeting is deleted: its words go here, and out of every chat that has some. Asked again where one could not be reached. */
  async forget(sessionId: string): Promise<void> {
    await this.#store.deleted(sessionId);
    for (const chat of this.#store.usersOf(sessionId)) {
      await this.env.CHAT_SESSION.getByName(chat).forgetMeeting(sessionId);
      this.#store.unused(sessionId, chat);
    }
    await scrubFile(this.ctx, this.env, "MeetingIndex");
  }

  /** A chat is about to keep words of these meetings. @throws where one is deleted: there is nothing to keep of it. */
  usedIn(sessionIds: readonly string[], chat: string): void {
    for (const id of sessionIds) {
      if (this.#store.meeting(id)?.is_deleted === 1) throw new Error("a meeting that was asked is deleted");
      this.#store.used(id, chat);
    }
  }

  /** A chat is gone: it has words of no meeting any more. */
  unusedBy(chat: string): void {
    this.#store.unusedBy(chat);
  }

  /** Has these meetings read again, whatever is known of them: some in each alarm, one after the other. */
  async rebuild(sessionIds: readonly string[]): Promise<void> {
    this.ctx.storage.transactionSync(() => {
      for (const id of sessionIds) this.#store.news(id, Date.now());
    });
    await this.#wake();
  }

  /** Reads what is not read yet of these meetings. @returns those that there are not, and why. */
  async refresh(sessionIds: readonly string[]): Promise<Missing[]> {
    const isUnread = (id: string): boolean => {
      const row = this.#store.meeting(id);
      return row === undefined || (row.is_deleted === 0 && (row.opened_at === null || row.news > row.read_news));
    };
    await Promise.all(sessionIds.filter(isUnread).map((id) => this.#read(id)));
    return sessionIds.flatMap((session_id): Missing[] => {
      const row = this.#store.meeting(session_id);
      if (row?.is_deleted === 1) return [{ session_id, reason: "session_deleted" }];
      // What could not be read now is not told from what was never there: its words are not known either way.
      return row === undefined ? [{ session_id, reason: "session_not_found" }] : [];
    });
  }

  find(question: string, within: Within, most: number): Ranked<LineRow>[] {
    return findLines(this.ctx.storage.sql, question, within, most);
  }

  lines(within: Within, most: number): LineRow[] {
    return linesOf(this.ctx.storage.sql, within, most);
  }

  /** Who said anything there, by name. */
  speakers(within: Within): string[] {
    return speakersOf(this.ctx.storage.sql, within);
  }

  /** The newest first. */
  facts({ sessions, from, to }: Within, most: number): MeetingFacts[] {
    return this.#store.meetings(sessions, from, to, most).flatMap((row) => {
      const { session_id, title, opened_at } = row;
      return opened_at === null ? [] : [{ session_id, title, opened_at, talk: talkOf(row) }];
    });
  }

  /** Whether somebody said something there, as far as it is known now. */
  has({ session_id, track, start_ms, end_ms }: Place): boolean {
    if (this.#store.meeting(session_id)?.is_deleted === 1) return false;
    const query = "SELECT 1 FROM lines WHERE session_id = ? AND track = ? AND start_ms = ? AND end_ms = ?";
    return this.ctx.storage.sql.exec(query, session_id, track, start_ms, end_ms).toArray().length > 0;
  }

  override async alarm(): Promise<void> {
    for (const { session_id: id } of this.#store.due(Date.now(), maxPerAlarm)) await this.#read(id);
    await this.#wake();
  }

  /** Joins the reading under way. Never rejects. */
  #read(sessionId: string): Promise<void> {
    const under = this.#readings.get(sessionId);
    if (under) return under;
    const reading = this.#turns.run(() => this.#readAndTake(sessionId)).finally(() => this.#readings.delete(sessionId));
    this.#readings.set(sessionId, reading);
    return reading;
  }

  async #readAndTake(sessionId: string): Promise<void> {
    const tenant = this.ctx.id.name ?? "";
    const before = this.#store.meeting(sessionId);
    const beganAt = Date.now();
    try {
      const text = await this.env.GATEWAY.text({ tenant, session_id: sessionId });
      if (!text.ok) {
        if (text.error === "session_deleted") await this.#store.deleted(sessionId);
        else await this.#store.unknown(sessionId, before?.news ?? 0);
        return;
      }
      if (text.value.is_cut) log.warn("search.meeting_cut", { tenant, session_id: sessionId });
      const restMs = (): number => Math.min(maxRestMs, (Date.now() - beganAt) * restFactor);
      await this.#store.take(sessionId, text.value, before?.news ?? 0, () => Date.now() + restMs());
    } catch (cause) {
      const delayMs = backoffMs(retry, (before?.failures ?? 0) + 1, Math.random());
      log.warn("search.unread", { tenant, session_id: sessionId, delay_ms: delayMs, error: describeError(cause) });
      this.#store.failed(sessionId, Date.now() + delayMs);
      await this.#wake();
    }
  }

  async #wake(): Promise<void> {
    const at = this.#store.nextDue;
    if (at === null) return;
    const set = await this.ctx.storage.getAlarm();
    if (set === null || set > at) await this.ctx.storage.setAlarm(at);
  }
}
