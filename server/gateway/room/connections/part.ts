/** The room's connections as a part of it: events go out to those that follow, and what must end ends. */
import type { Core } from "../../core/core.ts";
import type { Part } from "../../core/part.ts";
import type { Connections } from "./connections.ts";
import { Dispatcher } from "./dispatcher.ts";

export interface ConnectionsPart extends Part {
  /** A connection follows the events from now on. */
  readonly followed: () => void;
  /** A connection may have to end then, ms since 1970. */
  readonly endsAt: (at: number) => void;
}

export function connectionsPart(core: Core, connections: Connections): ConnectionsPart {
  const { events, fail, jobs, status, store } = core;
  const dispatcher = new Dispatcher({
    events,
    followers: () => connections.followers(),
    isOver: () => store.status === "finalized",
    onFailure: fail,
  });
  const expire = async (): Promise<void> => {
    const next = connections.endOverdue();
    if (next !== undefined) jobs.at("expired_connections", next);
  };
  const statusChanged = (): void => {
    if (status.isGone) connections.dismissAll();
    dispatcher.schedule();
  };
  return {
    name: "connections",
    isEssential: true,
    followed: () => dispatcher.schedule(),
    endsAt: (at) => jobs.at("expired_connections", at),
    // `tokens` is what the job was called before; rooms may still have a row of it.
    jobs: { expired_connections: expire, tokens: expire },
    on: { eventAppended: () => dispatcher.schedule(), statusChanged },
    // Connections that lived through the room's sleep.
    woke: statusChanged,
  };
}
