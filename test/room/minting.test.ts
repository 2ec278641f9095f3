/** What an API key may hand on: a session token can do no more than the key that it was minted with, and stream. */
import { describe, expect, test } from "vitest";
import { mintAnswerSchema, type Role, type Scope } from "../../schemas/access.ts";
import { limits } from "../../schemas/limits.ts";
import { gateway } from "./support/bindings.ts";
import { Client } from "./support/client.ts";
import { bearer, guarded, keyFor } from "./support/doors.ts";
import { newSession, RoomUnderTest } from "./support/room.ts";
import { codeOf } from "./support/tenant.ts";

const tenant = "acme";
const { key } = await keyFor(tenant, ["admin"]);

async function opened(): Promise<RoomUnderTest> {
  const room = new RoomUnderTest(newSession(), tenant);
  const body = JSON.stringify({ session_id: room.sessionId });
  expect((await guarded("/v1/sessions", { method: "POST", headers: bearer(key), body })).status).toBe(201);
  return room;
}

const askToMint = (sessionId: string, body: object, by: string): Promise<Response> =>
  guarded(`/v1/sessions/${sessionId}/tokens`, { method: "POST", headers: bearer(by), body: JSON.stringify(body) });

const shared = opened();

test.each<[Role, readonly Scope[]]>([
  ["observe", ["tokens:mint"]],
  ["observe", ["tokens:mint", "sessions:write"]],
  ["edit", ["tokens:mint"]],
  ["edit", ["tokens:mint", "sessions:read"]],
  ["edit", ["tokens:mint", "sessions:write", "speech"]],
])("[P14] no %s token is made with a key of %j, and it is said what is missing", async (role, scopes) => {
  const { sessionId } = await shared;
  const { key: narrow } = await keyFor(tenant, scopes);
  const answer = await askToMint(sessionId, { role }, narrow);
  expect(answer.status).toBe(403);
  expect((await answer.json<{ detail: string }>()).detail).toMatch(/sessions:(read|write).* besides tokens:mint/);
  // The same for a session that never was.
  expect((await askToMint(newSession(), { role }, narrow)).status).toBe(403);
});

test.each<[Role, readonly Scope[]]>([
  ["observe", ["tokens:mint", "sessions:read"]],
  ["edit", ["tokens:mint", "sessions:read", "sessions:write"]],
  ["edit", ["admin"]],
])("[P14] a token to %s is made with a key of %j", async (role, scopes) => {
  const { sessionId } = await shared;
  const { key: wide } = await keyFor(tenant, scopes);
  const answer = await askToMint(sessionId, { role }, wide);
  expect(answer.status).toBe(201);
  expect(await answer.json()).not.toHaveProperty("reads");
});

test.each<readonly Scope[]>([["tokens:mint"], ["tokens:mint", "sessions:write"]])(
  "[P14] a capture token of a key that may not read streams and captions, and sees nothing of the session (%j)",
  async (...scopes) => {
    const { sessionId } = await opened();
    const { key: narrow } = await keyFor(tenant, scopes);
    const answer = await askToMint(sessionId, { role: "capture" }, narrow);
    const { token, reads } = mintAnswerSchema.parse(await answer.json());
    expect([answer.status, reads]).toEqual([201, false]);
    const client = await Client.connect(sessionId, { track: "mic", credential: token, via: guarded });
    await client.keep(1);
    const utterance = { track: "mic", utterance_id: "u1", start_ms: 0, end_ms: 500, text: "Hello." };
    const body = JSON.stringify({ utterances: [utterance] });
    const path = `/v1/sessions/${sessionId}`;
    const posted = await guarded(`${path}/utterances`, { method: "POST", headers: bearer(token), body });
    expect(posted.status).toBe(200);
    for (const what of ["state", "events", "events?after=0"]) {
      expect(await codeOf(await guarded(`${path}/${what}`, { headers: bearer(token) }))).toBe("403 forbidden");
    }
    const live = await guarded(`${path}/live`, { headers: { upgrade: "websocket", ...bearer(token) } });
    await (await Client.over(live, sessionId)).expectClose(4403);
    client.send({
      type: "hello",
      sample_rate: 16_000,
      channels: 1,
      format: "pcm_s16le",
      subscribe: ["utterances"],
    });
    expect(await client.nextOf("error")).toMatchObject({ code: "forbidden" });
    await client.expectClose(4403);
  },
);

test("[P14] a key that may only write streams, and subscribes to nothing", async () => {
  const { sessionId } = await opened();
  const { key: writer } = await keyFor(tenant, ["sessions:write"]);
  const hello = { type: "hello", sample_rate: 16_000, channels: 1, format: "pcm_s16le" };
  const client = await Client.connect(sessionId, { credential: writer, via: guarded });
  client.send({ ...hello, subscribe: [] });
  await client.nextOf("ready");
  await client.keep(1);
  client.send({ ...hello, subscribe: ["status"] });
  expect(await client.nextOf("error")).toMatchObject({ code: "forbidden" });
  await client.expectClose(4403);
});

