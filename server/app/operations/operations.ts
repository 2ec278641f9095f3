/** What the installation knows of itself as a Durable Object, one for all tenants: storage and alarm around `Monitor`, and nothing else. */
import { DurableObject } from "cloudflare:workers";
import type { TelemetryBatch } from "../../../schemas/telemetry.ts";
import { type OperationsConfig, parseOperations } from "../../shared/config/operations.ts";
import { durableDatabase } from "../../shared/lib/durable-database.ts";
import type { Env } from "../env.ts";
import { freeBytes } from "./local-disk.ts";
import { type Health, Monitor } from "./monitor.ts";

/** The name of the one object. */
export const installation = "installation";

export class Operations extends DurableObject<Env> {
  readonly #monitor: Monitor;
  /** As set by this object since it began. */
  #alarmAt: number | undefined;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    this.#monitor = new Monitor({
      db: durableDatabase(ctx.storage),
      config: configOf(env),
      fetcher: (input, init) => fetch(input, init),
      random: Math.random,
      freeBytes: () => freeBytes(env),
    });
  }

  async take(batch: TelemetryBatch): Promise<void> {
    this.#monitor.take(batch);
    await this.#setAlarm();
  }

  /** @param since ms since 1970; null where the meeting's captions are not behind any more. */
  async takeCaptions(tenant: string, sessionId: string, since: number | null): Promise<void> {
    this.#monitor.takeCaptions(tenant, sessionId, since);
    await this.#setAlarm();
  }

  forget(tenant: string, sessionId: string): void {
    this.#monitor.forget(tenant, sessionId);
  }

  health(): Health {
    return this.#monitor.health();
  }

  override async alarm(): Promise<void> {
    this.#alarmAt = undefined;
    await this.#monitor.run();
    await this.#setAlarm();
  }

  async #setAlarm(): Promise<void> {
    const at = this.#monitor.nextRunAt;
    if (at === undefined || (this.#alarmAt !== undefined && this.#alarmAt <= at)) return;
    this.#alarmAt = at;
    await this.ctx.storage.setAlarm(at);
  }
}

/** With a bad variable nothing is posted anywhere: it is named at the start, and where requests are refused for it. */
function configOf(env: Env): OperationsConfig {
  const config = parseOperations(env);
  if (config.ok) return config.value;
  const nothing = parseOperations({});
  if (!nothing.ok) throw new Error("the variables' defaults do not parse");
  return nothing.value;
}
