/**
 * Notice of a wait (V1): says on stderr that a capture waits, and why: on a terminal, in a log, under systemd, cron or Docker alike. First after 5 s, so
 * that a short break is no noise, then after 30 s, then every 5 minutes, and once when it is over.
 */

/** When it is said, ms after the wait began; then again with each last step. */
const sayAfterMs = [5_000, 30_000, 300_000] as const;
const againEveryMs = 300_000;

export interface WaitWords {
  /** @param forS seconds that it waits by now. */
  waiting(forS: number, reason: string): string;
  over(afterS: number): string;
}

export class WaitNotice {
  readonly #words: WaitWords;
  readonly #say: (line: string) => void;
  /** Of `performance.now()`; undefined while nothing waits. */
  #since: number | undefined;
  #reason = "";
  #said = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(words: WaitWords, say: (line: string) => void) {
    this.#words = words;
    this.#say = say;
  }

  /** It waits, or still does: the newest reason is the one that is said. */
  begin(reason: string): void {
    this.#reason = reason;
    if (this.#since !== undefined) return;
    this.#since = performance.now();
    this.#schedule(this.#since);
  }

  /** It waits no more. */
  end(): void {
    const forS = this.#waitedS();
    const wasSaid = this.#said > 0;
    this.stop();
    if (wasSaid) this.#say(this.#words.over(forS));
  }

  /** Says nothing more. */
  stop(): void {
    clearTimeout(this.#timer);
    this.#since = undefined;
    this.#said = 0;
  }

  #schedule(since: number): void {
    const last = sayAfterMs.length - 1;
    const dueMs = sayAfterMs[this.#said] ?? (sayAfterMs[last] ?? 0) + (this.#said - last) * againEveryMs;
    this.#timer = setTimeout(
      () => {
        this.#said += 1;
        this.#say(this.#words.waiting(this.#waitedS(), this.#reason));
        this.#schedule(since);
      },
      Math.max(0, since + dueMs - performance.now()),
    );
  }

  #waitedS(): number {
    return this.#since === undefined ? 0 : Math.round((performance.now() - this.#since) / 1_000);
  }
}
