import { Webhook } from "standardwebhooks";
import { describe, expect, test } from "vitest";
import { parseConfig } from "../../server/shared/config/config.ts";
import { planStalls, type TrackActivity } from "../../server/gateway/tracks/stall-plan.ts";
import type { WebhookConfig } from "../../server/shared/config/webhooks.ts";
import { post } from "../../server/gateway/webhooks/post.ts";
import { planNext, type TryOutcome } from "../../server/gateway/webhooks/schedule.ts";
import { bearerFor, canVouch } from "../../server/gateway/webhooks/vouching.ts";
import { retryAfterMs } from "../../server/shared/http/retry-after.ts";
import { tenantSecrets } from "../../server/shared/config/tenant-secrets.ts";

const secret = `whsec_${Buffer.alloc(32, 1).toString("base64")}`;

const track = (lastAt: number, reportedAt?: number): TrackActivity => ({
  track: `t${lastAt}`,
  lastSeq: 1,
  lastAt,
  reportedAt,
});

const settingsOf = (env: object): WebhookConfig => {
  const config = parseConfig({ JWT_SECRET: "a-secret-of-this-test-at-least-32-bytes-long", ...env });
  if (!config.ok) throw new Error(config.error.join());
  return config.value.webhooks;
};

const never = (): never => {
  throw new Error("called");
};
const nextOf = (outcome: TryOutcome): object => planNext(outcome, 1, 0, () => 0);
const isTaken = (WEBHOOK_URL: string, AUTH_MODE: string): boolean =>
  parseConfig({ WEBHOOK_URL, AUTH_MODE, WEBHOOK_SECRET: secret }).ok;

describe("schedule", () => {
  const failed: TryOutcome = { status: 500, error: "status" };

  test("[D3] nine tries, the last more than 24 hours after the first, whatever the dice say", () => {
    for (const random of [() => 0, () => 0.999]) {
      let now = 0;
      let tries = 1;
      for (;;) {
        const next = planNext(failed, tries, now, random);
        if (next.dueAt === null) break;
        expect(next).toMatchObject({ state: "pending" });
        now = next.dueAt;
        tries += 1;
      }
      expect(tries).toBe(9);
      expect(now).toBeGreaterThan(86_400_000);
      expect(now).toBeLessThan(1.2 * 86_400_000);
    }
  });

  test("[D3] taken, gone or refused: nothing follows", () => {
    expect(nextOf({ status: 204, error: null })).toEqual({ state: "delivered", dueAt: null });
    expect(nextOf({ status: 410, error: "gone" })).toEqual({ state: "dead", dueAt: null });
    expect(nextOf({ status: null, error: "refused" })).toEqual({ state: "dead", dueAt: null });
    expect(nextOf({ status: null, error: "timeout" })).toEqual({ state: "pending", dueAt: 5_000 });
  });
});

describe("a receiver that says when", () => {
  const now = Date.parse("2026-11-21T10:00:00Z");
  const dueAt = (failures: number, header: string): number => {
    const waitMs = retryAfterMs(new Headers({ "retry-after": header }), now);
    const retryAfter = waitMs === undefined ? undefined : now + waitMs;
    const outcome = { status: 429, error: "status", ...(retryAfter === undefined ? {} : { retryAfter }) } as const;
    return ((planNext(outcome, failures, now, () => 0).dueAt ?? 0) - now) / 1_000;
  };

  test("[D3] the later of its time and the schedule's holds, a day at most", () => {
    expect(dueAt(1, "120")).toBe(120);
    expect(dueAt(3, "120")).toBe(300);
    expect(dueAt(1, "0")).toBe(5);
    expect(dueAt(1, "Sat, 21 Nov 2026 10:30:00 GMT")).toBe(1_800);
    expect(dueAt(1, "Sat, 21 Nov 2020 10:30:00 GMT")).toBe(5);
    expect(dueAt(1, "Saturday, 21-Nov-26 10:30:00 GMT")).toBe(1_800);
    expect(dueAt(1, "9".repeat(400))).toBe(86_400);
    expect(dueAt(1, "Sat, 21 Nov 2126 10:30:00 GMT")).toBe(86_400);
  });

  test.for(["", "-5", "1.5", "1e3", "soon", "NaN", "Infinity"])("[D3] %j says nothing", (header) => {
    expect(dueAt(1, header)).toBe(5);
  });

  test("[D3] after the last try nothing follows, whatever it says", () => {
    expect(dueAt(9, "120")).toBe(-now / 1_000);
  });

  test.for([429, 503, 500, 302])("[D3] it is heard with status %i", async (status) => {
    const letter = { delivery_id: "msg_1", payload: "{}", tenant: "acme" };
    const answer = new Response(null, { status, headers: { "retry-after": "120" } });
    const settings = settingsOf({ WEBHOOK_SECRET: secret });
    const outcome = await post(settings, "https://example.com/", letter, now, () => Promise.resolve(answer));
    expect(outcome).toMatchObject({ status, retryAfter: now + 120_000 });
  });
});

