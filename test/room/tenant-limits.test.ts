/** The limits that a deployment sets for a whole tenant: open sessions, and audio a day. */
import { describe, expect, test } from "vitest";
import { type Quota, quotaSchema } from "../../schemas/http/quota.ts";
import { tenantUsage } from "../../server/shared/limits/limiter-access.ts";
import { range } from "./support/audio.ts";
import { bearer, gatewayWith, guarded, required } from "./support/doors.ts";
import { bindings } from "./support/bindings.ts";
import { clock } from "./support/clock.ts";
import { answerTo, inference } from "./support/inference.ts";
import type { RoomUnderTest } from "./support/room.ts";
import { eventually } from "./support/waiting.ts";
import { codeOf, expectLater, Tenant } from "./support/tenant.ts";

const dayMs = 86_400_000;

describe("open sessions of a tenant", () => {
  const two = { MAX_OPEN_SESSIONS: "2" };

  test("[L4] [limit:maxOpenSessionsPerTenant] one more is refused at every door, and leaves nothing", async () => {
    const tenant = await Tenant.new();
    const [first, second, third] = [tenant.room(two), tenant.room(two), tenant.room(two)];
    expect((await tenant.create(first)).status).toBe(201);
    await (await tenant.connect(second)).keep(1);
    inference(third.sessionId, (request) => Response.json(answerTo(request)));
    const resolve = { audio: { content_b64: "AAAA", format: "pcm_s16le" } };
    const refused = await tenant.create(third);
    expect(Number(refused.headers.get("retry-after"))).toBeGreaterThan(0);
    expect(await codeOf(refused)).toBe("429 too_many_sessions");
    const resolved = await tenant.send("POST", `/v1/sessions/${third.sessionId}/resolve`, resolve);
    expect(Number(resolved.headers.get("retry-after"))).toBeGreaterThan(0);
    expect(await codeOf(resolved)).toBe("429 too_many_sessions");
    expect(await expectLater(await tenant.connect(third))).toBeGreaterThan(0);
    expect(await third.dump()).toEqual({});
    expect(await third.alarmAt()).toBeNull();
    // Those that are open go on.
    expect((await tenant.create(first)).status).toBe(200);
    await (await tenant.connect(first)).keep(1);
    const other = await Tenant.new();
    expect((await other.create(other.room(two))).status).toBe(201);
  });

  test("[L4] a session that is finalized, or deleted, makes room for another", async () => {
    const tenant = await Tenant.new();
    const rooms = range(1, 4).map(() => tenant.room(two));
    const [first, second, third, fourth] = rooms as [RoomUnderTest, RoomUnderTest, RoomUnderTest, RoomUnderTest];
    for (const room of [first, second]) expect((await tenant.create(room)).status).toBe(201);
    expect((await tenant.send("POST", `/v1/sessions/${first.sessionId}/finalize`)).status).toBe(200);
    await first.wakeUntil("the quota knows", async () => (await tenant.openSessions()) === 1);
    expect((await tenant.create(third)).status).toBe(201);
    expect((await tenant.create(fourth)).status).toBe(429);
    expect((await tenant.send("DELETE", `/v1/sessions/${second.sessionId}`)).status).toBe(200);
    expect((await tenant.create(fourth)).status).toBe(201);
    expect(await tenant.openSessions()).toBe(2);
  });

  test("[L6] while the quota can't be asked sessions are opened, and count once it can", async () => {
    const tenant = await Tenant.new();
    const one = { MAX_OPEN_SESSIONS: "1" };
    const [first, second, third] = [tenant.room(one), tenant.room(one), tenant.room(one)];
    await tenant.create(first);
    tenant.faults.fail();
    expect((await tenant.create(second)).status).toBe(201);
    await (await tenant.connect(second)).keep(1);
    tenant.faults.heal();
    await second.wakeUntil("the quota knows", async () => (await tenant.openSessions()) === 2);
    expect((await tenant.create(third)).status).toBe(429);
  });
});

/** Far from midnight. */
const noon = (): void => clock.advanceTo((Math.floor(clock.now() / dayMs) + 1) * dayMs + dayMs / 2);
const leased = (tenant: Tenant, answers: number): Promise<void> =>
  eventually("the quota answered", () => tenant.faults.leasesAnswered >= answers);

