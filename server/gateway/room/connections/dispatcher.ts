/** Sends the event log to the connections that follow it, a page at a time, after the step that appended. */
import { normalCloseCode } from "../../../../schemas/wire/errors.ts";
import type { RoomEvent } from "../../../../schemas/speech/events.ts";
import type { RoomMessage } from "../../../../schemas/wire/messages.ts";
import type { EventLog } from "../../events/event-log.ts";
import { type Feed, feedPageEvents, isWanted } from "./feed.ts";

/** Places of the log that one turn reads from. */
const pagesPerTurn = 4;

/** A connection as the dispatcher sees it. */
export interface Follower {
  readonly role: "capture" | "watch";
  readonly feed: Feed;
  readonly setFeed: (feed: Feed) => void;
  /** Sends a message, unless too much is unread. @returns whether it did. */
  readonly offer: (message: RoomMessage) => boolean;
  /** What is left waits until the client tells what it has read. @returns until when it has to, ms since 1970. */
  readonly wait: () => number | undefined;
  readonly close: (code: number, message: Extract<RoomMessage, { type: "closing" }>) => void;
}

export interface DispatcherDeps {
  readonly events: EventLog;
  readonly followers: () => Iterable<Follower>;
  /** Whether nothing can follow any more. */
  readonly isOver: () => boolean;
  /** A connection's reader has to tell by then what it has read, ms since 1970. */
  readonly onWaiting: (until: number) => void;
  readonly onFailure: (cause: unknown) => void;
}

export class Dispatcher {
  readonly #deps: DispatcherDeps;
  #isScheduled = false;
  /** Whose turn it is, where the last turn ended before all had theirs. */
  #next = 0;

  constructor(deps: DispatcherDeps) {
    this.#deps = deps;
  }

  /** Events were appended or a follower came: sends after the current step, whose writes may yet be undone. */
  schedule(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    setTimeout(() => {
      this.#isScheduled = false;
      try {
        this.#dispatch();
      } catch (cause) {
        this.#deps.onFailure(cause);
      }
    }, 0);
  }

  #dispatch(): void {
    const { events, followers } = this.#deps;
    // Followers are mostly at the same place: one look at the log serves them all.
    const pages = new Map<number, RoomEvent[]>();
    const all = [...followers()];
    // In turn, so that those who come late and are each at another place keep neither others nor an ack waiting.
    const first = this.#next < all.length ? this.#next : 0;
    this.#next = 0;
    for (let n = 0; n < all.length; n += 1) {
      const place = (first + n) % all.length;
      const follower = all[place];
      if (!follower) continue;
      const { after } = follower.feed;
      const known = pages.get(after);
      if (!known && pages.size >= pagesPerTurn) {
        this.#next = place;
        return this.schedule();
      }
      const page = known ?? events.page(after, feedPageEvents);
      pages.set(after, page);
      if (this.#advance(follower, page)) this.schedule();
    }
  }

  /** @returns whether there is more for this follower, and it takes it. */
  #advance(follower: Follower, page: readonly RoomEvent[]): boolean {
    const { feed, role } = follower;
    let { after } = feed;
    for (const event of page) {
      if (isWanted(feed, event) && !follower.offer({ type: "event", event })) break;
      after = event.event_id;
    }
    if (after !== feed.after) follower.setFeed({ ...feed, after });
    if (page.length > 0 && after !== page.at(-1)?.event_id) {
      const until = follower.wait();
      if (until !== undefined) this.#deps.onWaiting(until);
      return false;
    }
    if (after < this.#deps.events.count) return true;
    if (role === "watch" && this.#deps.isOver()) {
      follower.close(normalCloseCode, { type: "closing", reason: "session_finalized" });
    }
    return false;
  }
}
