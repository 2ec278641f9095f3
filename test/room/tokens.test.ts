/** Session tokens: how they are minted, what they are good for, and what becomes of a connection when its token ends. */
import { describe, expect, test } from "vitest";
import { type MintAnswer, mintAnswerSchema } from "../../schemas/access.ts";
import { limits } from "../../schemas/limits.ts";
import { range } from "./support/audio.ts";
import { gateway } from "./support/bindings.ts";
import { Client } from "./support/client.ts";
import { clock } from "./support/clock.ts";
import { bearer, type Gateway, gatewayWith, guarded, jwtSecret, keyFor, required, tokenWith } from "./support/doors.ts";
import { createSession, post } from "./support/http.ts";
import { newSession, RoomUnderTest } from "./support/room.ts";
import { SseReader } from "./support/sse.ts";
import { eventually } from "./support/waiting.ts";

const tenant = "acme";
const { key } = await keyFor(tenant, ["admin"]);
const minter = await keyFor(tenant, ["sessions:write", "sessions:read", "tokens:mint"]);
const lifeS = limits.tokenLifetimeS;
const skewMs = limits.tokenClockSkewS * 1_000;

async function opened(via: Gateway = guarded): Promise<RoomUnderTest> {
  const room = new RoomUnderTest(newSession(), tenant);
  const answer = await via("/v1/sessions", {
    method: "POST",
    headers: bearer(key),
    body: JSON.stringify({ session_id: room.sessionId }),
  });
  expect(answer.status).toBe(201);
  return room;
}

const askToMint = (sessionId: string, body: object | string, via: Gateway = guarded): Promise<Response> =>
  via(`/v1/sessions/${sessionId}/tokens`, {
    method: "POST",
    headers: bearer(minter.key),
    body: typeof body === "string" ? body : JSON.stringify(body),
  });

async function mint(sessionId: string, body: object, via: Gateway = guarded): Promise<MintAnswer> {
  const answer = await askToMint(sessionId, body, via);
  expect(answer.status).toBe(201);
  return mintAnswerSchema.parse(await answer.json());
}

const codeOf = async (answer: Response): Promise<string> => {
  const { code = "" } = await answer.json<{ code?: string }>();
  return `${answer.status} ${code}`.trim();
};

const secondsLeft = ({ expires_at }: MintAnswer): number =>
  Date.parse(expires_at) / 1_000 - Math.floor(clock.now() / 1_000);

