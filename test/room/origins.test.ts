/** Web pages of which origins are let in, what a gateway that is not set up serves, and the headers of every answer. */
import { describe, expect, test } from "vitest";
import { type Operation, operations } from "../../schemas/http/operations.ts";
import { Client } from "./support/client.ts";
import {
  bearer,
  type Gateway,
  gatewayWith,
  jwtSecret,
  keyFor,
  ownOrigin,
  required,
  tokenWith,
} from "./support/doors.ts";
import { newSession, RoomUnderTest } from "./support/room.ts";

const tenant = "acme";
const { key } = await keyFor(tenant, ["admin"]);
const app = "https://app.example";
const unlimited = { ...required, RATE_LIMIT_PER_MINUTE: "off" };
const listing = gatewayWith({ ...unlimited, ALLOWED_ORIGINS: `${app}, https://two.example:8443` });
const closed = gatewayWith(unlimited);
const upgrade = { upgrade: "websocket" };

const rows: readonly Operation[] = Object.values(operations);
const pathOf = ({ path }: Operation, sessionId: string): string =>
  path.replace(":session_id", sessionId).replace(":track", "mic").replaceAll(/:\w+/g, "c1");

/** Asks each route for what it does. */
function askAll(via: Gateway, sessionId: string, headers: Record<string, string>): Promise<Response[]> {
  return Promise.all(
    rows.map((row) =>
      via(pathOf(row, sessionId), { method: row.method, headers: { ...(row.isSocket ? upgrade : {}), ...headers } }),
    ),
  );
}

async function codeOf(answer: Response): Promise<string> {
  if (!answer.webSocket) return `${answer.status} ${(await answer.json<{ code: string }>()).code}`;
  const client = await Client.over(answer, "any");
  const { code } = await client.nextOf("error");
  return `${(await client.closed).code} ${code}`;
}

const codesOf = async (answers: readonly Response[]): Promise<string[]> => Promise.all(answers.map(codeOf));

async function opened(): Promise<RoomUnderTest> {
  const room = new RoomUnderTest(newSession(), tenant);
  const body = JSON.stringify({ session_id: room.sessionId });
  expect((await closed("/v1/sessions", { method: "POST", headers: bearer(key), body })).status).toBe(201);
  return room;
}

const statusOf = async (via: Gateway, headers: Record<string, string>): Promise<number> =>
  (await via("/v1/sessions", { headers: { ...bearer(key), ...headers } })).status;

