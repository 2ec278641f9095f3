/** Sends the event log to the connections that follow it, a page at a time, after the step that appended. */
import { closeCodeOf, normalCloseCode } from "../../../../schemas/wire/errors.ts";
import type { RoomEvent } from "../../../../schemas/speech/events.ts";
import type { RoomMessage } from "../../../../schemas/wire/messages.ts";
import type { EventLog } from "../../events/event-log.ts";
import { advanceFeed, type Feed, answered, feedPageEvents, isUnanswered } from "./feed.ts";
import { errorMessage } from "../refusals.ts";
import type { Peer } from "./peer.ts";

/** A connection as the dispatcher sees it. */
export interface Follower {
  readonly peer: Peer;
  /** When the platform last answered its ping, ms since 1970; 0 for never. */
  readonly pingedAt: number;
  readonly setPeer: (peer: Peer) => void;
  readonly send: (message: RoomMessage) => void;
  readonly close: (code: number, reason: string) => void;
}

export interface DispatcherDeps {
  readonly events: EventLog;
  readonly followers: () => Iterable<Follower>;
  /** Whether nothing can follow any more. */
  readonly isOver: () => boolean;
  readonly onFailure: (cause: unknown) => void;
}

export class Dispatcher {
  readonly #deps: DispatcherDeps;
  #isScheduled = false;

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
    const pageAfter = (after: number): RoomEvent[] => {
      const page = pages.get(after) ?? events.page(after, feedPageEvents);
      pages.set(after, page);
      return page;
    };
    for (const follower of followers()) {
      const { feed } = follower.peer;
      if (feed && this.#advance(follower, feed, pageAfter(feed.after))) this.schedule();
    }
  }

  /** @returns whether there is more for this follower. */
  #advance(follower: Follower, before: Feed, page: readonly RoomEvent[]): boolean {
    const { peer, pingedAt } = follower;
    const known = pingedAt > before.pingedAt ? answered(before, pingedAt) : before;
    if (isUnanswered(known)) {
      const detail = "Many events were sent and nothing was heard; send a ping now and then.";
      follower.send(errorMessage({ code: "idle", detail }));
      follower.setPeer({ ...peer, feed: null });
      follower.close(closeCodeOf("idle") ?? normalCloseCode, "idle");
      return false;
    }
    const { feed, messages } = advanceFeed(known, page);
    if (feed !== before) follower.setPeer({ ...peer, feed });
    for (const message of messages) follower.send(message);
    if (feed.after < this.#deps.events.count) return true;
    if (peer.role === "watch" && this.#deps.isOver()) {
      follower.send({ type: "closing", reason: "session_finalized" });
      follower.close(normalCloseCode, "session_finalized");
    }
    return false;
  }
}