describe("who can tell who sent it", () => {
  const settings = settingsOf({ WEBHOOK_URL: "https://backend.example/hooks/roomtone?k=1", WORKER_SHARED_SECRET: "s" });
  const gets = (url: string): boolean => bearerFor(settings, new URL(url)) === "s";

  test.for([
    "https://backend.example/hooks/roomtone?k=1",
    "https://backend.example:443/hooks/roomtone/board-7",
    "https://backend.example/hooks/roomtone/a/b.c/~d_e/?k=1",
    "https://backend.example/hooks/x/../roomtone/a",
  ])("[D6] the shared secret goes to %s", (url) => {
    expect(gets(url)).toBe(true);
  });

  test.for([
    "https://backend.example/",
    "https://backend.example/hooks",
    "https://backend.example/hooks/roomtone2",
    "https://backend.example/hooks/roomtone-admin/x",
    "https://backend.example/Hooks/roomtone/a",
    "https://backend.example/admin/users/42/delete?confirm=1",
    "https://backend.example/hooks/roomtone?k=1&confirm=1",
    "https://backend.example/hooks/roomtone?confirm=1",
    "https://backend.example/hooks/roomtone/a?confirm=1",
    "https://backend.example/hooks/roomtone/../../admin",
    "https://backend.example/hooks/roomtone/%2e%2e/admin",
    "https://backend.example/hooks/roomtone/..%2f..%2fadmin",
    "https://backend.example/hooks/roomtone/..%5cadmin",
    "https://backend.example/hooks/roomtone/..;/admin",
    "https://backend.example/hooks/roomtone/;x/admin",
    "https://backend.example/hooks/roomtone//admin",
    "https://backend.example/hooks/roomtone/%252e%252e/admin",
    "https://backend.example:8443/hooks/roomtone/a",
    "https://a.backend.example/hooks/roomtone/a",
  ])("[D6] the shared secret does not go to %s", (url) => {
    expect(gets(url)).toBe(false);
  });

  test("[D6] an address without a path has nothing below it", () => {
    const root = settingsOf({ WEBHOOK_URL: "https://backend.example", WORKER_SHARED_SECRET: "s" });
    expect(bearerFor(root, new URL("https://backend.example/"))).toBe("s");
    expect(bearerFor(root, new URL("https://backend.example/admin"))).toBeUndefined();
  });

  const signaturesOf = async (env: object, tenant: string, to: string): Promise<(secret: string) => boolean> => {
    const body = '{"a":1}';
    let headers: Record<string, string> = {};
    await post(settingsOf(env), to, { delivery_id: "msg_1", payload: body, tenant }, Date.now(), (_url, init) => {
      headers = init?.headers as Record<string, string>;
      return Promise.resolve(new Response(null, { status: 204 }));
    });
    return (by) => {
      try {
        new Webhook(by).verify(body, headers);
        return true;
      } catch {
        return false;
      }
    };
  };

  test("[D8] a tenant's secret vouches for its own deliveries and makes nobody else's", async () => {
    const old = `whsec_${Buffer.alloc(24, 9).toString("base64")}`;
    const env = { WEBHOOK_SECRET: `${secret} ${old}`, WEBHOOK_TENANT_SECRETS_ONLY: "true" };
    const [acme = "", oldAcme = ""] = await tenantSecrets([secret, old], "acme");
    const [other = ""] = await tenantSecrets([secret], "acme-2");
    const isGood = await signaturesOf(env, "acme", "https://hooks.example/");
    expect([acme, oldAcme, other, secret, old].map(isGood)).toEqual([true, true, false, false, false]);
    expect(new Set([acme, oldAcme, other, ...(await tenantSecrets([acme], "acme-2"))]).size).toBe(4);
  });

  test("[D8] receivers that check with the deployment's secret go on until a variable says otherwise", async () => {
    const [acme = ""] = await tenantSecrets([secret], "acme");
    const before = await signaturesOf({ WEBHOOK_SECRET: secret }, "acme", "https://hooks.example/");
    expect([before(acme), before(secret)]).toEqual([true, true]);
    const only = { WEBHOOK_SECRET: secret, WEBHOOK_TENANT_SECRETS_ONLY: "true", WEBHOOK_URL: "https://own.example/in" };
    const own = await signaturesOf(only, "acme", "https://own.example/in");
    expect([own(acme), own(secret)]).toEqual([true, true]);
    const below = await signaturesOf(only, "acme", "https://own.example/in/acme");
    expect([below(acme), below(secret)]).toEqual([true, false]);
  });

  test("[D8] a tenant's secret is the same on every machine and in every version", async () => {
    expect(await tenantSecrets([secret], "acme")).toEqual(["whsec_a6V2zCfl4AKg7UXwYB2PC0fwxmT5Umc7LRH6P/w1vx4="]);
  });
});

