/** What an API key may hand on: a session token can do no more than the key that it was minted with, and stream. */
import { expect, test } from "vitest";
import { mintAnswerSchema, type Role, type Scope } from "../../schemas/access.ts";
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
