/**
 * KV's simulator gives nobody what has expired, and keeps it on the disk until a list is asked for, which no Worker does: speech that
 * was cached for an hour would stay for ever. So a list is asked for now and then (SPEC L19).
 */
import type { Miniflare } from "miniflare";

export const sweepEveryMs = 600_000;

/** Of the app Worker. */
const [binding, worker] = ["CACHE", "roomtone-app"] as const;

/** Sweeps at once, and then now and then. @returns ends it; a sweep that the runtime's end cuts off is no failure. */
export function sweepExpired(
  miniflare: Pick<Miniflare, "getKVNamespace">,
  onFailure: (cause: unknown) => void,
): () => void {
  let isEnded = false;
  const sweep = (): void => {
    miniflare
      .getKVNamespace(binding, worker)
      .then((cache) => cache.list({ limit: 1 }))
      .catch((cause: unknown) => {
        if (!isEnded) onFailure(cause);
      });
  };
  sweep();
  const timer = setInterval(sweep, sweepEveryMs);
  timer.unref();
  return () => {
    isEnded = true;
    clearInterval(timer);
  };
}