describe("origins", () => {
  test.each([app, "https://two.example:8443", ownOrigin])(
    "[P8] %s may: each answer says so, whatever it is",
    async (origin) => {
      const { sessionId } = await opened();
      const asked: [string, { method?: string; headers?: Record<string, string> }][] = [
        [`/v1/sessions/${sessionId}/state`, { headers: bearer(key) }],
        [`/v1/sessions/${sessionId}/state`, {}],
        [`/v1/sessions/${sessionId}/result`, { headers: bearer(key) }],
        [`/v1/sessions/${sessionId}/audio.wav`, { headers: bearer(key) }],
        [`/v1/sessions/${sessionId}/live`, { headers: bearer(key) }],
        ["/v1/sessions/%", { headers: bearer(key) }],
        ["/health", { method: "POST" }],
        ["/nowhere", { headers: bearer(key) }],
      ];
      const answers = await Promise.all(
        asked.map(([path, init]) => listing(path, { ...init, headers: { ...init.headers, origin } })),
      );
      expect(answers.map(({ status }) => status)).toEqual([200, 401, 409, 404, 426, 400, 405, 404]);
      for (const { headers } of answers) {
        expect(headers.get("access-control-allow-origin")).toBe(origin);
        expect(headers.get("vary")?.toLowerCase()).toContain("origin");
        expect(headers.get("access-control-expose-headers")).toContain("x-trace-id");
        expect(headers.get("access-control-allow-credentials")).toBeNull();
      }
    },
  );

  test("[P8] a preflight is answered without a credential, and opens nothing", async () => {
    const room = new RoomUnderTest(newSession(), tenant);
    const headers = {
      origin: app,
      "access-control-request-method": "PUT",
      "access-control-request-headers": "authorization",
    };
    const answer = await listing(`/v1/sessions/${room.sessionId}/bindings/c1`, { method: "OPTIONS", headers });
    expect(answer.status).toBe(204);
    expect(answer.headers.get("access-control-allow-origin")).toBe(app);
    for (const method of ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"]) {
      expect(answer.headers.get("access-control-allow-methods")?.split(",")).toContain(method);
    }
    for (const name of ["authorization", "content-type", "x-idempotency-key", "range", "last-event-id"]) {
      expect(answer.headers.get("access-control-allow-headers")?.split(",")).toContain(name);
    }
    expect(Number(answer.headers.get("access-control-max-age"))).toBeGreaterThan(0);
    expect(await room.dump()).toEqual({});
  });

  test.each([
    "https://evil.example",
    "http://app.example",
    "https://app.example:444",
    "https://app.example.evil.example",
    "https://evil-app.example",
    "https://two.example",
    "http://gateway.test",
    "null",
    "",
    "http://localhost",
  ])("[P8] %j may not: nothing is answered, nothing done", async (origin) => {
    const room = new RoomUnderTest(newSession(), tenant);
    const answers = await askAll(listing, room.sessionId, { ...bearer(key), origin });
    for (const { headers } of answers) expect(headers.get("access-control-allow-origin")).toBeNull();
    expect(await codesOf(answers)).toEqual(
      rows.map(({ isSocket }) => (isSocket ? "4403 forbidden" : "403 origin_not_allowed")),
    );
    const preflight = { origin, "access-control-request-method": "GET" };
    expect(await codeOf(await listing("/v1/sessions", { method: "OPTIONS", headers: preflight }))).toBe(
      "403 origin_not_allowed",
    );
    expect(await room.dump()).toEqual({});
  });

  test("[P8] a page that is not let in is told so on a socket in the encoding it asked for", async () => {
    const offer = "roomtone.v1.msgpack, bearer.a.b.c";
    const headers = { ...upgrade, origin: "https://evil.example", "sec-websocket-protocol": offer };
    const answer = await listing(`/v1/audio/ws/${newSession()}`, { headers });
    const client = await Client.over(answer, "any", "msgpack");
    expect(await client.nextOf("error")).toMatchObject({ code: "forbidden" });
    await client.expectClose(4403);
  });

  test("[P8] [W7] one that shows no credential holds no connection for it: a plain 403", async () => {
    const headers = { ...upgrade, origin: "https://evil.example" };
    for (const row of rows.filter(({ isSocket }) => isSocket)) {
      expect(await codeOf(await listing(pathOf(row, newSession()), { headers }))).toBe("403 origin_not_allowed");
    }
  });

  test("[P8] a page that is let in streams", async () => {
    const sessionId = newSession();
    const token = await tokenWith({ tenant, session_id: sessionId, role: "capture" });
    const headers = { ...upgrade, origin: app, "sec-websocket-protocol": `roomtone.v1.json, bearer.${token}` };
    const client = await Client.over(await listing(`/v1/audio/ws/${sessionId}`, { headers }), sessionId);
    expect(await client.keep(1)).toMatchObject({ status: "stored" });
  });

  test("[P8] with none listed, its own pages may alone; with *, all may; who sends no Origin always may", async () => {
    expect(await statusOf(closed, { origin: app })).toBe(403);
    expect(await statusOf(closed, { origin: ownOrigin })).toBe(200);
    expect(await statusOf(closed, {})).toBe(200);
    const open = gatewayWith({ ...unlimited, ALLOWED_ORIGINS: "*" });
    expect(await statusOf(open, { origin: "https://evil.example" })).toBe(200);
    expect(await statusOf(open, { origin: "null" })).toBe(200);
  });
});

