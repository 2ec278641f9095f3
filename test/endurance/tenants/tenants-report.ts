/** What is printed of a run. Pure. */
import { percentile } from "../../../scripts/cli/percentile.ts";
import type { AbuseKind, Tallies } from "./abuse-kinds.ts";

export interface Phase {
  readonly name: "quiet" | "abuse" | "after";
  readonly seconds: number;
  readonly ackMs: readonly number[];
  /** Of those that were still without an ack at its end: at least so long. */
  readonly waitingMs: readonly number[];
  /** Seconds of CPU that the gateway's processes took; undefined where the system does not tell. */
  readonly cpu: number | undefined;
}

/** Those that got no ack count too: left out, a gateway that answers nobody would look fast. */
const latency = ({ ackMs, waitingMs }: Phase, share: number): number => percentile([...ackMs, ...waitingMs], share);

/** A row of the table of phases. */
export function phaseRow(phase: Phase): Readonly<Record<string, string | number>> {
  const { name, seconds, ackMs, waitingMs, cpu } = phase;
  return {
    phase: name,
    acks: ackMs.length,
    waiting: waitingMs.length,
    ack_ms_p50: latency(phase, 0.5),
    ack_ms_p95: latency(phase, 0.95),
    ack_ms_p99: latency(phase, 0.99),
    ack_ms_max: latency(phase, 1),
    gateway_cpu: cpu === undefined ? "unknown" : `${((100 * cpu) / seconds).toFixed(0)} %`,
  };
}

/** One line for each kind of abuse: what it sent, and what became of it. */
export function tallyLines(tallies: Tallies, seconds: number): string[] {
  return (Object.entries(tallies) as [AbuseKind, Readonly<Record<string, number>>][]).map(([kind, tally]) => {
    const parts = Object.entries(tally)
      .sort(([, a], [, b]) => b - a)
      .map(([what, times]) => `${what} ${times} (${(times / seconds).toFixed(0)}/s)`);
    return `${kind.padEnd(12)} ${parts.join(", ")}`;
  });
}

const noAnswers: ReadonlySet<string> = new Set(["sent", "opened", "closed", "failed"]);

/** What the abuse cost the gateway beyond what the quiet phase did; undefined where the system does not tell. */
export function costLine(quiet: Phase, abuse: Phase, tallies: Tallies): string | undefined {
  if (quiet.cpu === undefined || abuse.cpu === undefined) return undefined;
  const answers = Object.values(tallies)
    .flatMap((tally) => Object.entries(tally))
    .reduce((sum, [what, times]) => (noAnswers.has(what) ? sum : sum + times), 0);
  const extra = abuse.cpu - quiet.cpu;
  const each = answers === 0 ? "" : `: ${((1_000 * extra) / answers).toFixed(2)} ms for each of ${answers} answers`;
  return `the gateway's CPU for the abuse  ${extra.toFixed(1)} s${each}`;
}

/** How much longer the good tenant's acks took. */
export function ratioLines(quiet: Phase, abuse: Phase, after: Phase): string[] {
  const ratio = (a: Phase, share: number): string => (latency(a, share) / latency(quiet, share)).toFixed(2);
  return [
    `ack latency, abuse / quiet   p50 ${ratio(abuse, 0.5)}, p95 ${ratio(abuse, 0.95)}, p99 ${ratio(abuse, 0.99)}`,
    `ack latency, after / quiet   p50 ${ratio(after, 0.5)}, p95 ${ratio(after, 0.95)}, p99 ${ratio(after, 0.99)}`,
  ];
}
