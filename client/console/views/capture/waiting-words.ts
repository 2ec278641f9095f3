/** How safe a recording is, in one sentence. Pure. */

interface Waiting {
  /** Seconds that are stored here and not kept by the gateway yet. */
  readonly waiting: number;
  readonly isOffline: boolean;
  readonly isEnding: boolean;
}

/** A second in the making, and one on its way. */
const usualSeconds = 3;

export function waitingWords({ waiting, isOffline, isEnding }: Waiting): string {
  const seconds = Math.ceil(waiting);
  if (isOffline) return `No connection. ${seconds} s waiting, nothing lost. It goes on by itself.`;
  if (isEnding) return seconds === 0 ? "All of it is kept." : `Sending the last ${seconds} s. Leave this page open.`;
  return seconds <= usualSeconds ? "All of it is kept." : `${seconds} s waiting, nothing lost.`;
}
