/** Whether a machine was quiet enough for a conclusion. Pure: what was looked at comes in, sentences come out. */

/** One look at the machine, before or after the figures. */
export interface Reference {
  /** Of all processors, used by others in a second in which this program did nothing: 0–1. */
  readonly othersShare: number;
  /** How much longer a fixed piece of work took by the clock than on the processor, on every core at once: 1 where nobody else ran. */
  readonly stretch: number;
  /** Time on the processor of that work, ms: the same machine at the same clock rate takes the same. */
  readonly workMs: number;
  /** Acks a second of the null room; undefined before it was measured. */
  readonly nullAcks?: number | undefined;
}

export const quiet = { maxOthersShare: 0.1, maxStretch: 1.15, maxChange: 0.2 } as const;

/** @returns a sentence for each reason to conclude nothing; none of a quiet machine. */
export function reasonsToDoubt(looks: readonly Reference[]): string[] {
  const [first] = looks;
  const last = looks.at(-1);
  const busy = looks.flatMap(({ othersShare, stretch }) => [
    ...(othersShare > quiet.maxOthersShare
      ? [`Other programs used ${percent(othersShare)} of the processors, more than ${percent(quiet.maxOthersShare)}.`]
      : []),
    ...(stretch > quiet.maxStretch
      ? [
          `A fixed piece of work took ${stretch.toFixed(2)} times its time on the processor, more than ${quiet.maxStretch}.`,
        ]
      : []),
  ]);
  if (!first || !last || first === last) return busy;
  return [
    ...busy,
    ...changed("The fixed piece of work", first.workMs, last.workMs, "ms on the processor"),
    ...(first.nullAcks === undefined || last.nullAcks === undefined
      ? []
      : changed("The null room", first.nullAcks, last.nullAcks, "acks a second")),
  ];
}

function changed(what: string, before: number, after: number, unit: string): string[] {
  const change = Math.abs(after - before) / before;
  if (change <= quiet.maxChange) return [];
  return [
    `${what} came to ${before.toFixed(0)} ${unit} before and ${after.toFixed(0)} after: it changed by more than ${percent(quiet.maxChange)}.`,
  ];
}

function percent(share: number): string {
  return `${(share * 100).toFixed(0)} %`;
}
