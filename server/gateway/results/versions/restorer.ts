/** Versions that R2 lost, or has with other bytes, made anew: each once at a time, however many ask for it. */
import { describeError, type Log } from "../../../shared/telemetry/log.ts";
import type { Versions } from "./versions.ts";

export class Restorer {
  readonly #versions: Pick<Versions, "restore">;
  readonly #log: Log;
  readonly #underWay = new Map<number, Promise<boolean>>();

  constructor(versions: Pick<Versions, "restore">, log: Log) {
    this.#versions = versions;
    this.#log = log;
  }

  /** @returns whether it lies in R2 now. Never rejects. */
  restore(version: number): Promise<boolean> {
    const known = this.#underWay.get(version);
    if (known) return known;
    const restoring = this.#restore(version).finally(() => this.#underWay.delete(version));
    this.#underWay.set(version, restoring);
    return restoring;
  }

  /** Resolves when nothing is being written. */
  async idle(): Promise<void> {
    await Promise.all(this.#underWay.values());
  }

  async #restore(version: number): Promise<boolean> {
    try {
      await this.#versions.restore(version);
      this.#log.warn("result.restored", { version });
      return true;
    } catch (cause) {
      this.#log.warn("result.not_restored", { version, error: describeError(cause) });
      return false;
    }
  }
}
