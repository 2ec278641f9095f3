/** Whether a soak was flat: its samples side by side, and each cost against its threshold. Pure. */

export interface SoakSample {
  /** Of the meeting, 0–1. */
  readonly share: number;
  /** Seconds of all tracks that were acked. */
  readonly acked: number;
  readonly elapsedMs: number;
  readonly sqliteBytes: number;
  readonly memoryBytes: number;
  /** Of the acks since the sample before. */
  readonly ackMsP50: number;
  readonly ackMsP99: number;
  /** Kept and not yet in R2. */
  readonly pendingChunks: number;
}

export interface SoakReport {
  readonly lines: readonly string[];
  readonly isFlat: boolean;
}

/**
 * What a second may leave in SQLite once R2 has it: the row in `chunks` (track, seq, two times, a SHA-256) and
 * its entry in the index of the key. A second of PCM has 32,000 bytes.
 */
const maxRowBytes = 160;
/** The log is never cut: it stays as long as the busiest moment made it. So does the file. */
const sqliteSlackBytes = 8 * 2 ** 20;
const maxMemoryRatio = 1.5;
const maxP50Ratio = 1.5;
const maxP99Ratio = 2;

/** @param samples in order; the first is the start, the last the end. */
export function reportSoak(samples: readonly SoakSample[]): SoakReport {
  const start = samples[0];
  const end = samples.at(-1);
  const middle = samples.find(({ share }) => share >= 0.5);
  if (!start || !middle || !end) throw new RangeError("a report needs samples of the start, the middle and the end");
  const row = (name: string, value: (sample: SoakSample) => number, unit: string, digits: number): string => {
    const values = [start, middle, end].map((sample) => `${value(sample).toFixed(digits)} ${unit}`.padStart(14));
    const ratio = value(end) / value(start);
    return `${name.padEnd(20)}${values.join("")}${(Number.isFinite(ratio) ? ratio.toFixed(2) : "–").padStart(14)}`;
  };
  const header = ["start", "middle", "end", "end ÷ start"].map((title) => title.padStart(14)).join("");
  const verdicts = judge(start, end);
  return {
    lines: [
      `${"".padEnd(20)}${header}`,
      row("acked", ({ acked }) => acked, "s", 0),
      row("room's SQLite", ({ sqliteBytes }) => sqliteBytes / 2 ** 20, "MiB", 2),
      row("workerd's memory", ({ memoryBytes }) => memoryBytes / 2 ** 20, "MiB", 0),
      row("ack latency, p50", ({ ackMsP50 }) => ackMsP50, "ms", 1),
      row("ack latency, p99", ({ ackMsP99 }) => ackMsP99, "ms", 1),
      row("not yet in R2", ({ pendingChunks }) => pendingChunks, "s", 0),
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

function judge(start: SoakSample, end: SoakSample): Verdict[] {
  const seconds = end.acked - start.acked;
  const growth = end.sqliteBytes - start.sqliteBytes;
  const perSecond = (growth / seconds).toFixed(0);
  const ratio = (name: string, value: (sample: SoakSample) => number, limit: number): Verdict => {
    const times = value(end) / value(start);
    return { ok: times <= limit, text: `${name}: ${times.toFixed(2)} times the start's; at most ${limit}` };
  };
  return [
    {
      ok: growth <= seconds * maxRowBytes + sqliteSlackBytes,
      text:
        `SQLite: ${perSecond} bytes more for each of ${seconds} s; ` +
        `at most ${maxRowBytes}, the ledger's row, and ${sqliteSlackBytes / 2 ** 20} MiB in all`,
    },
    ratio("memory", ({ memoryBytes }) => memoryBytes, maxMemoryRatio),
    ratio("ack latency, p50", ({ ackMsP50 }) => ackMsP50, maxP50Ratio),
    ratio("ack latency, p99", ({ ackMsP99 }) => ackMsP99, maxP99Ratio),
  ];
}
