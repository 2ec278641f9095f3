/** A run of `npm run fuzz`: a gateway that asks for credentials, mutated frames, mutated requests, and what it printed. */
import { randomBytes } from "node:crypto";
import type { Scope } from "../../schemas/access.ts";
import { createProgress } from "../../client/cli/progress.ts";
import { complaintsIn, GatewayProcess } from "../../scripts/local/gateway-process.ts";
import { KeysAdmin } from "../../scripts/keys/keys-admin.ts";
import { openLocalKeys } from "../../scripts/keys/keys-local.ts";
import { mintKey } from "../../scripts/keys/keys-mint.ts";
import { Finding, hold } from "./finding.ts";
import { fuzzFrames } from "./gateway-frames.ts";
import { fuzzRequests, type RequestFuzz } from "./gateway-requests.ts";

export interface FuzzOptions {
  readonly frames: number;
  readonly requests: number;
  readonly seed: number;
}

export class FuzzRun {
  readonly #gateway: GatewayProcess;
  readonly #secret = randomBytes(32).toString("base64url");
  readonly #progress = createProgress(process.stderr);

  constructor() {
    this.#gateway = new GatewayProcess({
      env: {
        AUTH_MODE: "required",
        JWT_SECRET: this.#secret,
        MAX_REALTIME_FACTOR: "off",
        RATE_LIMIT_PER_MINUTE: "off",
        MAX_OPEN_SESSIONS: "off",
        AUDIO_QUOTA_S_PER_DAY: "off",
        RESOLVE_AUTO: "off",
        TRACK_STALLED_AFTER_MS: "0",
        AUTO_FINALIZE_AFTER_MS: "off",
      },
    });
  }

  /** @throws Finding */
  async run({ frames, requests, seed }: FuzzOptions): Promise<void> {
    const gateway = this.#gateway;
    await gateway.start();
    const keys = await this.#newKeys();
    if (frames > 0) {
      const beganAt = performance.now();
      const onFrame = (done: number): void => this.#progress.update(done, frames, `${done} of ${frames} frames`);
      const { kept } = await this.#watched(
        fuzzFrames({ gateway, key: keys.admin, secret: this.#secret, seed, frames, onFrame }),
      );
      this.#print(`${frames} frames in ${secondsSince(beganAt)} s, ${kept} seconds kept: no finding`);
    }
    if (requests > 0) {
      const beganAt = performance.now();
      const onRequest = (done: number): void =>
        this.#progress.update(done, requests, `${done} of ${requests} requests`);
      const answers = await this.#watched(
        fuzzRequests({ gateway, keys, secret: this.#secret, seed, requests, onRequest }),
      );
      const byStatus = [...answers].sort(([a], [b]) => a - b).map(([status, many]) => `${status}: ${many}`);
      this.#print(`${requests} requests in ${secondsSince(beganAt)} s (${byStatus.join(", ")}): no finding`);
    }
  }

  async dispose(): Promise<void> {
    this.#progress.clear();
    await this.#gateway.dispose();
  }

  /** What the gateway complains of is a finding too, and most often the cause of another. */
  async #watched<T>(work: Promise<T>): Promise<T> {
    const outcome = await work.then(
      (value) => ({ value }),
      (cause: unknown) => ({ cause }),
    );
    const complaints = complaintsIn(this.#gateway.output);
    const said = complaints.length === 0 ? "" : `\nthe gateway printed:\n${complaints.slice(0, 20).join("\n")}`;
    if ("cause" in outcome) {
      if (outcome.cause instanceof Finding)
        throw new Finding(`${outcome.cause.message}${said}`, { cause: outcome.cause });
      throw outcome.cause;
    }
    hold(said === "", `uncaught:${said}`);
    hold(this.#gateway.isRunning, "the gateway has ended");
    return outcome.value;
  }

  async #newKeys(): Promise<RequestFuzz["keys"]> {
    const database = await openLocalKeys(this.#gateway.stateDir);
    try {
      const keysAdmin = new KeysAdmin({ database, mint: mintKey, now: () => Date.now() });
      const create = (scope: Scope, tenant = "default") =>
        keysAdmin.create({ tenant, name: "fuzz", scopes: [scope], lifetimeMs: undefined });
      const revoked = await create("admin");
      await keysAdmin.revoke(revoked.row.key_id);
      return {
        admin: (await create("admin")).key,
        writeKey: (await create("sessions:write")).key,
        readKey: (await create("sessions:read")).key,
        mintKey: (await create("tokens:mint")).key,
        otherTenantKey: (await create("admin", "other")).key,
        revokedKey: revoked.key,
      };
    } finally {
      await database.close();
    }
  }

  #print(line: string): void {
    this.#progress.clear();
    console.log(line);
  }
}

function secondsSince(at: number): string {
  return ((performance.now() - at) / 1_000).toFixed(0);
}
