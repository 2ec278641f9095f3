/** The limits that a deployment sets for requests, pace and one session: each at its edge, and one beyond. */
import { describe, expect, test } from "vitest";
import { limits } from "../../schemas/limits.ts";
import { pcmOf, range } from "./support/audio.ts";
import { Client } from "./support/client.ts";
import { clock } from "./support/clock.ts";
import { bearer, type Gateway, gatewayWith, keyFor, required, tokenWith } from "./support/doors.ts";
import { eventually } from "./support/waiting.ts";
import { codeOf, expectLater, Tenant } from "./support/tenant.ts";

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
    expect(await room.count("tracks")).toBe(1);
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
