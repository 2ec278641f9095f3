/**
 * Since when a meeting's captions are behind what is kept, told to the installation while they are (SPEC Z5). Looked at once a round of the
 * captioner, never for a chunk. What is behind for less than `leastMs` is the ordinary work of a pause, and nobody hears of it.
 */
import { describeError, type Log } from "../../shared/telemetry/log.ts";

const leastMs = 10_000;
/** Told again so often, so that what was lost, or what a dead captioner left, does not stand for good. */
const againMs = 10_000;

export interface CaptionLagDeps {
  /** May reject. @param since ms since 1970; null: they are not behind any more. */
  readonly tell: (since: number | null) => Promise<void>;
  /** Whether somebody was told that they are behind, and not yet that they are not: known through a restart. */
  readonly wasTold: () => boolean;
  readonly noteTold: (isTold: boolean) => void;
  readonly keepAlive: (work: Promise<void>) => void;
  readonly log: () => Log;
  readonly now: () => number;
}

export class CaptionLag {
  readonly #deps: CaptionLagDeps;
  #since: number | undefined;
  /** When it was told last, ms since 1970; 0 where one that died did. */
  #toldAt: number | undefined;
  #isTelling = false;

  constructor(deps: CaptionLagDeps) {
    this.#deps = deps;
    if (deps.wasTold()) this.#toldAt = 0;
  }

  /** After a round. @param isBehind whether something that is kept is not said yet. @param nextInMs when the next round is. */
  round(isBehind: boolean, nextInMs: number): void {
    const now = this.#deps.now();
    if (!isBehind) {
      this.#since = undefined;
      if (this.#toldAt !== undefined) this.#tell(null);
      return;
    }
    this.#since ??= now;
    const isLong = now + nextInMs - this.#since >= leastMs;
    if (isLong && (this.#toldAt === undefined || now - this.#toldAt >= againMs)) this.#tell(this.#since);
  }

  #tell(since: number | null): void {
    if (this.#isTelling) return;
    this.#isTelling = true;
    if (since !== null && this.#toldAt === undefined) this.#deps.noteTold(true);
    this.#toldAt = this.#deps.now();
    this.#deps.keepAlive(this.#told(since));
  }

  async #told(since: number | null): Promise<void> {
    try {
      await this.#deps.tell(since);
      if (since !== null || this.#since !== undefined) return;
      this.#toldAt = undefined;
      this.#deps.noteTold(false);
    } catch (cause) {
      this.#deps.log().warn("telemetry.not_taken", { error: describeError(cause) });
    } finally {
      this.#isTelling = false;
    }
  }
}
