/** The limits that an installation sets: each at its edge, and one beyond. */
import { describe, expect, test } from "vitest";
import { limits } from "../../schemas/limits.ts";
import type { SessionConfig } from "../../schemas/http/sessions.ts";
import { tenantUsage } from "../../server/shared/limits/limiter-access.ts";
import { pcmOf, range } from "./support/audio.ts";
import { bindings } from "./support/bindings.ts";
import { Client } from "./support/client.ts";
import { clock } from "./support/clock.ts";
import { bearer, type Gateway, gatewayWith, guarded, keyFor, required, tokenWith } from "./support/doors.ts";
import { answerTo, inference } from "./support/inference.ts";
import { type QuotaFaults, quotaFaults } from "./support/quota-faults.ts";
import { newSession, RoomUnderTest } from "./support/room.ts";
import { setVariables } from "./support/variables.ts";
import { eventually } from "./support/waiting.ts";

const dayMs = 86_400_000;

/** A tenant that no other test has, with a key that may do all. */
class Tenant {
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

async function codeOf(answer: Response): Promise<string> {
  return `${answer.status} ${(await answer.json<{ code?: string }>()).code ?? ""}`.trim();
}

/** Waits for the refusal of a connection. @returns when to come back, ms. */
async function expectLater(client: Client): Promise<number> {
  const error = await client.nextOf("error");
  expect(error).toMatchObject({ code: "rate_limited", retryable: true });
  await client.expectClose(4429);
  return error.retry_after_ms ?? 0;
}

const ask = (via: Gateway, credential: string, path = "/v1/sessions"): Promise<Response> =>
  via(path, { headers: bearer(credential) });
const countsOf = ({ headers }: Response): (string | null)[] =>
  ["limit", "remaining"].map((name) => headers.get(`x-ratelimit-${name}`));

const take = (): Promise<never> => Promise.reject(new Error("broken"));

const getByName = (): never => {
  throw new Error("nobody is to ask");
};

describe("requests", () => {
  const three = gatewayWith({ ...required, RATE_LIMIT_PER_MINUTE: "3" });

  test("[L1] [limit:requestsPerMinute] as many as the limit, counted down; one more waits, and only that", async () => {
    const { key } = await Tenant.new();
    const answers = [
      await ask(three, key),
      // What is refused, or not found, counts as well.
      await ask(three, key, "/v1/sessions/never/state"),
      await ask(three, key, "/v1/sessions/never/audio.wav"),
    ];
    expect(answers.map(({ status }) => status)).toEqual([200, 404, 404]);
    expect(answers.map(countsOf)).toEqual([
      ["3", "2"],
      ["3", "1"],
      ["3", "0"],
    ]);
    for (const { headers } of answers) {
      expect(Number(headers.get("x-ratelimit-reset"))).toBeGreaterThan(0);
      expect(Number(headers.get("x-ratelimit-reset"))).toBeLessThanOrEqual(61);
      expect(headers.get("retry-after")).toBeNull();
    }
    const refused = await ask(three, key);
    expect(await codeOf(refused)).toBe("429 rate_limited");
    expect(countsOf(refused)).toEqual(["3", "0"]);
    const waitS = Number(refused.headers.get("retry-after"));
    expect(waitS).toBeGreaterThan(0);
    expect(waitS).toBeLessThanOrEqual(61);
    clock.advance(waitS * 1_000);
    expect((await ask(three, key)).status).toBe(200);
  });

  test("[L1] the window slides: what was asked half a minute later frees half a minute later", async () => {
    const { key } = await Tenant.new();
    await ask(three, key);
    clock.advance(30_000);
    await ask(three, key);
    await ask(three, key);
    clock.advance(31_000);
    expect((await ask(three, key)).status).toBe(200);
    expect((await ask(three, key)).status).toBe(429);
    clock.advance(30_000);
    expect((await ask(three, key)).status).toBe(200);
  });

  test("[L1] [limit:requestsPerMinute] a connection too many is told so on the socket, and opens nothing", async () => {
    const tenant = await Tenant.new();
    for (const _ of range(1, 2)) await ask(three, tenant.key);
    const room = tenant.room();
    const third = await Client.connect(room.sessionId, { credential: tenant.key, via: three });
    await third.keep(1);
    const never = tenant.room();
    const capture = await Client.connect(never.sessionId, { credential: tenant.key, via: three });
    expect(await expectLater(capture)).toBeGreaterThan(0);
    expect(await expectLater(await tenant.watch(room, three))).toBeGreaterThan(0);
    expect(await never.dump()).toEqual({});
    // A connection that is open is no request.
    await third.keep(2);
  });

  test("[L1] [T1] another key, subject or tenant has a limit of its own; two tokens of one subject share one", async () => {
    const tenant = await Tenant.new();
    const other = await Tenant.new();
    const room = tenant.room();
    await tenant.create(room);
    const token = (sub: string, of: Tenant = tenant): Promise<string> =>
      tokenWith({ sub, tenant: of.name, session_id: room.sessionId, role: "observe" });
    const state = `/v1/sessions/${room.sessionId}/state`;
    for (const _ of range(1, 3)) expect((await ask(three, await token("ada"), state)).status).toBe(200);
    expect((await ask(three, await token("ada"), state)).status).toBe(429);
    const another = await keyFor(tenant.name, ["admin"]);
    expect((await ask(three, tenant.key, state)).status).toBe(200);
    expect((await ask(three, another.key, state)).status).toBe(200);
    expect((await ask(three, await token("eve"), state)).status).toBe(200);
    expect((await ask(three, await token(`key:${another.keyId}`), state)).status).toBe(200);
    expect((await ask(three, await token("ada", other), state)).status).toBe(404);
  });

  test("[L1] who is refused for want of a scope counts: guessing is asking, too", async () => {
    const tenant = await Tenant.new();
    const { key } = await keyFor(tenant.name, ["tokens:mint"]);
    expect(await Promise.all(range(1, 3).map(async () => (await ask(three, key)).status))).toEqual([403, 403, 403]);
    expect((await ask(three, key)).status).toBe(429);
  });

  test("[L6] a limiter that fails lets everybody in, and nobody past the door", async () => {
    const tenant = await Tenant.new();
    const blind = gatewayWith({
      ...required,
      RATE_LIMIT_PER_MINUTE: "1",
      RATE_LIMITER: { getByName: () => ({ take }) },
    });
    for (const _ of range(1, 3)) {
      const answer = await ask(blind, tenant.key);
      expect(answer.status).toBe(200);
      expect(answer.headers.get("x-ratelimit-limit")).toBeNull();
    }
    expect((await ask(blind, `${tenant.key}x`)).status).toBe(401);
  });

  test("[L1] lifted, it is not told and nobody is asked", async () => {
    const { key } = await Tenant.new();
    const lifted = gatewayWith({ ...required, RATE_LIMIT_PER_MINUTE: "off", RATE_LIMITER: { getByName } });
    const answer = await ask(lifted, key);
    expect(answer.status).toBe(200);
    expect(answer.headers.get("x-ratelimit-limit")).toBeNull();
  });
});

describe("pace", () => {
  const slow = { MAX_REALTIME_FACTOR: "2", CATCH_UP_BURST_S: "4" };

  test("[L2] [K5] [limit:catchUpBurstSeconds] the burst at once; one more later, and it changes nothing", async () => {
    const tenant = await Tenant.new();
    const room = tenant.room(slow);
    const client = await tenant.connect(room, "mic");
    expect((await client.hello()).limits.max_realtime_factor).toBe(2);
    await client.keepAll(range(1, 4));
    await eventually("R2 has them", async () => (await room.pending()) === 0);
    const before = await room.dump();
    client.sendChunk(5);
    const error = await client.nextOf("error");
    expect(error).toMatchObject({ code: "rate_limited", seq: 5, retryable: true });
    expect(await room.dump()).toEqual(before);
    expect((await client.hello()).ingest).toMatchObject({ rejected_chunks: 0, last_seq: 4 });
    await room.evict();
    client.sendChunk(5);
    expect(await client.nextOf("error")).toMatchObject({ code: "rate_limited" });
    clock.advance(error.retry_after_ms ?? 0);
    expect(await client.keep(5)).toMatchObject({ status: "stored" });
  });

  test("[L2] [limit:maxRealtimeFactor] then as many a second as the factor, and not one more", async () => {
    const tenant = await Tenant.new();
    const room = tenant.room(slow);
    const client = await tenant.connect(room, "mic");
    await client.keepAll(range(1, 4));
    for (const seq of range(5, 10)) {
      clock.advance(499);
      client.sendChunk(seq);
      expect(await client.nextOf("error")).toMatchObject({ code: "rate_limited" });
      clock.advance(1);
      await client.keep(seq);
    }
  });

  test("[L2] what is kept already is work as well; another track goes on", async () => {
    const tenant = await Tenant.new();
    const room = tenant.room(slow);
    const client = await tenant.connect(room, "mic");
    await client.keepAll(range(1, 3));
    expect(await client.keep(2)).toMatchObject({ status: "duplicate" });
    client.sendChunk(3);
    expect(await client.nextOf("error")).toMatchObject({ code: "rate_limited", seq: 3 });
    await (await tenant.connect(room, "lamp")).keepAll(range(1, 4));
    clock.advance(500);
    expect(await client.keep(3)).toMatchObject({ status: "duplicate", last_seq: 3 });
  });

  test("[L2] lifted, it is announced as none", async () => {
    const tenant = await Tenant.new();
    const client = await tenant.connect(tenant.room({ ...slow, MAX_REALTIME_FACTOR: "off" }), "mic");
    expect((await client.hello()).limits.max_realtime_factor).toBeNull();
    await client.keepAll(range(1, 20));
  });

  test("[L2] [limit:maxHeedlessFrames] who goes on sending all the same is borne for 63 frames, and ended", async () => {
    const tenant = await Tenant.new();
    const room = tenant.room(slow);
    const client = await tenant.connect(room, "mic");
    const pcm = pcmOf(5);
    await client.keepAll(range(1, 4));
    const flood = async (frames: number): Promise<void> => {
      for (const _ of range(1, frames)) client.sendChunk(5, pcm);
      for (const _ of range(1, frames)) expect(await client.nextOf("error")).toMatchObject({ code: "rate_limited" });
    };
    await flood(limits.maxHeedlessFrames);
    // Whoever waits as told starts anew.
    clock.advance(60_000);
    await client.keepAll(range(5, 8));
    await flood(limits.maxHeedlessFrames);
    client.sendChunk(5, pcmOf(9));
    expect(await client.nextOf("error")).toMatchObject({ code: "rate_limited" });
    expect(await client.nextOf("error")).toMatchObject({ code: "too_many_errors" });
    await client.expectClose(4400);
    expect(await room.rows("SELECT last_seq, rejected_chunks FROM tracks")).toEqual([
      { last_seq: 8, rejected_chunks: 0 },
    ]);
  });
});

describe("a session has", () => {
  test("[L3] [limit:maxConnectionsPerSession] so many connections that stream; watchers are not among them", async () => {
    const tenant = await Tenant.new();
    const room = tenant.room({ MAX_CONNECTIONS_PER_SESSION: "2" });
    const first = await tenant.connect(room, "a");
    await (await tenant.connect(room, "b")).keep(1);
    const watcher = await tenant.watch(room);
    await room.evict();
    expect(await expectLater(await tenant.connect(room, "c"))).toBeGreaterThan(0);
    expect(await room.count("tracks")).toBe(2);
    first.send({ type: "close" });
    await first.expectClose(1000);
    await (await tenant.connect(room, "c")).keep(1);
    expect((await watcher.nextOf("event")).event.type).toBe("track.opened");
  });

  test("[L3] [limit:maxWatchersPerSession] so many that watch; who streams is not among them", async () => {
    const tenant = await Tenant.new();
    const room = tenant.room({ MAX_WATCHERS_PER_SESSION: "2" });
    await tenant.create(room);
    const first = await tenant.watch(room);
    await tenant.watch(room);
    expect(await expectLater(await tenant.watch(room))).toBeGreaterThan(0);
    await (await tenant.connect(room, "a")).keep(1);
    await first.nextOf("event");
    first.send({ type: "close" });
    await first.nextOf("closing");
    await first.expectClose(1000);
    expect((await (await tenant.watch(room)).nextOf("event")).event.event_id).toBe(1);
  });

  test("[L3] [limit:maxTracksPerSession] so many tracks as its installation says", async () => {
    const tenant = await Tenant.new();
    const room = tenant.room({ MAX_TRACKS_PER_SESSION: "2" });
    await (await tenant.connect(room, "a")).keep(1);
    await (await tenant.connect(room, "b")).keep(1);
    const third = await tenant.connect(room, "c");
    expect(await third.nextOf("error")).toMatchObject({ code: "forbidden" });
    await third.expectClose(4403);
    await (await tenant.connect(room, "a")).keep(2);
  });
});

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
