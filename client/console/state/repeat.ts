/** Does something now and again while the page is looked at: each time after the time before has ended. */

/** @returns what ends it. The work gets a signal that is aborted then. */
export function repeatWhileSeen(everyMs: number, work: (signal: AbortSignal) => Promise<void>): () => void {
  const ending = new AbortController();
  const isOver = (): boolean => ending.signal.aborted;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let isRunning = false;
  const run = async (): Promise<void> => {
    if (isRunning || isOver()) return;
    isRunning = true;
    clearTimeout(timer);
    try {
      await work(ending.signal);
    } finally {
      isRunning = false;
      if (!isOver() && !document.hidden) timer = setTimeout(() => void run(), everyMs);
    }
  };
  const look = (): void => {
    if (!document.hidden) void run();
  };
  document.addEventListener("visibilitychange", look, { signal: ending.signal });
  globalThis.addEventListener("online", look, { signal: ending.signal });
  void run();
  return () => {
    ending.abort(new DOMException("The view was left.", "AbortError"));
    clearTimeout(timer);
  };
}
