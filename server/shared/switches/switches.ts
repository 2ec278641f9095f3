/**
 * Areas that an operator switched off, in D1 (SPEC X10). Guarantees that a change holds within 30 s wherever something is
 * asked, that nobody waits longer than a second for the answer, and that a database which can't be asked changes nothing: the
 * last answer holds, and before the first one everything is on.
 */
import { type SwitchName, switchNameSchema } from "../../../schemas/switches.ts";
import { withTimeout } from "../../../schemas/lib/timeout.ts";
import { remainingMs } from "../lib/cooldown.ts";
import { describeError, log } from "../telemetry/log.ts";

const freshMs = 15_000;
const retryMs = 5_000;
const patienceMs = 1_000;

export interface SwitchesDeps {
  /** Names of what is off. */
  readonly read: () => Promise<readonly string[]>;
  /** ms since 1970. */
  readonly now: () => number;
}

export class Switches {
  readonly #deps: SwitchesDeps;
  #off: ReadonlySet<SwitchName> = new Set();
  #readAgainAt = -Infinity;

  constructor(deps: SwitchesDeps) {
    this.#deps = deps;
  }

  /** Waits for the answer where the last one is old. */
  async isOff(name: SwitchName): Promise<boolean> {
    if (this.#isDue) await this.#read();
    return this.#off.has(name);
  }

  /** The last answer; a newer one is asked for where that is old. For work that may not wait. @param later runs what is begun. */
  isOffNow(name: SwitchName, later: (work: Promise<void>) => void): boolean {
    if (this.#isDue) later(this.#read());
    return this.#off.has(name);
  }

  get #isDue(): boolean {
    return remainingMs(this.#readAgainAt, this.#deps.now(), freshMs) === 0;
  }

  /** Others who ask meanwhile take the last answer: a promise of one request can't be awaited in another. */
  async #read(): Promise<void> {
    this.#readAgainAt = this.#deps.now() + retryMs;
    try {
      const names = await withTimeout(this.#deps.read(), patienceMs, "switches");
      this.#off = new Set(names.flatMap((name) => switchNameSchema.safeParse(name).data ?? []));
      this.#readAgainAt = this.#deps.now() + freshMs;
    } catch (cause) {
      log.warn("switches.not_read", { error: describeError(cause) });
    }
  }
}
