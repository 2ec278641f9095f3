/** Requests without a valid credential: counted by address, limited before they cost anything, and nobody else's loss. */
import { describe, expect, test } from "vitest";
import { limits } from "../../schemas/limits.ts";
import { range } from "./support/audio.ts";
import { bindings } from "./support/bindings.ts";
import { Client } from "./support/client.ts";
import { clock } from "./support/clock.ts";
import { bearer, type Gateway, gatewayWith, keyFor, newKey, required, tokenWith } from "./support/doors.ts";
import { newSession, RoomUnderTest } from "./support/room.ts";
import { codeOf } from "./support/tenant.ts";

const tenant = "acme";
const { key } = await keyFor(tenant, ["admin"]);
const upgrade = { upgrade: "websocket" };

/** Counts what D1 is asked for. */
let reads = 0;
const DB = {
  prepare: (sql: string): D1PreparedStatement => {
    reads += 1;
    return bindings.DB.prepare(sql);
  },
};
const counted = { ...required, RATE_LIMIT_PER_MINUTE: "1200", UNAUTHENTICATED_PER_MINUTE: "5" };
const few = gatewayWith({ ...counted, DB });

const broken = (): never => {
  throw new Error("broken");
};

let addresses = 0;
const newAddress = (): string => {
  addresses += 1;
  return `203.0.${addresses >> 8}.${addresses & 255}`;
};

const from = (address: string, headers: Record<string, string> = {}): { headers: Record<string, string> } => ({
  headers: { "cf-connecting-ip": address, ...headers },
});

/** Sends until it is limited. @returns what was answered. */
async function flood(address: string, headers: () => Record<string, string>, via: Gateway = few): Promise<number[]> {
  const statuses: number[] = [];
  for (const _ of range(1, 6)) statuses.push((await via("/v1/sessions", from(address, headers()))).status);
  return statuses;
}

const guesses: [string, () => Record<string, string>][] = [
  ["none", () => ({})],
  ["guessed keys", () => bearer(newKey().key)],
  ["what is no key", () => bearer("rt_nokey")],
  ["forged tokens", () => bearer("a.b.c")],
  ["another scheme", () => ({ authorization: "Basic YTpi" })],
];

describe("by address", () => {
  test.each(guesses)(
    "[P15] [limit:unauthenticatedPerMinute] with %s: 401 up to the limit, then 429",
    async (_, guess) => {
      const address = newAddress();
      expect(await flood(address, guess)).toEqual([401, 401, 401, 401, 401, 429]);
      const refused = await few("/v1/sessions", from(address, guess()));
      expect(await codeOf(refused)).toBe("429 rate_limited");
      const waitS = Number(refused.headers.get("retry-after"));
      expect(waitS).toBeGreaterThan(0);
      expect(waitS).toBeLessThanOrEqual(61);
      // Others are not meant.
      expect((await few("/v1/sessions", from(newAddress(), guess()))).status).toBe(401);
      clock.advance(waitS * 1_000);
      expect((await few("/v1/sessions", from(address, guess()))).status).toBe(401);
    },
  );

  test("[P15] unless it is set, 300 a minute are answered", () => {
    expect(limits.unauthenticatedPerMinute).toBe(300);
  });

  test("[P15] once limited, guesses cost no read of D1 each, however many come", async () => {
    const address = newAddress();
    await flood(address, () => bearer(newKey().key));
    // The list of keys, once.
    await few("/v1/sessions", from(address, bearer(newKey().key)));
    reads = 0;
    const answers = await Promise.all(range(1, 50).map(() => few("/v1/sessions", from(address, bearer(newKey().key)))));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([429]));
    expect(reads).toBe(0);
  });

  test("[P15] one address of IPv6 is its /64, and an IPv4 address in IPv6's clothes the IPv4 address", async () => {
    await flood("2001:db8:1:2::1", () => ({}));
    expect((await few("/v1/sessions", from("2001:db8:1:2:ffff::9"))).status).toBe(429);
    expect((await few("/v1/sessions", from("2001:db8:1:3::1"))).status).toBe(401);
    const address = newAddress();
    await flood(address, () => ({}));
    expect((await few("/v1/sessions", from(`::ffff:${address}`))).status).toBe(429);
  });

  test("[L6] a limiter that fails leaves the 401", async () => {
    const blind = gatewayWith({ ...counted, RATE_LIMITER: { getByName: broken } });
    expect(new Set(await flood(newAddress(), () => ({}), blind))).toEqual(new Set([401]));
  });

  test("[P15] off, nothing is counted", async () => {
    for (const off of [{ UNAUTHENTICATED_PER_MINUTE: "off" }, { RATE_LIMIT_PER_MINUTE: "off" }]) {
      const via = gatewayWith({ ...counted, ...off });
      expect(new Set(await flood(newAddress(), () => ({}), via))).toEqual(new Set([401]));
    }
  });

  test("[P15] that keys can't be checked is nobody's fault who asks", async () => {
    const address = newAddress();
    const blind = gatewayWith({ ...counted, DB: { prepare: broken } });
    expect(new Set(await flood(address, () => bearer(newKey().key), blind))).toEqual(new Set([503]));
    expect((await few("/v1/sessions", from(address))).status).toBe(401);
  });
});

