/**
 * Says once in the log that the resolve service is away, and once that it is back (R10): while windows wait, a meeting looks
 * healthy from outside. What was said last is in the log alone.
 */
import type { EventLog } from "../events/event-log.ts";
import type { WindowFailure } from "./resolve-queue.ts";
import type { ResolveWindow } from "./window-plan.ts";

export class ServiceOutage {
  readonly #events: EventLog;
  /** Undefined before the log was looked at. */
  #isAway: boolean | undefined;

  constructor(events: EventLog) {
    this.#events = events;
  }

  /** A window was answered. */
  over(window: ResolveWindow): void {
    this.#say(window, undefined);
  }

  /** The service failed so often in a row that it is left alone; `window` is the last that it failed at. */
  begun(window: ResolveWindow, failure: WindowFailure): void {
    this.#say(window, failure.reason === "circuit_open" ? "the service failed several times in a row" : failure.detail);
  }

  #say({ track, from_seq, to_seq }: ResolveWindow, outage: string | undefined): void {
    const isAway = outage !== undefined;
    this.#isAway ??= this.#events.ofTypes(["resolve.stalled", "resolve.resumed"]).at(-1)?.type === "resolve.stalled";
    if (this.#isAway === isAway) return;
    const said = isAway ? { type: "resolve.stalled" as const, detail: outage } : { type: "resolve.resumed" as const };
    this.#events.append({ ...said, track, from_seq, to_seq, by: "room" });
    this.#isAway = isAway;
  }
}
