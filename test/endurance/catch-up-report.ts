/** What a catch-up run says, and whether it was good. Pure. */
import type { LongRunReport } from "./long-run.ts";
import { reportRow } from "../../scripts/cli/report-row.ts";

export interface CatchUpMeasure {
  /** Recorded offline. */
  readonly seconds: number;
  /** Seconds of audio a second that the outbox took. */
  readonly recordedPerSecond: number;
  /** How long the gateway took to start, and the capture, from then, to come back to it. */
  readonly startedMs: number;
  readonly connectedMs: number;
  readonly caughtUpPerSecond: number;
  /** The same number of seconds over a bare connection with a full window. */
  readonly plainPerSecond: number;
  /** Attempts to connect that failed, before and after the start. */
  readonly attempts: number;
  readonly reconnects: number;
  /** Errors of the room by code. */
  readonly errors: ReadonlyMap<string, number>;
  readonly duplicates: number;
  readonly coverage: number;
  readonly received: number;
}

/** A refusal or two may pass; more than one in a hundred seconds is a client that does not wait. */
const maxRateLimitedShare = 0.01;

export function reportCatchUp(measure: CatchUpMeasure): LongRunReport {
  const { seconds, coverage, received, duplicates, errors, caughtUpPerSecond, plainPerSecond } = measure;
  const rateLimited = errors.get("rate_limited") ?? 0;
  const otherErrors = [...errors].filter(([code]) => code !== "rate_limited");
  const faults = [
    ...(coverage === 1 && received === seconds ? [] : [`${seconds - received} seconds are missing`]),
    ...(duplicates === 0 ? [] : [`${duplicates} seconds were sent twice`]),
    ...(rateLimited <= seconds * maxRateLimitedShare ? [] : [`${rateLimited} rate_limited: a loop`]),
    ...(otherErrors.length === 0 ? [] : ["the room refused seconds"]),
  ];
  return {
    lines: [
      reportRow("recorded offline", `${seconds} s, at ${measure.recordedPerSecond.toFixed(0)} a second`),
      reportRow(
        "gateway up",
        `after ${measure.startedMs.toFixed(0)} ms; connected ${measure.connectedMs.toFixed(0)} ms later`,
      ),
      reportRow("caught up", `${caughtUpPerSecond.toFixed(0)} s of audio a second`),
      reportRow("bare window", `${plainPerSecond.toFixed(0)} s of audio a second`),
      reportRow("caught up ÷ bare", (caughtUpPerSecond / plainPerSecond).toFixed(2)),
      reportRow("attempts, reconnects", `${measure.attempts}, ${measure.reconnects}`),
      reportRow("rate_limited", String(rateLimited)),
      reportRow("other errors", otherErrors.map(([code, count]) => `${code} ${count}`).join(", ") || "0"),
      reportRow("duplicates", String(duplicates)),
      reportRow("coverage", `${coverage} (${received} of ${seconds} s)`),
      faults.length === 0 ? "\nEvery second is kept, once." : `\nFAILED: ${faults.join("; ")}.`,
    ],
    isGood: faults.length === 0,
  };
}