describe("ORIGIN_REQUIRED", () => {
  const strict = gatewayWith({ ...unlimited, ALLOWED_ORIGINS: app, ORIGIN_REQUIRED: "true" });

  test.each<[string, Record<string, string>]>([
    ["neither", {}],
    ["a Referer of another page", { referer: "https://evil.example/page" }],
    ["a Referer that is no address", { referer: "app.example" }],
    ["a Referer whose name only begins so", { referer: "https://app.example.evil.example/" }],
    ["an Origin of another page, whatever the Referer", { origin: "https://evil.example", referer: `${app}/` }],
    ["no origin of its own", { origin: "null" }],
    ["a page of the same site", { "sec-fetch-site": "same-site" }],
    ["an address that somebody typed", { "sec-fetch-site": "none" }],
  ])("[P13] with %s, nothing is answered and nothing done, whatever the credential", async (_, headers) => {
    const room = new RoomUnderTest(newSession(), tenant);
    const answers = await askAll(strict, room.sessionId, { ...bearer(key), ...headers });
    const isOther = "origin" in headers;
    expect(await codesOf(answers.filter((__, n) => isOther || rows[n]?.access !== "public"))).toEqual(
      rows
        .filter(({ access }) => isOther || access !== "public")
        .map(({ isSocket }) => (isSocket ? "4403 forbidden" : "403 origin_not_allowed")),
    );
    expect((await strict("/nowhere", { headers: { ...bearer(key), ...headers } })).status).toBe(403);
    expect(await room.dump()).toEqual({});
  });

  test.each<[string, Record<string, string>]>([
    ["an Origin that is listed", { origin: app }],
    ["its own", { origin: ownOrigin }],
    ["a Referer of a page that is listed", { referer: `${app}/meetings/7?x=1` }],
    ["a Referer of its own pages", { referer: `${ownOrigin}/` }],
    ["its own page, whose browser sends neither", { "sec-fetch-site": "same-origin" }],
  ])("[P13] with %s, it is as without the variable", async (_, headers) => {
    expect(await statusOf(strict, headers)).toBe(200);
    const sessionId = newSession();
    const token = await tokenWith({ tenant, session_id: sessionId, role: "capture" });
    const offer = { ...upgrade, ...headers, "sec-websocket-protocol": `roomtone.v1.json, bearer.${token}` };
    const client = await Client.over(await strict(`/v1/audio/ws/${sessionId}`, { headers: offer }), sessionId);
    expect(await client.keep(1)).toMatchObject({ status: "stored" });
  });

  test("[P13] what is for all stays so: health, readiness, the pages and their files", async () => {
    for (const { path } of rows.filter(({ access }) => access === "public")) {
      expect((await strict(path)).status).not.toBe(403);
    }
    expect((await strict("/assets/none.js")).status).not.toBe(403);
    // It is no part of another path.
    expect((await strict("/health/..%2fv1")).status).toBe(403);
  });

  test("[P13] with AUTH_MODE=off too, where pages of this machine may", async () => {
    const local = gatewayWith({ RATE_LIMIT_PER_MINUTE: "off", ORIGIN_REQUIRED: "true" }, "http://localhost:8787");
    expect((await local("/v1/sessions")).status).toBe(403);
    expect((await local("/v1/sessions", { headers: { referer: "http://localhost:3000/page" } })).status).toBe(200);
  });
});

const at = (origin: string): Gateway => gatewayWith({ RATE_LIMIT_PER_MINUTE: "off" }, origin);

describe("without credentials", () => {
  test.each(["http://localhost:8787", "http://127.0.0.1:8787", "http://[::1]:8787", "http://LOCALHOST"])(
    "[P9] %s is this machine",
    async (origin) => {
      expect((await at(origin)("/v1/sessions")).status).toBe(200);
      expect((await at(origin)("/v1/sessions", { headers: { origin: "http://localhost:3000" } })).status).toBe(200);
      expect((await at(origin)("/v1/sessions", { headers: { origin: "https://evil.example" } })).status).toBe(403);
    },
  );

  test.each([
    "https://gateway.test",
    "http://192.168.1.7",
    "http://localhost.evil.example",
    "http://127.0.0.1.evil.example",
    "http://0.0.0.0",
    "http://[::2]",
  ])("[P9] at %s nothing is served: not a route, not a socket", async (origin) => {
    const room = new RoomUnderTest(newSession());
    const answers = await askAll(at(origin), room.sessionId, {});
    expect(new Set(await codesOf(answers))).toEqual(new Set(["503 misconfigured"]));
    expect(await room.dump()).toEqual({});
  });
});

