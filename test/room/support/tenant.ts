/** A tenant of a test's own, and what its limits answer. */
import { expect } from "vitest";
import type { SessionConfig } from "../../../schemas/http/sessions.ts";
import { tenantUsage } from "../../../server/shared/limits/limiter-access.ts";
import { bindings } from "./bindings.ts";
import { Client } from "./client.ts";
import { bearer, type Gateway, guarded, keyFor } from "./doors.ts";
import { type QuotaFaults, quotaFaults } from "./quota-faults.ts";
import { newSession, RoomUnderTest } from "./room.ts";
import { setVariables } from "./variables.ts";

/** A tenant that no other test has, with a key that may do all. */
export class Tenant {
  readonly name: string;
  readonly key: string;
  readonly faults: QuotaFaults;

  static async new(): Promise<Tenant> {
    const name = `t-${crypto.randomUUID()}`;
    return new Tenant(name, (await keyFor(name, ["admin"])).key);
  }

  private constructor(name: string, key: string) {
    this.name = name;
    this.key = key;
    this.faults = quotaFaults(name);
  }

  /** A room with variables of its own, not opened yet. */
  room(variables: Readonly<Record<string, string>> = {}): RoomUnderTest {
    const room = new RoomUnderTest(newSession(), this.name);
    setVariables(room.sessionId, variables, this.name);
    return room;
  }

  connect(room: RoomUnderTest, track?: string): Promise<Client> {
    const options = { credential: this.key, via: guarded };
    return Client.connect(room.sessionId, track === undefined ? options : { ...options, track });
  }

  async watch(room: RoomUnderTest, via: Gateway = guarded): Promise<Client> {
    const headers = { upgrade: "websocket", ...bearer(this.key) };
    return Client.over(await via(`/v1/sessions/${room.sessionId}/live`, { headers }), room.sessionId);
  }

  create(room: RoomUnderTest, config: SessionConfig = {}): Promise<Response> {
    return this.send("POST", "/v1/sessions", { session_id: room.sessionId, ...config });
  }

  send(method: string, path: string, body: object = {}): Promise<Response> {
    return guarded(path, { method, headers: bearer(this.key), body: JSON.stringify(body) });
  }

  async openSessions(): Promise<number> {
    return (await tenantUsage(bindings.TENANT_QUOTA, this.name)).openSessions;
  }
}

/** Such as `429 rate_limited`. */
export async function codeOf(answer: Response): Promise<string> {
  return `${answer.status} ${(await answer.json<{ code?: string }>()).code ?? ""}`.trim();
}

/** Waits for the refusal of a connection. @returns when to come back, ms. */
export async function expectLater(client: Client): Promise<number> {
  const error = await client.nextOf("error");
  expect(error).toMatchObject({ code: "rate_limited", retryable: true });
  await client.expectClose(4429);
  return error.retry_after_ms ?? 0;
}