describe("stalls", () => {
  test("[D7] the alarm is for the earliest that could stall; what was reported waits for audio", () => {
    expect(planStalls([], 100, 60)).toEqual({ stalled: [], nextAt: undefined });
    expect(planStalls([track(50), track(70)], 100, 60)).toEqual({ stalled: [], nextAt: 110 });
    expect(planStalls([track(40), track(70)], 100, 60)).toEqual({ stalled: [track(40)], nextAt: 130 });
    expect(planStalls([track(20, 90)], 100, 60)).toEqual({ stalled: [], nextAt: undefined });
    // A chunk in the very millisecond of the report came after it.
    expect(planStalls([track(90, 90)], 150, 60)).toMatchObject({ stalled: [{ lastAt: 90 }] });
  });
});

describe("settings", () => {
  test("[D6] an address alone is not enough: the receiver must be able to tell who sends", () => {
    expect(parseConfig({ WEBHOOK_URL: "https://example.com/" }).ok).toBe(false);
    expect(settingsOf({ WEBHOOK_URL: "https://example.com/", WEBHOOK_SECRET: secret }).secrets).toEqual([secret]);
    const shared = settingsOf({ WEBHOOK_URL: "https://example.com/", WORKER_SHARED_SECRET: "s" });
    expect(canVouch(shared, new URL("https://example.com/"))).toBe(true);
    expect(canVouch(shared, new URL("https://example.com/other"))).toBe(false);
    expect(canVouch(shared, new URL("https://example.com:8443/"))).toBe(false);
    expect(canVouch(shared, new URL("https://example.org/"))).toBe(false);
  });

  test("[D6] the deployment's own address keeps the rules", () => {
    expect(isTaken("http://127.0.0.1:1/", "off")).toBe(true);
    expect(isTaken("http://127.0.0.1:1/", "required")).toBe(false);
    expect(isTaken("https://10.0.0.1/", "off")).toBe(false);
  });

  test("[D6] without a secret nothing is sent, and it is tried again", async () => {
    const letter = { delivery_id: "msg_1", payload: "{}", tenant: "default" };
    expect(await post(settingsOf({}), "https://example.com/", letter, 0, never)).toEqual({
      status: null,
      error: "not_set_up",
    });
    expect(await post(settingsOf({ WEBHOOK_SECRET: secret }), undefined, letter, 0, never)).toEqual({
      status: null,
      error: "not_set_up",
    });
  });

  test("[D2] the public library verifies what is sent, to the byte", async () => {
    const letter = { delivery_id: "msg_1", payload: '{"text":"ünï – 会議 🎙"}', tenant: "default" };
    const sent: RequestInit[] = [];
    const outcome = await post(
      settingsOf({ WEBHOOK_SECRET: secret }),
      "https://example.com/",
      letter,
      Date.now(),
      (_url, init) => {
        sent.push(init ?? {});
        return Promise.resolve(new Response(null, { status: 202 }));
      },
    );
    expect(outcome).toEqual({ status: 202, error: null });
    const { headers, body } = sent[0] ?? {};
    expect(new Webhook(secret).verify(body as string, headers as Record<string, string>)).toEqual({
      text: "ünï – 会議 🎙",
    });
    const other = new Webhook(`whsec_${Buffer.alloc(32, 2).toString("base64")}`);
    expect(() => other.verify(body as string, headers as Record<string, string>)).toThrow("No matching signature");
  });
});

test("[D3] a date until when a receiver wants no other try is of its own clock, however wrong that is", () => {
  const now = Date.parse("2026-11-30T08:00:00.000Z");
  const wrong = ["Mon, 30 Nov 2026 11:02:00 GMT", "Mon, 30 Nov 2026 11:00:00 GMT"] as const;
  const waitMs = (said: string, date: string): number | undefined =>
    retryAfterMs(new Headers({ "retry-after": said, date }), now);
  expect(waitMs(wrong[0], wrong[1])).toBe(120_000);
  expect(waitMs("120", wrong[1])).toBe(120_000);
  expect(waitMs("Mon, 30 Nov 2026 08:02:00 GMT", "never")).toBe(120_000);
});
