/**
 * What an isolate has to tell of itself: the lines since it told last, and counts. Handed on in batches, in the background: nobody waits
 * for it. Bounded: what is too much is counted and dropped. A batch that was not taken is sent again under its id, and only then the
 * next one.
 */
import { isWithin, remainingMs } from "../lib/cooldown.ts";
import {
  type TelemetryBatch,
  type TelemetryCount,
  telemetryLimits,
  type TelemetryLine,
} from "../../../schemas/telemetry.ts";
import { countsOf } from "./counts.ts";
import { describeError, type LogLine, tellLines } from "./log.ts";
import { type CounterName, type HistogramName, metrics } from "./metrics.ts";

export const recorderTimings = {
  /** What happens in so long a time is told together. */
  gatherMs: 3_000,
  /** A timer that has not gone off by then died with the request that it was set in. */
  lostMs: 15_000,
  /** How long an app that takes nothing is left alone. */
  restMs: 30_000,
} as const;

export interface Outlet {
  /** May reject, or never answer. */
  readonly send: (batch: TelemetryBatch) => Promise<unknown>;
  /** Lets work go on after the request under way is answered. Throws where there is none. */
  readonly keepAlive: (work: Promise<unknown>) => void;
  readonly sleep: (ms: number) => Promise<void>;
  readonly now: () => number;
  /** Whether what went well is not printed. */
  readonly isQuiet?: boolean;
}

export class Recorder {
  readonly #outlet: Outlet;
  #lines: TelemetryLine[] = [];
  #counts = new Map<string, TelemetryCount>();
  #dropped = 0;
  /** Handed out and not taken yet. */
  #unsent: TelemetryBatch | undefined;
  #isSetSince: number | undefined;
  #restsUntil = 0;

  constructor(outlet: Outlet) {
    this.#outlet = outlet;
  }

  hear(line: LogLine): void {
    for (const counted of countsOf(line)) {
      if ("counter" in counted) this.count(counted.counter, counted.labels, counted.by);
      else this.observe(counted.histogram, counted.value);
    }
    if (this.#lines.length >= telemetryLimits.maxLines) this.#dropped += 1;
    else this.#lines.push(telemetryLine(line, this.#outlet.now()));
    this.#tellSoon();
  }

  count(name: CounterName, labels: readonly string[] = [], by = 1): void {
    this.#add(name, labels, by);
    this.#tellSoon();
  }

  observe(name: HistogramName, value: number): void {
    const bound = metrics[name].buckets.find((limit) => value <= limit);
    // Told apart by their bucket alone; sums over smaller ones are made where it is shown.
    this.#add(`${name}_bucket`, [bound === undefined ? "+Inf" : String(bound)], 1);
    this.#add(`${name}_sum`, [], value);
    this.#tellSoon();
  }

  #add(name: string, labels: readonly string[], value: number): void {
    const key = `${name} ${labels.join(" ")}`;
    const before = this.#counts.get(key);
    if (before) before.value += value;
    else if (this.#counts.size < telemetryLimits.maxCounts - 1) {
      this.#counts.set(key, { name, labels: labels.map((label) => label.slice(0, 120)), value });
    }
  }

  #tellSoon(): void {
    const { now, keepAlive, sleep } = this.#outlet;
    if (this.#isSetSince !== undefined && isWithin(recorderTimings.lostMs, this.#isSetSince, now())) return;
    try {
      const told = sleep(recorderTimings.gatherMs).then(() => this.tell());
      keepAlive(told);
      this.#isSetSince = now();
    } catch {
      // Outside of any request: the next one tells it.
    }
  }

  /** Hands on what there is. Never rejects. */
  async tell(): Promise<void> {
    this.#isSetSince = undefined;
    if (remainingMs(this.#restsUntil, this.#outlet.now(), recorderTimings.restMs) > 0) return;
    const batch = this.#unsent ?? this.#take();
    if (!batch) return;
    this.#unsent = batch;
    try {
      await this.#outlet.send(batch);
      if (this.#unsent === batch) this.#unsent = undefined;
    } catch (cause) {
      this.#restsUntil = this.#outlet.now() + recorderTimings.restMs;
      // Printed, and not heard by this one: it would be told of for ever.
      console.warn(JSON.stringify({ level: "warn", event: "telemetry.not_taken", error: describeError(cause) }));
    }
    if (this.#lines.length > 0 || this.#counts.size > 0) this.#tellSoon();
  }

  #take(): TelemetryBatch | undefined {
    if (this.#dropped > 0) this.#add("roomtone_log_lines_dropped_total", ["isolate"], this.#dropped);
    const batch = { id: crypto.randomUUID(), lines: this.#lines, counts: [...this.#counts.values()] };
    [this.#lines, this.#counts, this.#dropped] = [[], new Map(), 0];
    return batch.lines.length + batch.counts.length === 0 ? undefined : batch;
  }
}

let recorder: Recorder | undefined;

/** Has the isolate's lines handed on from now on. */
export function openOutlet(outlet: Outlet): Recorder {
  const opened = new Recorder(outlet);
  recorder = opened;
  tellLines((line) => opened.hear(line), outlet.isQuiet);
  return opened;
}

/** Nothing is handed on any more. */
export function closeOutlet(): void {
  recorder = undefined;
  tellLines(undefined);
}

/** Measures something that is no line. Costs nothing where nobody hears of it. */
export function observe(name: HistogramName, value: number): void {
  recorder?.observe(name, value);
}

function telemetryLine(line: LogLine, at: number): TelemetryLine {
  const fields = Object.entries(line).filter((entry): entry is [string, string | number | boolean] => {
    return entry[1] !== undefined;
  });
  return { ...Object.fromEntries(fields), at, level: line.level, event: line.event };
}
