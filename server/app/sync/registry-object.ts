/** The registry of a tenant's bodies as a Durable Object, by the tenant's name. */
import { DurableObject } from "cloudflare:workers";
import { Cooldown } from "../../shared/lib/cooldown.ts";
import { durableDatabase } from "../../shared/lib/durable-database.ts";
import { describeError, log } from "../../shared/telemetry/log.ts";
import type { Env } from "../env.ts";
import type { HeldBody } from "./bodies/body-bucket.ts";
import { r2Bucket } from "./bodies/r2-bucket.ts";
import { Registry } from "./bodies/registry.ts";

export class BodyRegistry extends DurableObject<Env> {
  readonly #registry: Registry;
  readonly #cooldown = new Cooldown({ firstMs: 2_000, maxMs: 600_000, now: () => Date.now(), random: Math.random });

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    this.#registry = new Registry(durableDatabase(ctx.storage), r2Bucket(env.KNOWLEDGE_STORE));
  }

  async hold(body: HeldBody): Promise<string> {
    const key = this.#registry.hold(body);
    await this.#setAlarm();
    return key;
  }

  async release(body: Omit<HeldBody, "bytes">): Promise<void> {
    this.#registry.release(body);
    await this.#setAlarm();
  }

  override async alarm(): Promise<void> {
    try {
      await this.#registry.sweep();
      this.#cooldown.succeeded();
    } catch (cause) {
      log.warn("sync.trash_left", { delay_ms: this.#cooldown.failed(), error: describeError(cause) });
    }
    await this.#setAlarm();
  }

  async #setAlarm(): Promise<void> {
    if (this.#registry.hasTrash) await this.ctx.storage.setAlarm(Math.max(Date.now(), this.#cooldown.until));
  }
}
