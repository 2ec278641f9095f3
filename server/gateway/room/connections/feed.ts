/**
 * Events to a connection that asked for them: each once and in order (S2). The cursor is in the connection's
 * attachment, so neither hibernation nor a new event in the middle repeats or skips one.
 */
import type { EventType, RoomEvent } from "../../../../schemas/speech/events.ts";
import type { EventTopic } from "../../../../schemas/wire/messages.ts";

/** How far a connection is in the log, and what of it it wants. */
export interface Feed {
  /** Null: everything. */
  readonly topics: readonly EventTopic[] | null;
  /** The last event that was sent or passed over. */
  readonly after: number;
}

export function newFeed(topics: readonly EventTopic[] | null, after: number): Feed {
  return { topics, after };
}

/** Events sent before others get their turn. */
export const feedPageEvents = 200;

/** Whether the connection asked for events of this type. */
export function isWanted({ topics }: Feed, { type }: RoomEvent): boolean {
  return topics === null || topics.includes(topicOf(type));
}

function topicOf(type: EventType): EventTopic {
  if (type.startsWith("speaker.") || type.startsWith("resolve.")) return "speakers";
  return type.startsWith("utterance.") ? "utterances" : "status";
}
