/** A body that never ends holds a connection for ever, and the place of whoever comes next. */

/** What it needs of Node's `IncomingMessage`. */
interface Incoming {
  readonly url?: string | undefined;
  readonly complete: boolean;
  readonly destroy: () => unknown;
  readonly setTimeout: (ms: number, then?: () => void) => unknown;
}

/** A body that may be read no further. */
interface Unread {
  readonly complete: boolean;
  readonly once: (event: "end" | "close", then: () => void) => unknown;
  readonly removeAllListeners: (event: "readable") => unknown;
  readonly resume: () => unknown;
}

export const bodyTimes = {
  /** A body of 32 MB within it, over any network that a model should be behind. */
  shortMs: 60_000,
  /** Between two parts of a body that may be long: a model may think before it takes the next. */
  idleMs: 150_000,
  /** And all of such a body: three hours of audio are heard in a quarter of it. */
  longMs: 3_600_000,
  /** Of what nobody is going to read. */
  unreadMs: 5_000,
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

/**
 * Takes what is still being sent, and forgets it: a connection that is closed over unread bytes is reset, and with it goes an answer that
 * its sender has not read yet. Resolves at its end, or after a while.
 */
export async function readAway(request: Unread): Promise<void> {
  if (request.complete) return;
  await new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, bodyTimes.unreadMs);
    const done = (): void => {
      clearTimeout(timer);
      resolve();
    };
    request.once("end", done);
    request.once("close", done);
    // Whoever began to read it and left would hold it up.
    request.removeAllListeners("readable");
    request.resume();
  });
}