describe("not set up", () => {
  const secretValue = "too-short-and-never-to-be-seen";

  test.each<[string, string, Record<string, string | undefined>]>([
    ["JWT_SECRET", "no secret", { JWT_SECRET: undefined }],
    ["JWT_SECRET", "an empty secret", { JWT_SECRET: "" }],
    ["JWT_SECRET", "blanks for a secret", { JWT_SECRET: "  \t " }],
    ["JWT_SECRET", "a short secret", { JWT_SECRET: secretValue }],
    ["JWT_SECRET", "a short second secret", { JWT_SECRET: `${jwtSecret} ${secretValue}` }],
    ["AUTH_MODE", "a mode that there is not", { AUTH_MODE: secretValue }],
    ["ALLOWED_ORIGINS", "an origin with a path", { ALLOWED_ORIGINS: `https://${secretValue}.example/app` }],
    ["RATE_LIMIT_PER_MINUTE", "a limit of nothing", { RATE_LIMIT_PER_MINUTE: "0" }],
    ["WEBHOOK_SECRET", "a webhook secret that is none", { WEBHOOK_SECRET: secretValue }],
  ])("[P9] %s: with %s nothing is served, and it is named, not shown", async (name, _, variables) => {
    const room = new RoomUnderTest(newSession(), tenant);
    const via = gatewayWith({ ...required, ...variables });
    const answers = await askAll(via, room.sessionId, bearer(key));
    for (const answer of answers) {
      expect(answer.status).toBe(503);
      const text = await answer.text();
      expect(JSON.parse(text)).toMatchObject({ code: "misconfigured" });
      expect(text).toContain(name);
      expect(text).not.toContain(secretValue);
      expect(text).not.toContain(jwtSecret);
      expectSecured(answer);
    }
    expect(await room.dump()).toEqual({});
  });
});

function expectSecured({ headers }: Response): void {
  expect(Object.fromEntries(headers)).toMatchObject({
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "strict-transport-security": expect.stringContaining("max-age=") as string,
    "content-security-policy": expect.stringMatching(/default-src 'none'.*frame-ancestors 'none'/) as string,
    "cross-origin-resource-policy": expect.stringMatching(/^(same|cross)-origin$/) as string,
    "cache-control": expect.stringMatching(/no-store|no-cache/) as string,
    "x-trace-id": expect.stringMatching(/^[0-9a-f]{32}$/) as string,
  });
  expect(headers.get("x-powered-by")).toBeNull();
}

const state = (sessionId: string): string => `/v1/sessions/${sessionId}/state`;
const audio = (sessionId: string): string => `/v1/sessions/${sessionId}/audio.wav`;

const getByName = (): never => {
  throw new Error("secret detail of a crash");
};