describe("minting", () => {
  test("[N3] for a session never opened there is no token, and nothing is created", async () => {
    const room = new RoomUnderTest(newSession(), tenant);
    expect(await codeOf(await askToMint(room.sessionId, { role: "capture" }))).toBe("404 session_not_found");
    expect(await room.dump()).toEqual({});
  });

  test("[I4] for a deleted session there is none either", async () => {
    const { sessionId } = await opened();
    const removed = await guarded(`/v1/sessions/${sessionId}`, { method: "DELETE", headers: bearer(key) });
    expect(removed.status).toBe(200);
    expect(await codeOf(await askToMint(sessionId, { role: "capture" }))).toBe("410 session_deleted");
  });

  test("[P2] [limit:tokenLifetimeS] a token is what was asked for, lives 300 s, and each subject is a new one", async () => {
    const { sessionId } = await opened();
    const plain = await mint(sessionId, { role: "observe" });
    expect(plain).toMatchObject({ session_id: sessionId, role: "observe" });
    expect(plain.tracks).toBeUndefined();
    expect(secondsLeft(plain)).toBe(300);
    expect((await mint(sessionId, { role: "observe" })).sub).not.toBe(plain.sub);
    const named = await mint(sessionId, { role: "capture", sub: "ada@example.com", tracks: ["mic"], lifetime_s: 60 });
    expect(named).toMatchObject({ sub: "ada@example.com", role: "capture", tracks: ["mic"] });
    expect(secondsLeft(named)).toBe(60);
  });

  test.each([
    ["[limit:minTokenLifetimeS] the shortest life", { lifetime_s: limits.minTokenLifetimeS }, 201],
    ["[limit:minTokenLifetimeS] a second less", { lifetime_s: limits.minTokenLifetimeS - 1 }, 400],
    ["[limit:maxTokenLifetimeS] the longest life", { lifetime_s: limits.maxTokenLifetimeS }, 201],
    ["[limit:maxTokenLifetimeS] a second more", { lifetime_s: limits.maxTokenLifetimeS + 1 }, 400],
    ["[limit:maxTracksPerToken] as many tracks as may be", { tracks: tracks(limits.maxTracksPerToken) }, 201],
    ["[limit:maxTracksPerToken] one track more", { tracks: tracks(limits.maxTracksPerToken + 1) }, 400],
    ["[limit:maxShortTextChars] the longest subject", { sub: "s".repeat(limits.maxShortTextChars) }, 201],
    ["[limit:maxShortTextChars] a longer subject", { sub: "s".repeat(limits.maxShortTextChars + 1) }, 400],
    ["no tracks at all", { tracks: [] }, 400],
    ["a track that is none", { tracks: ["A/B"] }, 400],
    ["a role there is not", { role: "admin" }, 400],
    ["a setting there is not", { tenant: "umbra" }, 400],
    ["half a second", { lifetime_s: 10.5 }, 400],
  ])("[P2] %s: %j", async (_, body, status) => {
    const { sessionId } = await minted;
    const answer = await askToMint(sessionId, { role: "capture", ...body });
    expect(answer.status).toBe(status);
  });

  test("[L7] [limit:maxMintBodyBytes] a body of 262,144 bytes is read, one of 262,145 is not", async () => {
    const { sessionId } = await minted;
    const body = JSON.stringify({ role: "observe" });
    expect((await askToMint(sessionId, body.padEnd(limits.maxMintBodyBytes))).status).toBe(201);
    const answer = await askToMint(sessionId, body.padEnd(limits.maxMintBodyBytes + 1));
    expect(await codeOf(answer)).toBe("413 body_too_large");
  });

  test("[P5] no token lives longer than the installation allows, whoever signed it", async () => {
    const { sessionId } = await minted;
    const strict = gatewayWith({ ...required, TOKEN_MAX_LIFETIME_S: "60" });
    const token = await mint(sessionId, { role: "observe", lifetime_s: 300 }, strict);
    expect(secondsLeft(token)).toBe(60);
    expect((await stateWith(strict, sessionId, token.token)).status).toBe(200);
    const iat = Math.floor(clock.now() / 1_000);
    const claims = { tenant, session_id: sessionId, role: "observe", iat };
    expect((await stateWith(strict, sessionId, await tokenWith({ ...claims, exp: iat + 60 }))).status).toBe(200);
    expect(await codeOf(await stateWith(strict, sessionId, await tokenWith({ ...claims, exp: iat + 61 })))).toBe(
      "401 unauthorized",
    );
  });

  test("[P6] [P7] a minted token is good for its role, its tracks and its session, and for nothing else", async () => {
    const { sessionId } = await opened();
    const other = await opened();
    const capture = await mint(sessionId, { role: "capture", tracks: ["mic"] });
    const client = await Client.connect(sessionId, { track: "mic", credential: capture.token, via: guarded });
    await client.keep(1);
    const lamp = await Client.connect(sessionId, { track: "lamp", credential: capture.token, via: guarded });
    expect(await lamp.nextOf("error")).toMatchObject({ code: "forbidden" });
    await lamp.expectClose(4403);
    const observe = await mint(sessionId, { role: "observe" });
    expect((await stateWith(guarded, sessionId, observe.token)).status).toBe(200);
    expect((await stateWith(guarded, other.sessionId, observe.token)).status).toBe(403);
    const again = await guarded(`/v1/sessions/${sessionId}/tokens`, {
      method: "POST",
      headers: bearer(observe.token),
      body: JSON.stringify({ role: "edit" }),
    });
    expect(again.status).toBe(403);
  });

  test.for(["capture", "edit"] as const)(
    "[P7] [U1] an %s token of one track changes no caption of another",
    async (role) => {
      const { sessionId } = await opened();
      const captions = (credential: string, track: string, text: string): Promise<Response> =>
        guarded(`/v1/sessions/${sessionId}/utterances`, {
          method: "POST",
          headers: bearer(credential),
          body: JSON.stringify({ utterances: [{ utterance_id: "h1", track, start_ms: 0, end_ms: 900, text }] }),
        });
      const [host, eve] = [
        await mint(sessionId, { role, tracks: ["host"] }),
        await mint(sessionId, { role, tracks: ["eve"] }),
      ];
      expect((await captions(host.token, "host", "We agreed.")).status).toBe(200);
      expect((await captions(eve.token, "host", "")).status).toBe(403);
      expect(await (await captions(eve.token, "eve", "")).json()).toMatchObject({ utterances: [{ status: "added" }] });
      const { token } = await mint(sessionId, { role: "observe" });
      const text = await guarded(`/v1/sessions/${sessionId}/transcript.txt?track=host`, { headers: bearer(token) });
      expect(await text.text()).toContain("We agreed.");
    },
  );

  test("[P9] without JWT_SECRET, which AUTH_MODE=off does not need, nothing is minted", async () => {
    const sessionId = newSession();
    await createSession(sessionId, {});
    const answer = await post(sessionId, "tokens", { role: "capture" });
    expect(await codeOf(answer)).toBe("409 tokens_not_set_up");
    const withSecret = gatewayWith({ JWT_SECRET: jwtSecret }, "http://localhost");
    const { token } = await mint(sessionId, { role: "capture" }, withSecret);
    // Where no credentials are asked for, none is looked at: not even a wrong one.
    expect((await gateway(`/v1/sessions/${sessionId}/state`, { headers: bearer(`${token}x`) })).status).toBe(200);
  });

  test("[P4] a second secret takes over: what the first signed is good until it is taken away", async () => {
    const [older, newer] = [`${"o".repeat(31)}1`, `${"n".repeat(31)}2`];
    const before = gatewayWith({ ...required, JWT_SECRET: older });
    const during = gatewayWith({ ...required, JWT_SECRET: `${newer} ${older}` });
    const after = gatewayWith({ ...required, JWT_SECRET: newer });
    const { sessionId } = await minted;
    const first = await mint(sessionId, { role: "observe" }, before);
    const second = await mint(sessionId, { role: "observe" }, during);
    const statuses = async (token: string): Promise<number[]> =>
      Promise.all([before, during, after].map(async (via) => (await stateWith(via, sessionId, token)).status));
    expect(await statuses(first.token)).toEqual([200, 200, 401]);
    expect(await statuses(second.token)).toEqual([401, 200, 200]);
  });
});

