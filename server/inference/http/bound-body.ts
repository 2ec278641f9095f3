/** A body that never ends holds a connection for ever, and the place of whoever comes next. */

/** What it needs of Node's `IncomingMessage`. */
interface Incoming {
  readonly url?: string | undefined;
  readonly complete: boolean;
  readonly destroy: () => unknown;
  readonly setTimeout: (ms: number, then?: () => void) => unknown;
}

export const bodyTimes = {
  /** A body of 32 MB within it, over any network that a model should be behind. */
  shortMs: 60_000,
  /** Between two parts of a body that may be long: a model may think before it takes the next. */
  idleMs: 150_000,
  /** And all of such a body: three hours of audio are heard in a quarter of it. */
  longMs: 3_600_000,
} as const;

/** @param longBodies paths whose bodies may be long. @returns what ends the watch. */
export function boundBody(request: Incoming, longBodies: ReadonlySet<string>): () => void {
  const isLong = longBodies.has(URL.parse(request.url ?? "", "http://inference")?.pathname ?? "");
  if (isLong) request.setTimeout(bodyTimes.idleMs, () => request.destroy());
  const end = (): void => {
    if (!request.complete) request.destroy();
  };
  const timer = setTimeout(end, isLong ? bodyTimes.longMs : bodyTimes.shortMs);
  return () => {
    clearTimeout(timer);
    if (isLong) request.setTimeout(0);
  };
}