describe("headers", () => {
  const asKey = bearer(key);

  async function finalized(): Promise<{ sessionId: string; etag: string }> {
    const { sessionId } = await opened();
    const client = await Client.connect(sessionId, { credential: key, via: closed });
    await client.keep(1);
    await closed(`/v1/sessions/${sessionId}/finalize`, { method: "POST", headers: asKey });
    const result = await closed(`/v1/sessions/${sessionId}/result`, { headers: asKey });
    return { sessionId, etag: result.headers.get("etag") ?? "" };
  }
  const session = finalized();

  const json = (path: string, method: string, body: string): [string, RequestInit] => [
    path,
    { method, headers: asKey, body },
  ];
  test.each<[number, string, (session: { sessionId: string; etag: string }) => [string, RequestInit]]>([
    [200, "JSON", ({ sessionId }) => [state(sessionId), { headers: asKey }]],
    [200, "of a HEAD", ({ sessionId }) => [state(sessionId), { method: "HEAD", headers: asKey }]],
    [200, "audio", ({ sessionId }) => [audio(sessionId), { headers: asKey }]],
    [200, "an export", ({ sessionId }) => [`/v1/sessions/${sessionId}/transcript.vtt`, { headers: asKey }]],
    [200, "for everybody", () => ["/health", {}]],
    [201, "created", () => json("/v1/sessions", "POST", "{}")],
    [204, "of a preflight", () => ["/v1/sessions", { method: "OPTIONS", headers: { origin: ownOrigin } }]],
    [
      204,
      "to a reader of events",
      ({ sessionId }) => [
        `/v1/sessions/${sessionId}/events?after=3`,
        { headers: { ...asKey, accept: "text/event-stream" } },
      ],
    ],
    [206, "a part", ({ sessionId }) => [audio(sessionId), { headers: { ...asKey, range: "bytes=0-9" } }]],
    [
      304,
      "of a result",
      ({ sessionId, etag }) => [`/v1/sessions/${sessionId}/result`, { headers: { ...asKey, "if-none-match": etag } }],
    ],
    [400, "a name", () => ["/v1/sessions/%/state", { headers: asKey }]],
    [400, "a name, asked to upgrade", () => ["/v1/audio/ws/-", { headers: upgrade }]],
    [401, "", ({ sessionId }) => [state(sessionId), {}]],
    [401, "asked to upgrade", ({ sessionId }) => [state(sessionId), { headers: upgrade }]],
    [403, "an origin", ({ sessionId }) => [state(sessionId), { headers: { origin: app } }]],
    [404, "a route", () => ["/nowhere", { headers: asKey }]],
    [404, "a session", () => [state("never"), { headers: asKey }]],
    [405, "", () => ["/health", { method: "POST" }]],
    [409, "", ({ sessionId }) => json(`/v1/sessions/${sessionId}`, "PATCH", '{"metadata":{"a":1}}')],
    [413, "", () => json("/v1/sessions", "POST", " ".repeat(300_000))],
    [416, "", ({ sessionId }) => [audio(sessionId), { headers: { ...asKey, range: "bytes=999999-" } }]],
    [426, "", ({ sessionId }) => [`/v1/audio/ws/${sessionId}`, { headers: asKey }]],
  ])("[P8] %i %s", async (status, _, request) => {
    const [path, init] = request(await session);
    const answer = await closed(path, init);
    expect(answer.status).toBe(status);
    expectSecured(answer);
    expect(answer.headers.get("cross-origin-resource-policy")).toBe("same-origin");
    await answer.arrayBuffer();
  });

  test("[P8] 200 of a stream", async () => {
    const { sessionId } = await opened();
    const answer = await closed(`/v1/sessions/${sessionId}/events`, {
      headers: { ...asKey, accept: "text/event-stream" },
    });
    expect(answer.headers.get("content-type")).toContain("text/event-stream");
    expectSecured(answer);
    await answer.body?.cancel();
  });

  test("[P8] 429, 500 and 503", async () => {
    const { sessionId } = await session;
    const prepare = getByName;
    const strict = gatewayWith({ ...required, RATE_LIMIT_PER_MINUTE: "1" });
    await strict(state(sessionId), { headers: asKey });
    const answers = [
      await strict(state(sessionId), { headers: asKey }),
      await gatewayWith({ ...unlimited, MEETING_SESSION: { getByName } })(state(sessionId), { headers: asKey }),
      await gatewayWith({ ...unlimited, DB: { prepare } })(state(sessionId), { headers: asKey }),
    ];
    expect(answers.map(({ status }) => status)).toEqual([429, 500, 503]);
    for (const answer of answers) expectSecured(answer);
    for (const answer of answers) expect(await answer.text()).not.toContain("secret detail");
  });

  test("[P8] pages of other origins, where some are allowed, may play the audio", async () => {
    const { sessionId } = await session;
    const answer = await listing(audio(sessionId), { headers: asKey });
    expect(answer.headers.get("cross-origin-resource-policy")).toBe("cross-origin");
    await answer.arrayBuffer();
  });

  test("[W7] an upgrade's answer has its trace and its subprotocol, taken or refused", async () => {
    const { sessionId } = await opened();
    const asked = [
      await closed(`/v1/audio/ws/${sessionId}`, {
        headers: { ...upgrade, ...asKey, "sec-websocket-protocol": "roomtone.v1.json" },
      }),
      await closed(`/v1/audio/ws/${sessionId}`, {
        headers: { ...upgrade, "sec-websocket-protocol": "roomtone.v1.json, bearer.a.b.c" },
      }),
      await closed(`/v1/sessions/${sessionId}/live`, {
        headers: { ...upgrade, ...asKey, origin: ownOrigin, "sec-websocket-protocol": "roomtone.v1.json" },
      }),
    ];
    for (const answer of asked) {
      expect(answer.status).toBe(101);
      expect(answer.headers.get("sec-websocket-protocol")).toBe("roomtone.v1.json");
      expect(answer.headers.get("x-trace-id")).toMatch(/^[0-9a-f]{32}$/);
      (await Client.over(answer, sessionId)).close();
    }
  });
});