function tracks(count: number): string[] {
  return range(1, count).map((n) => `t${n}`);
}

/** For what changes nothing in it. */
const minted = opened();

const stateWith = (via: Gateway, sessionId: string, token: string): Promise<Response> =>
  via(`/v1/sessions/${sessionId}/state`, { headers: bearer(token) });

const say = (sessionId: string, n: number): Promise<Response> =>
  guarded(`/v1/sessions/${sessionId}/utterances`, {
    method: "POST",
    headers: bearer(key),
    body: JSON.stringify({ utterances: [{ utterance_id: `u${n}`, text: "a", start_ms: n, end_ms: n + 1 }] }),
  });

async function stream(room: RoomUnderTest, body: object = {}): Promise<Client> {
  const { token } = await mint(room.sessionId, { role: "capture", ...body });
  return Client.connect(room.sessionId, { track: "mic", credential: token, via: guarded });
}

async function watch(room: RoomUnderTest, query = ""): Promise<Client> {
  const { token } = await mint(room.sessionId, { role: "observe" });
  const answer = await guarded(`/v1/sessions/${room.sessionId}/live${query}`, {
    headers: { upgrade: "websocket", ...bearer(token) },
  });
  return Client.over(answer, room.sessionId);
}

describe("a token ends", () => {
  test("[P5] [limit:tokenClockSkewS] while frames come: the last is acked, then 4401, and a new token goes on", async () => {
    const room = await opened();
    const client = await stream(room);
    await client.keepAll(range(1, 3));
    clock.advance(lifeS * 1_000 + skewMs - 1_000);
    await client.keep(4);
    clock.advance(1_000);
    for (const seq of [6, 7, 8]) client.sendChunk(seq);
    await client.ackOf(6);
    expect(await client.nextOf("error")).toMatchObject({ code: "token_expired", retryable: false });
    await client.expectClose(4401);
    const again = await stream(room);
    expect((await again.hello()).resume).toEqual({ next_seq: 7, missing: [[5, 5]] });
    await again.keepAll([5, 7, 8]);
    again.send({ type: "end", last_seq: 8 });
    expect(await again.nextOf("ended")).toMatchObject({ complete: true });
    expect(await room.count("ledger")).toBe(8);
  });

  test("[P5] a bad frame, too, is answered before the end", async () => {
    const room = await opened();
    const client = await stream(room);
    clock.advance(lifeS * 1_000 + skewMs);
    await client.refused("{", "bad_json");
    expect(await client.nextOf("error")).toMatchObject({ code: "token_expired" });
    await client.expectClose(4401);
  });

  test("[P5] a silent, hibernated connection ends by the room's alarm, and a new token resumes", async () => {
    const room = await opened();
    const client = await stream(room);
    await client.keepAll([1, 3]);
    const endsAt = clock.now() + lifeS * 1_000;
    await room.evict();
    await room.wakeUntil("it is closed", async () => client.closeCode !== undefined || clock.now() > endsAt + 60_000);
    expect(await client.nextOf("error")).toMatchObject({ code: "token_expired" });
    await client.expectClose(4401);
    expect(clock.now()).toBeLessThanOrEqual(endsAt + skewMs);
    const again = await stream(room);
    expect((await again.hello()).resume).toEqual({ next_seq: 4, missing: [[2, 2]] });
  });

  test("[P5] each connection ends with its own token, and one of a key with none", async () => {
    const room = await opened();
    const [long, short] = [await stream(room, { lifetime_s: 600 }), await watch(room)];
    const byKey = await Client.connect(room.sessionId, { track: "lamp", credential: key, via: guarded });
    await long.hello();
    await byKey.hello();
    await room.evict();
    await room.wakeUntil("the short one is closed", async () => short.closeCode !== undefined);
    expect(short.closeCode).toBe(4401);
    await long.keep(1);
    await room.evict();
    await room.wakeUntil("the long one is closed", async () => long.closeCode !== undefined);
    expect(long.closeCode).toBe(4401);
    await byKey.keep(1);
  });

  test("[P5] [W12] a watcher is closed with 4401, and one with a new token misses nothing", async () => {
    const room = await opened();
    const watcher = await watch(room);
    await say(room.sessionId, 1);
    expect((await watcher.nextOf("event")).event.event_id).toBe(1);
    await room.evict();
    await room.wakeUntil("it is closed", async () => watcher.closeCode !== undefined);
    expect(await watcher.nextOf("error")).toMatchObject({ code: "token_expired" });
    expect(watcher.closeCode).toBe(4401);
    await say(room.sessionId, 2);
    const again = await watch(room, "?after=1");
    expect((await again.nextOf("event")).event.event_id).toBe(2);
  });

  test("[P5] [S2] a stream of server-sent events ends, and one with a new token misses nothing", async () => {
    const room = await opened();
    const read = async (headers: Record<string, string> = {}): Promise<SseReader> => {
      const { token } = await mint(room.sessionId, { role: "observe" });
      const answer = await guarded(`/v1/sessions/${room.sessionId}/events?token=${token}`, {
        headers: { accept: "text/event-stream", ...headers },
      });
      if (!answer.body) throw new Error("no body");
      return new SseReader(answer.body);
    };
    const reader = await read();
    await say(room.sessionId, 1);
    await eventually("the event arrived", () => reader.ids.length === 1);
    await room.evict();
    await room.wakeUntil("the stream is over", async () => {
      await scheduler.wait(5);
      return reader.isOver;
    });
    await say(room.sessionId, 2);
    const again = await read({ "last-event-id": "1" });
    await eventually("the rest arrived", () => again.ids.length === 1);
    expect(again.ids).toEqual([2]);
    await again.cancel();
  });

  test("[P5] an end between two milliseconds, as other backends sign it, is one like any other", async () => {
    const room = await opened();
    const nowS = clock.now() / 1_000;
    const claims = { tenant, session_id: room.sessionId, iat: nowS - 0.123456, exp: nowS + 60.1234567 };
    const token = await tokenWith({ ...claims, role: "capture" });
    const client = await Client.connect(room.sessionId, { track: "mic", credential: token, via: guarded });
    await client.keep(1);
    const headers = { upgrade: "websocket", ...bearer(await tokenWith({ ...claims, role: "observe" })) };
    const watcher = await Client.over(
      await guarded(`/v1/sessions/${room.sessionId}/live`, { headers }),
      room.sessionId,
    );
    expect((await watcher.nextOf("event")).event.event_id).toBe(1);
    await room.wakeUntil(
      "both are closed",
      async () => watcher.closeCode !== undefined && client.closeCode !== undefined,
    );
    expect([client.closeCode, watcher.closeCode]).toEqual([4401, 4401]);
  });

  test("[P7] [limit:maxTracksPerToken] a token of the most and longest tracks streams the last of them, across hibernation", async () => {
    const room = await opened();
    const longest = range(1, limits.maxTracksPerToken).map((n) => `t${n}`.padEnd(32, "x"));
    const token = await tokenWith({ tenant, session_id: room.sessionId, role: "capture", tracks: longest });
    const client = await Client.connect(room.sessionId, { credential: token, via: guarded });
    await room.evict();
    await client.hello({ track: longest.at(-1), subscribe: ["speakers", "utterances", "status"] });
    expect(await client.keep(1)).toMatchObject({ status: "stored" });
  });

  test("[P5] a token that has ended opens nothing: not a request, not a connection", async () => {
    const room = await opened();
    const { token } = await mint(room.sessionId, { role: "capture" });
    clock.advance(lifeS * 1_000 + skewMs);
    const answer = await stateWith(guarded, room.sessionId, token);
    expect(await codeOf(answer)).toBe("401 token_expired");
    expect(answer.headers.get("www-authenticate")).toBe('Bearer error="invalid_token"');
    const client = await Client.connect(room.sessionId, { track: "mic", credential: token, via: guarded });
    expect(await client.nextOf("error")).toMatchObject({ code: "token_expired" });
    await client.expectClose(4401);
  });
});
