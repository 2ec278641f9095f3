/** Waiting, and giving the thread to others. */

/** Resolves in `ms`. */
export function wait(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/**
 * Gives the thread back until all that waits for it had its turn. Between two steps of long work an `await` is not enough, nor is
 * a call to another object: where both live in one process, as the gateway's do on one machine, such calls are answered and
 * followed by the next without the thread ever looking at its sockets, so that no frame is read and no ack is sent until the
 * last of them. Only a timer makes it look.
 */
export function giveWay(): Promise<void> {
  return wait(0);
}

/** Call it before each of many steps, requests say: before all but the first it gives way. */
export function givingWay(): () => Promise<void> {
  let hasAsked = false;
  return async () => {
    if (hasAsked) await giveWay();
    hasAsked = true;
  };
}
