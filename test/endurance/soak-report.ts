/** Whether a soak was flat: its tenths side by side, and each cost against its threshold. Pure. */
import { reportRow } from "../../scripts/cli/report-row.ts";

/** What one tenth of the meeting cost. */
export interface SoakTenth {
  /** Frames of all tracks that were acked by its end. */
  readonly acked: number;
  readonly perSecond: number;
  /** At its end. */
  readonly sqliteBytes: number;
  /** Of the databases, without their free pages: how long a file is says only what its longest backlog was. */
  readonly usedBytes: number;
  /** The median of many looks. */
  readonly memoryBytes: number;
  readonly ackMsP50: number;
  readonly ackMsP99: number;
  /** Kept and not yet in R2, at its end. */
  readonly pendingChunks: number;
}

/**
 * What a second may leave in SQLite once R2 has it: its row in `ledger` (track, seq, two times, a SHA-256).
 * A second of PCM has 32,000 bytes.
 */
const maxRowBytes = 160;
/** What waits for R2 at the end of the tenth. */
const sqliteSlackBytes = 8 * 2 ** 20;
/** The meeting that hostile watchers watch, and its log, until it is deleted. */
const hostileSlackBytes = 16 * 2 ** 20;
const maxMemoryRatio = 1.25;
const maxP50Ratio = 1.5;
const maxP99Ratio = 2;

const columns: readonly [name: string, show: (tenth: SoakTenth) => string, value?: (tenth: SoakTenth) => number][] = [
  ["frames acked", ({ acked }) => String(acked)],
  ["frames a second", ({ perSecond }) => perSecond.toFixed(0), ({ perSecond }) => perSecond],
  ["room's SQLite", ({ sqliteBytes }) => mebibytes(sqliteBytes, 2), ({ sqliteBytes }) => sqliteBytes],
  ["of it in use", ({ usedBytes }) => mebibytes(usedBytes, 2), ({ usedBytes }) => usedBytes],
  ["workerd's memory", ({ memoryBytes }) => mebibytes(memoryBytes, 0), ({ memoryBytes }) => memoryBytes],
  ["ack latency, p50", ({ ackMsP50 }) => `${ackMsP50.toFixed(1)} ms`, ({ ackMsP50 }) => ackMsP50],
  ["ack latency, p99", ({ ackMsP99 }) => `${ackMsP99.toFixed(1)} ms`, ({ ackMsP99 }) => ackMsP99],
  ["not yet in R2", ({ pendingChunks }) => `${pendingChunks} s`],
];

/** One tenth as a line, to be seen while the run goes on. */
export function tenthLine(tenth: number, costs: readonly SoakTenth[]): string {
  const cost = costs.at(-1);
  return `${tenth}/10  ${cost ? columns.map(([name, show]) => `${name} ${show(cost)}`).join(" · ") : ""}`;
}

/** @param costs of all tenths, in order. The first is left out: a cold process is no measure. */
export function reportSoak(
  [, start, ...rest]: readonly SoakTenth[],
  isHostile: boolean,
): { lines: string[]; isFlat: boolean } {
  const middle = rest[3];
  const end = rest.at(-1);
  if (!start || !middle || !end) throw new RangeError("a report needs ten tenths");
  const verdicts = judge(start, end, sqliteSlackBytes + (isHostile ? hostileSlackBytes : 0));
  return {
    lines: [
      reportRow("", "start (2/10)", "middle (6/10)", "end (10/10)", "end ÷ start"),
      ...columns.map(([name, show, value]) =>
        reportRow(name, ...[start, middle, end].map(show), value ? (value(end) / value(start)).toFixed(2) : ""),
      ),
      "",
      ...verdicts.map(({ ok, text }) => `${ok ? "flat    " : "NOT FLAT"}  ${text}`),
    ],
    isFlat: verdicts.every(({ ok }) => ok),
  };
}

interface Verdict {
  readonly ok: boolean;
  readonly text: string;
}

function judge(start: SoakTenth, end: SoakTenth, slackBytes: number): Verdict[] {
  const frames = end.acked - start.acked;
  const growth = end.usedBytes - start.usedBytes;
  const ratio = (name: string, value: (tenth: SoakTenth) => number, limit: number): Verdict => {
    const times = value(end) / value(start);
    return { ok: times <= limit, text: `${name}: ${times.toFixed(2)} times the start's; at most ${limit}` };
  };
  return [
    {
      ok: growth <= frames * maxRowBytes + slackBytes,
      text:
        `SQLite in use: ${(growth / frames).toFixed(0)} bytes more for each of ${frames} frames; ` +
        `at most ${maxRowBytes}, the ledger's row, and ${slackBytes / 2 ** 20} MiB in all`,
    },
    ratio("memory", ({ memoryBytes }) => memoryBytes, maxMemoryRatio),
    ratio("ack latency, p50", ({ ackMsP50 }) => ackMsP50, maxP50Ratio),
    ratio("ack latency, p99", ({ ackMsP99 }) => ackMsP99, maxP99Ratio),
  ];
}

function mebibytes(bytes: number, digits: number): string {
  return `${(bytes / 2 ** 20).toFixed(digits)} MiB`;
}
