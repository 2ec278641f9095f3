import { Webhook } from "standardwebhooks";
import { describe, expect, test } from "vitest";
import { parseConfig } from "../../server/shared/config/config.ts";
import { planStalls, type TrackActivity } from "../../server/gateway/tracks/stall-plan.ts";
import { parseDestination } from "../../server/shared/config/destination.ts";
import type { WebhookConfig } from "../../server/shared/config/webhooks.ts";
import { canVouch, post } from "../../server/gateway/webhooks/post.ts";
import { planNext, type TryOutcome } from "../../server/gateway/webhooks/schedule.ts";

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

describe("destinations", () => {
  const everywhere = [
    "https://example.com/hook",
    "https://example.com:8443/hook?token=a",
    "https://8.8.8.8/",
    "https://[2606:4700::1111]/",
    "https://xn--bcher-kva.example/",
    "https://localhost.example.com/",
  ];
  test.for(everywhere)("[D6] %s is taken", (url) => {
    expect(parseDestination(url, false).ok).toBe(true);
    expect(parseDestination(url, true).ok).toBe(true);
  });

  const inDevelopmentOnly = [
    "http://example.com/",
    "http://127.0.0.1:9000/",
    "https://127.8.8.8/",
    "http://2130706433/",
    "http://0x7f.1/",
    "http://0177.0.0.1/",
    "http://１２７.0.0.1/",
    "http://[::1]:9000/",
    "http://[::ffff:127.0.0.1]/",
    "http://localhost:9000/",
    "http://LOCALHOST./",
    "http://hook.localhost/",
  ];
  test.for(inDevelopmentOnly)("[D6] %s is taken in development only", (url) => {
    expect(parseDestination(url, false).ok).toBe(false);
    expect(parseDestination(url.replace("http:", "https:"), false).ok).toBe(url === "http://example.com/");
    expect(parseDestination(url, true).ok).toBe(true);
  });

  const nowhere = [
    // private, shared, link-local, multicast, reserved
    "https://10.1.2.3/",
    "https://172.16.0.1/",
    "https://172.31.255.255/",
    "https://192.168.1.1/",
    "https://100.64.0.1/",
    "https://169.254.169.254/",
    "https://224.0.0.1/",
    "https://0.0.0.0/",
    "https://255.255.255.255/",
    "https://240.0.0.1/",
    "https://192.0.2.1/",
    "https://198.18.0.1/",
    // spellings of the same
    "https://0xa9fea9fe/",
    "https://2852039166/",
    "https://0251.0376.0251.0376/",
    "https://10.65793/",
    "https://192.168.1.1./",
    "https://０x0a.1/",
    // IPv6: unique-local, link-local, site-local, multicast, unspecified, mapped, compatible, translated, tunnelled
    "https://[fc00::1]/",
    "https://[fd12:3456::1]/",
    "https://[fe80::1]/",
    "https://[fec0::1]/",
    "https://[ff02::1]/",
    "https://[::]/",
    "https://[::ffff:10.0.0.1]/",
    "https://[::ffff:a00:1]/",
    "https://[::10.0.0.1]/",
    "https://[64:ff9b::10.0.0.1]/",
    "https://[2002:a00:1::]/",
    "https://[2001:0:1::]/",
    "https://[2001:db8::1]/",
    // names
    "https://intranet/",
    "https://printer.local/",
    "https://metadata.google.internal/",
    "https://metadata.google.internal./",
    "https://nas.lan/",
    "https://router.home.arpa/",
    // credentials, other schemes, no URL
    "https://user@example.com/",
    "https://user:pass@example.com/",
    "https://:pass@example.com/",
    "ftp://example.com/",
    "file:///etc/passwd",
    "javascript:alert(1)",
    "example.com",
    "https://",
    "",
  ];
  test.for(nowhere)("[D6] %s is refused everywhere", (url) => {
    expect(parseDestination(url, false).ok).toBe(false);
    expect(parseDestination(url, true).ok).toBe(false);
  });
});

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
    expect(canVouch(shared, new URL("https://example.com/other"))).toBe(true);
    expect(canVouch(shared, new URL("https://example.com:8443/"))).toBe(false);
    expect(canVouch(shared, new URL("https://example.org/"))).toBe(false);
  });

  test("[D6] the deployment's own address keeps the rules", () => {
    expect(isTaken("http://127.0.0.1:1/", "off")).toBe(true);
    expect(isTaken("http://127.0.0.1:1/", "required")).toBe(false);
    expect(isTaken("https://10.0.0.1/", "off")).toBe(false);
  });

  test("[D6] without a secret nothing is sent, and it is tried again", async () => {
    const letter = { delivery_id: "msg_1", payload: "{}" };
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
    const letter = { delivery_id: "msg_1", payload: '{"text":"ünï – 会議 🎙"}' };
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
