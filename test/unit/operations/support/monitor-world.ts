/** What runs an installation's alerts and counters in a test: the monitor over one database, with a clock that stands. */
import type { MeetingReport, TelemetryBatch } from "../../../../schemas/telemetry.ts";
import { Monitor } from "../../../../server/app/operations/monitor.ts";
import { parseOperations } from "../../../../server/shared/config/operations.ts";
import type { Database } from "../../../../server/shared/lib/sql.ts";
import { nodeSqlite } from "../../../support/node-database.ts";

interface Posted {
  readonly url: string;
  readonly body: string;
  readonly headers: Headers;
}

/** A monitor over one database, whose clock stands until it is told; and what it posts. */
export class MonitorWorld {
  now = Date.parse("2026-11-29T10:04:00Z");
  answer = (): Response => new Response(null, { status: 204 });
  readonly posted: Posted[] = [];
  readonly #db: Database = nodeSqlite(() => this.now).open();
  readonly #env: Readonly<Record<string, string>>;
  /** Of the disk. */
  freeBytes: number | undefined;
  monitor: Monitor;
  #batches = 0;

  constructor(env: Readonly<Record<string, string>> = {}) {
    this.#env = { ALERT_WEBHOOK_URL: "https://pager.example/in", ALERT_WEBHOOK_TOKEN: "pager-token", ...env };
    this.monitor = this.restart();
  }

  restart(): Monitor {
    const config = parseOperations(this.#env);
    if (!config.ok) throw new Error(config.error.join());
    this.monitor = new Monitor({
      db: this.#db,
      config: config.value,
      random: () => 0.5,
      freeBytes: () => Promise.resolve(this.freeBytes),
      fetcher: async (url, init) => {
        if (typeof url !== "string" || typeof init?.body !== "string") throw new Error("posted otherwise");
        const headers = new Headers(init.headers);
        this.posted.push({ url, body: init.body, headers });
        return this.answer();
      },
    });
    return this.monitor;
  }

  take(batch: Partial<TelemetryBatch>): void {
    this.#batches += 1;
    this.monitor.take({ id: `b${this.#batches}`, lines: [], counts: [], ...batch });
  }

  report(meeting: Partial<MeetingReport>): void {
    const none = { kept: 0, duplicate: 0, rejected: 0, archived: 0 };
    const plain = { tenant: "default", session_id: "m1", status: "open" as const, totals: none, told: none };
    const webhooks = { webhooks_pending: 0, webhooks_dead: 0, webhooks_failing: 0 };
    const waiting = { pending_chunks: 0, oldest_pending_at: null, quota: null };
    this.take({ meeting: { ...plain, ...waiting, ...webhooks, is_inference_down: false, ...meeting } });
  }

  requests(status: string, value: number): void {
    this.take({ counts: [{ name: "roomtone_http_requests_total", labels: ["getState", status], value }] });
  }

  async pass(seconds: number): Promise<void> {
    this.now += seconds * 1_000;
    await this.monitor.run();
  }

  value(name: string): number | undefined {
    return this.monitor.health().samples.find((sample) => sample.name === name)?.value;
  }

  notices(): string[] {
    return this.posted
      .map(({ body }) => JSON.parse(body) as { alert: string; state: string })
      .map(({ alert, state }) => `${alert} ${state}`);
  }
}
