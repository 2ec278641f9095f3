/** What a delivery is given by its capture. */
import type { SerialQueue } from "../../schemas/lib/serial-queue.ts";
import type { LiveOutlet } from "../live/live-outlet.ts";
import type { CaptureEnd, CaptureEvents, CaptureFailedError, CaptureOptions } from "./capture-types.ts";
import type { Outbox, OutboxContents, OutboxEnd } from "./outbox.ts";
import type { SleepClock } from "./sleep-clock.ts";

export interface DeliveryOptions {
  readonly capture: CaptureOptions;
  readonly outbox: Outbox;
  readonly clock: SleepClock;
  /** Is told when the track is this connection's, and whether somebody listens. */
  readonly live: LiveOutlet;
  /** What an earlier run left. */
  readonly left: OutboxContents;
  /** All that touches the outbox goes through it. */
  readonly work: SerialQueue;
  readonly emit: <K extends keyof CaptureEvents>(type: K, event: CaptureEvents[K]) => void;
  readonly onLag: () => void;
  /** The number that the next second gets. */
  readonly nextSeq: () => number;
  /** Makes the numbers of all that was never sent higher. @returns where the source's stored end lies now. */
  readonly renumber: (by: number) => Promise<OutboxEnd | undefined>;
  /** Seconds went out of the outbox. */
  readonly onSpace: () => Promise<unknown>;
  readonly onEnded: (end: CaptureEnd) => void;
  readonly onFailed: (failure: CaptureFailedError) => void;
}
