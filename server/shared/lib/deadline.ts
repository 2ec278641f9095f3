/** A signal that aborts in `ms`, unless it is cleared: a timer that is still to fire keeps a room from sleeping. */
export interface Deadline {
  readonly signal: AbortSignal;
  readonly clear: () => void;
}

export function deadlineIn(ms: number): Deadline {
  const controller = new AbortController();
  const timer = setTimeout(() => controller.abort(), ms);
  return { signal: controller.signal, clear: () => clearTimeout(timer) };
}