describe("audio of a tenant's day", () => {
  const five = { AUDIO_QUOTA_S_PER_DAY: "5" };
  test("[L5] [K5] [limit:audioSecondsPerTenantDay] to the second, until 00:00 UTC; another tenant goes on", async () => {
    noon();
    const tenant = await Tenant.new();
    const room = tenant.room(five);
    const client = await tenant.connect(room);
    await client.keep(1);
    await leased(tenant, 1);
    await client.keepAll(range(2, 5));
    await eventually("R2 has them", async () => (await room.pending()) === 0);
    const before = await room.dump();
    client.sendChunk(6);
    expect(await client.nextOf("error")).toMatchObject({
      code: "rate_limited",
      seq: 6,
      retryable: true,
      retry_after_ms: dayMs / 2,
    });
    expect(await room.dump()).toEqual(before);
    expect(await client.keep(5)).toMatchObject({ status: "duplicate" });
    const other = await Tenant.new();
    await (await other.connect(other.room(five))).keep(1);
    // The tenant's other sessions are no way around it: what they stored before they knew counts.
    const second = tenant.room(five);
    const another = await tenant.connect(second);
    const answered = tenant.faults.leasesAnswered;
    await another.keep(1);
    await leased(tenant, answered + 1);
    another.sendChunk(2);
    expect(await another.nextOf("error")).toMatchObject({ code: "rate_limited", seq: 2 });
    clock.advance(dayMs / 2);
    expect(await client.keep(6)).toMatchObject({ status: "stored", last_seq: 6 });
    expect(await another.keep(2)).toMatchObject({ status: "stored" });
  });

  test("[L6] no ack waits for the count: while it hangs, chunks are kept", async () => {
    const tenant = await Tenant.new();
    const room = tenant.room({ ...five, MAX_OPEN_SESSIONS: "off" });
    const release = tenant.faults.hold();
    await (await tenant.connect(room)).keepAll(range(1, 40));
    expect(tenant.faults.leasesAsked).toBe(1);
    expect(tenant.faults.leasesAnswered).toBe(0);
    release();
  });

  test("[L5] [L6] while it fails, too, and what was kept meanwhile counts once it can be asked", async () => {
    noon();
    const tenant = await Tenant.new();
    const room = tenant.room(five);
    tenant.faults.fail();
    const client = await tenant.connect(room);
    await client.keepAll(range(1, 20));
    tenant.faults.heal();
    clock.advance(120_000);
    await client.keep(21);
    await leased(tenant, 1);
    client.sendChunk(22);
    expect(await client.nextOf("error")).toMatchObject({ code: "rate_limited", seq: 22 });
    expect((await tenantUsage(bindings.TENANT_QUOTA, tenant.name)).seconds).toBe(20);
  });
});

const quotaOf = async (tenant: Tenant): Promise<Quota> => {
  const answer = await guarded("/v1/quota", { headers: bearer(tenant.key) });
  expect(answer.status).toBe(200);
  return quotaSchema.parse(await answer.json());
};

describe("what a tenant has used, and may use", () => {
  test("[L15] it is seen before anything is refused, and goes by the tenant", async () => {
    const tenant = await Tenant.new();
    const [first, second] = [tenant.room(), tenant.room()];
    const before = await quotaOf(tenant);
    expect([before.audio_seconds.used, before.open_sessions.used]).toEqual([0, 0]);
    expect(before.open_sessions.limit).toBeGreaterThan(0);
    expect(new Date(clock.now()).toISOString().startsWith(before.day)).toBe(true);
    expect(Date.parse(before.resets_at)).toBe(Date.parse(before.day) + dayMs);
    await tenant.create(first);
    await (await tenant.connect(second)).keepAll([1, 2]);
    await eventually("both are counted", async () => (await quotaOf(tenant)).open_sessions.used === 2);
    await eventually("audio is counted", async () => (await quotaOf(tenant)).audio_seconds.used >= 2);
    expect((await tenant.send("DELETE", `/v1/sessions/${first.sessionId}`)).status).toBe(200);
    await first.wakeUntil("it is freed", async () => (await quotaOf(tenant)).open_sessions.used === 1);
    expect((await quotaOf(await Tenant.new())).open_sessions.used).toBe(0);
  });

  test("[L15] where it can't be counted, that is said, and nothing made up", async () => {
    const tenant = await Tenant.new();
    const quotas = { getByName: () => ({ usage: () => Promise.reject(new Error("down")) }) };
    const answer = await gatewayWith({ ...required, TENANT_QUOTA: quotas })("/v1/quota", {
      headers: bearer(tenant.key),
    });
    expect(answer.headers.get("retry-after")).not.toBeNull();
    expect(await codeOf(answer)).toBe("503 quota_unavailable");
  });
});