const stateOf = (sessionId: string): Promise<Response> =>
  guarded(`/v1/sessions/${sessionId}`, { headers: bearer(key) });

describe("opening with a token", () => {
  const settings = { title: "Board", roster: [{ name: "Ada" }], metadata: { room: "Atlas" } };

  test("[P19] [S3] the session is opened once, with its settings, and the token is good at once", async () => {
    const sessionId = newSession();
    const body = { role: "capture", tracks: ["mic"], open: settings };
    const twins = await Promise.all([1, 2, 3].map(() => askToMint(sessionId, body, key)));
    const minted = await Promise.all(twins.map(async (answer) => mintAnswerSchema.parse(await answer.json())));
    expect(twins.map(({ status }) => status)).toEqual([201, 201, 201]);
    expect(minted.map(({ opened: isNew }) => isNew).toSorted((a, b) => Number(a) - Number(b))).toEqual([
      false,
      false,
      true,
    ]);
    expect(await (await stateOf(sessionId)).json()).toMatchObject({ ...settings, status: "open" });
    const client = await Client.connect(sessionId, { track: "mic", credential: minted[0]?.token ?? "", via: guarded });
    await client.keep(1);
    const again = await askToMint(sessionId, { ...body, open: { ...settings, session_id: sessionId } }, key);
    expect(await again.json()).toMatchObject({ opened: false });
    const plain = await askToMint(sessionId, { role: "capture" }, key);
    expect(await plain.json()).not.toHaveProperty("opened");
  });

  test.each<[string, object, string]>([
    ["a setting there is not", { titel: "Board" }, "400 bad_request"],
    ["a setting that is wrong", { retention_days: 1.5 }, "400 bad_request"],
    ["another session", { session_id: "another" }, "400 bad_request"],
    ["an address that takes no webhook", { webhook_url: "http://127.0.0.1:9/" }, "400 invalid_webhook_url"],
    ["metadata that no session takes", { metadata: { a: "x".repeat(limits.maxMetadataChars) } }, "413 body_too_large"],
  ])("[P19] %s opens nothing, and there is no token", async (_, open, code) => {
    const room = new RoomUnderTest(newSession(), tenant);
    const answer = await askToMint(room.sessionId, { role: "capture", open }, key);
    expect(await codeOf(answer)).toBe(code);
    expect(await room.dump()).toEqual({});
  });

  test("[P19] other settings than those it has are refused, and there is no token", async () => {
    const { sessionId } = await opened();
    const answer = await askToMint(sessionId, { role: "capture", open: { title: "Other" } }, key);
    expect(await codeOf(answer)).toBe("409 session_exists");
    expect(await (await stateOf(sessionId)).json()).toMatchObject({ title: null });
  });

  test("[P19] [I4] a deleted session is not opened again", async () => {
    const { sessionId } = await opened();
    await guarded(`/v1/sessions/${sessionId}`, { method: "DELETE", headers: bearer(key) });
    const answer = await askToMint(sessionId, { role: "observe", open: {} }, key);
    expect(await codeOf(answer)).toBe("410 session_deleted");
  });

  test.each<[Role, readonly Scope[], string]>([
    ["capture", ["tokens:mint"], "403 forbidden"],
    ["capture", ["tokens:mint", "sessions:read"], "403 forbidden"],
    ["observe", ["tokens:mint", "sessions:write"], "403 forbidden"],
    ["capture", ["tokens:mint", "sessions:write"], "201"],
    ["observe", ["admin"], "201"],
  ])("[P19] [P10] a %s token that opens, with a key of %j: %s", async (role, scopes, code) => {
    const room = new RoomUnderTest(newSession(), tenant);
    const { key: narrow } = await keyFor(tenant, scopes);
    const answer = await askToMint(room.sessionId, { role, open: {} }, narrow);
    expect(await codeOf(answer)).toBe(code);
    expect(Object.keys(await room.dump()).length > 0).toBe(code === "201");
    // The same where the session is there: it shows in no refusal.
    const { sessionId } = await shared;
    expect(await codeOf(await askToMint(sessionId, { role, open: {} }, narrow))).toBe(code);
  });

  test("[P19] without a secret no token can be made, and nothing is opened", async () => {
    const room = new RoomUnderTest(newSession());
    const body = JSON.stringify({ role: "capture", open: {} });
    const answer = await gateway(`/v1/sessions/${room.sessionId}/tokens`, { method: "POST", body });
    expect(await codeOf(answer)).toMatch(/tokens_not_set_up$/);
    expect(await room.dump()).toEqual({});
  });
});