describe("who shares the address", () => {
  test("[P15] goes through with a valid credential, seen before or not, and is counted by it alone", async () => {
    const address = newAddress();
    const sessionId = newSession();
    await flood(address, () => bearer(newKey().key));
    const unseen = await keyFor(tenant, ["sessions:read"]);
    clock.advance(1_500);
    await flood(address, () => ({}));
    const token = await tokenWith({ tenant, session_id: sessionId, role: "capture" });
    for (const credential of [key, unseen.key]) {
      const answer = await few("/v1/sessions", from(address, bearer(credential)));
      expect(answer.status).toBe(200);
      expect(answer.headers.get("x-ratelimit-limit")).toBe(String(limits.requestsPerMinute));
    }
    const { headers } = from(address, { ...upgrade, "sec-websocket-protocol": `roomtone.v1.json, bearer.${token}` });
    const client = await Client.over(await few(`/v1/audio/ws/${sessionId}`, { headers }), sessionId);
    expect(await client.keep(1)).toMatchObject({ status: "stored" });
    expect((await few("/v1/sessions", from(address))).status).toBe(429);
  });

  test("[P15] a revoked key, and another's id with a guessed secret, do not", async () => {
    const address = newAddress();
    const revoked = await keyFor(tenant, ["admin"], { isRevoked: true });
    await flood(address, () => ({}));
    for (const credential of [revoked.key, `${key.slice(0, 16)}${newKey().secret}`]) {
      expect((await few("/v1/sessions", from(address, bearer(credential)))).status).toBe(429);
    }
  });
});

const paths = (id: string): string[] => [`/v1/audio/ws/${id}`, `/v1/audio/ws/${id}/mic`, `/v1/sessions/${id}/live`];

describe("sockets", () => {
  test("[W7] [P15] without a credential there is no socket but a plain 401, which counts", async () => {
    const address = newAddress();
    const room = new RoomUnderTest(newSession(), tenant);
    const [first = ""] = paths(room.sessionId);
    const tried = [...paths(room.sessionId), first, first, first];
    const codes: string[] = [];
    for (const path of tried) codes.push(await codeOf(await few(path, from(address, upgrade))));
    expect(codes).toEqual([...Array.from({ length: 5 }, () => "401 unauthorized"), "429 rate_limited"]);
    expect(await room.dump()).toEqual({});
  });

  test.each<[string, Record<string, string>, number]>([
    ["a forged token", bearer("a.b.c"), 4401],
    ["a guessed key", bearer(newKey().key), 4401],
    ["a foreign page and any credential", { ...bearer("a.b.c"), origin: "https://evil.example" }, 4403],
  ])("[W7] [P15] with %s the socket says why, and beyond the limit there is none", async (_, headers, code) => {
    const address = newAddress();
    const [path = ""] = paths(newSession());
    for (let n = 0; n < 5; n += 1) {
      const client = await Client.over(await few(path, from(address, { ...upgrade, ...headers })), "any");
      await client.nextOf("error");
      await client.expectClose(code);
    }
    expect(await codeOf(await few(path, from(address, { ...upgrade, ...headers })))).toBe("429 rate_limited");
  });
});

test("[L1] [P15] with AUTH_MODE=off each address has a limit of its own", async () => {
  const local = gatewayWith({ RATE_LIMIT_PER_MINUTE: "5" }, "http://localhost:8787");
  const address = newAddress();
  expect(await flood(address, () => ({}), local)).toEqual([200, 200, 200, 200, 200, 429]);
  expect((await local("/v1/sessions", from(newAddress()))).status).toBe(200);
  const socket = await local(`/v1/audio/ws/${newSession()}`, from(address, upgrade));
  expect(await (await Client.over(socket, "any")).nextOf("error")).toMatchObject({ code: "rate_limited" });
});
