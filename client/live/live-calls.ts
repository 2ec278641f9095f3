/** What a client of the gateway follows as it happens. */
import type { EventsOptions } from "../results/call-options.ts";
import type { RoomEvent } from "../../schemas/speech/events.ts";
import type { ListenOptions } from "./listen.ts";
import type { LivePiece } from "./live-piece.ts";

export interface LiveCalls {
  /**
   * The event log, then every event as it happens, once and in order, until the session is finalized. Goes on after
   * lost connections by itself; throws where it can't for `retries` times in a row.
   */
  liveEvents(sessionId: string, options?: EventsOptions): AsyncIterable<RoomEvent>;
  /**
   * What is said in the meeting now, in pieces of a tenth of a second, until it is over: over a WebSocket that comes back by itself,
   * opened when the iteration begins and closed when it is left. Nothing of it waits for its reader. Throws CaptureFailedError where
   * nobody may listen here.
   */
  listen(sessionId: string, options?: ListenOptions): AsyncIterable<LivePiece>;
}
