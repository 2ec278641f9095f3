/**
 * Events to a connection that asked for them: each once and in order (S2). The cursor is in the connection's
 * attachment, so neither hibernation nor a new event in the middle repeats or skips one.
 */
import type { EventType, RoomEvent } from "../../../../schemas/speech/events.ts";
import { limits } from "../../../../schemas/limits.ts";
import type { RoomMessage, Topic } from "../../../../schemas/wire/messages.ts";

/** How far a connection is in the log, and what of it it wants. */
export interface Feed {
  /** Null: everything. */
  readonly topics: readonly Topic[] | null;
  /** The last event that was sent or passed over. */
  readonly after: number;
  /** What `after` was when the connection last sent something, or was pinged by its client. */
  readonly answeredAfter: number;
  /** When the platform last answered its ping, ms since 1970; 0 before that. */
  readonly pingedAt: number;
}

export function newFeed(topics: readonly Topic[] | null, after: number): Feed {
  return { topics, after, answeredAfter: after, pingedAt: 0 };
}

/** Events sent before others get their turn. */
export const feedPageEvents = 200;

/** The messages for one page of the log. @param page the events after `feed.after`, in order, without a hole. */
export function advanceFeed(feed: Feed, page: readonly RoomEvent[]): { feed: Feed; messages: RoomMessage[] } {
  const last = page.at(-1);
  if (!last) return { feed, messages: [] };
  const wanted = page.filter(({ type }) => feed.topics === null || feed.topics.includes(topicOf(type)));
  return {
    feed: { ...feed, after: last.event_id },
    messages: wanted.map((event) => ({ type: "event", event })),
  };
}

/** The feed once its connection has sent a message or (at `pingedAt`) a ping that the platform answered. */
export function answered(feed: Feed, pingedAt: number = feed.pingedAt): Feed {
  return { ...feed, answeredAfter: feed.after, pingedAt };
}

/** Whether so much went unanswered that nobody may be reading: what is sent then only fills memory. */
export function isUnanswered(feed: Feed): boolean {
  return feed.after - feed.answeredAfter > limits.maxUnansweredEvents;
}

function topicOf(type: EventType): Topic {
  if (type.startsWith("speaker.") || type.startsWith("resolve.")) return "speakers";
  return type.startsWith("utterance.") ? "utterances" : "status";
}
