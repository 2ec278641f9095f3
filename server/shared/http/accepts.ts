/** What a client wants to have, by its `Accept` (RFC 9110 §12.5.1). Pure. */

interface Range {
  readonly type: string;
  /** How much it is wanted, 0–1; 0 is not at all. */
  readonly quality: number;
}

/**
 * Whether the events are wanted as a stream: where it is named, unless JSON is named as what is wanted more. Whoever names neither
 * (any type, no header) gets JSON.
 */
export function wantsEventStream(accept: string | undefined): boolean {
  const ranges = (accept ?? "").split(",").map(rangeOf);
  const stream = qualityOf(ranges, "text/event-stream");
  return stream > 0 && stream >= qualityOf(ranges, "application/json");
}

function qualityOf(ranges: readonly Range[], wanted: string): number {
  return Math.max(0, ...ranges.filter(({ type }) => type === wanted).map(({ quality }) => quality));
}

function rangeOf(text: string): Range {
  const [type = "", ...parameters] = text.split(";").map((part) => part.trim().toLowerCase());
  const weight = parameters.find((parameter) => /^q\s*=/.test(parameter))?.replace(/^q\s*=\s*/, "");
  const quality = weight === undefined ? 1 : Number(weight);
  // A weight that is none says nothing.
  return { type, quality: quality >= 0 && quality <= 1 ? quality : 1 };
}
