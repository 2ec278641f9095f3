/**
 * Posts lines to `LOG_DRAIN_URL`, as JSON, one a line. In memory, bounded, in the background: nobody waits for it, and a drain that is away
 * costs the lines that do not fit. How many is counted, and said with the first batch that is taken again.
 */
import { deadlineIn } from "../../../schemas/lib/timeout.ts";
import type { TelemetryLine } from "../../../schemas/telemetry.ts";
import { Cooldown } from "../../shared/lib/cooldown.ts";

export const drainLimits = { maxLines: 5_000, maxPerPost: 500, timeoutMs: 10_000 } as const;

export interface DrainDeps {
  readonly fetcher: typeof fetch;
  readonly now: () => number;
  readonly random: () => number;
  /** Lines that got no further. */
  readonly onDropped: (lines: number) => void;
}

export class LogDrain {
  readonly #deps: DrainDeps;
  readonly #cooldown: Cooldown;
  #lines: TelemetryLine[] = [];
  /** Dropped, and not said yet. */
  #unsaid = 0;

  constructor(deps: DrainDeps) {
    this.#deps = deps;
    this.#cooldown = new Cooldown({ firstMs: 2_000, maxMs: 60_000, now: deps.now, random: deps.random });
  }

  add(lines: readonly TelemetryLine[]): void {
    this.#lines.push(...lines);
    const tooMany = this.#lines.length - drainLimits.maxLines;
    if (tooMany <= 0) return;
    this.#lines.splice(0, tooMany);
    this.#unsaid += tooMany;
    this.#deps.onDropped(tooMany);
  }

  /** When there is something to post, ms since 1970. */
  get nextDueAt(): number | undefined {
    return this.#lines.length === 0 ? undefined : Math.max(this.#deps.now(), this.#cooldown.until);
  }

  /** Posts until nothing waits or one was not taken. Never rejects. */
  async post(url: string, token: string | undefined): Promise<void> {
    while (this.#lines.length > 0 && this.#cooldown.isOver) {
      const lines = this.#lines.slice(0, drainLimits.maxPerPost);
      const dropped = this.#unsaid;
      const said = dropped === 0 ? [] : [this.#dropLine(dropped)];
      if (!(await this.#try(url, token, [...said, ...lines]))) {
        this.#cooldown.failed();
        return;
      }
      this.#cooldown.succeeded();
      this.#unsaid -= dropped;
      // What came meanwhile may have pushed some of these out.
      const posted = new Set(lines);
      this.#lines = this.#lines.filter((line) => !posted.has(line));
    }
  }

  #dropLine(lines: number): TelemetryLine {
    return { at: this.#deps.now(), level: "warn", event: "log_drain.dropped", lines };
  }

  async #try(url: string, token: string | undefined, lines: readonly TelemetryLine[]): Promise<boolean> {
    const { signal, clear } = deadlineIn(drainLimits.timeoutMs);
    const type = { "content-type": "application/x-ndjson" };
    try {
      const answer = await this.#deps.fetcher(url, {
        method: "POST",
        headers: token === undefined ? type : { ...type, authorization: `Bearer ${token}` },
        body: lines.map((line) => `${JSON.stringify({ ...line, at: new Date(line.at).toISOString() })}\n`).join(""),
        signal,
        redirect: "manual",
      });
      await answer.body?.cancel();
      return answer.ok;
    } catch {
      return false;
    } finally {
      clear();
    }
  }
}
