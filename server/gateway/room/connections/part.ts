/** The room's connections as a part of it: events go out to those that follow, and what must end ends. */
import type { Core } from "../../core/core.ts";
import type { Part } from "../../core/part.ts";
import { keyIdOfSubject } from "../../../shared/access/principal.ts";
import { keyRecheckMs } from "../../../shared/config/timings.ts";
import { describeError } from "../../../shared/telemetry/log.ts";
import type { Connections } from "./connections.ts";
import { Dispatcher } from "./dispatcher.ts";
import { endsAt, type Peer } from "./peer.ts";

export interface ConnectionsPart extends Part {
  /** A connection was let in. */
  readonly joined: (peer: Peer) => void;
  /** A connection follows the events from now on. */
  readonly followed: () => void;
}

/** Which of some API keys are still good. Rejects where that can't be known now. */
export type AskKeys = (keyIds: readonly string[]) => Promise<ReadonlySet<string>>;

/** @param isResultNew whether everything that happened is in the result. */
export function connectionsPart(
  core: Core,
  connections: Connections,
  activeKeys: AskKeys,
  isResultNew: () => boolean,
): ConnectionsPart {
  const { events, fail, jobs, log, now, status, store } = core;
  const dispatcher = new Dispatcher({
    events,
    followers: () => connections.followers(),
    // A correction is followed to the version of the result that has it.
    isOver: () => store.status === "finalized" && isResultNew(),
    onWaiting: (until) => jobs.at("expired_connections", until),
    onFailure: fail,
  });
  const expire = async (): Promise<void> => {
    const next = connections.endOverdue();
    if (next !== undefined) jobs.at("expired_connections", next);
  };
  const checkKeys = async (): Promise<void> => {
    const ids = connections.keyIds();
    if (ids.length === 0) return;
    try {
      connections.endKeys(ids, await activeKeys(ids));
    } catch (cause) {
      // Keys that can't be looked at are not held against anybody (L6).
      log.warn("keys.not_rechecked", { error: describeError(cause) });
    }
    jobs.at("connections_keys", now() + keyRecheckMs);
  };
  const joined = (peer: Peer): void => {
    const at = endsAt(peer);
    if (at !== null) jobs.at("expired_connections", at);
    if (keyIdOfSubject(peer.subject) !== undefined) jobs.at("connections_keys", now() + keyRecheckMs);
  };
  const statusChanged = (): void => {
    if (status.isGone) connections.dismissAll();
    dispatcher.schedule();
  };
  return {
    name: "connections",
    isEssential: true,
    joined,
    followed: () => dispatcher.schedule(),
    // `tokens` is what the job was called before; rooms may still have a row of it.
    jobs: { expired_connections: expire, tokens: expire, connections_keys: checkKeys },
    on: { eventAppended: () => dispatcher.schedule(), statusChanged },
    woke: () => {
      // Connections that lived through the room's sleep, or an earlier version.
      statusChanged();
      if (connections.keyIds().length > 0) jobs.at("connections_keys", now() + keyRecheckMs);
    },
  };
}
