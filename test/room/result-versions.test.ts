import { expect, test } from "vitest";
import { sessionResultSchema } from "../../schemas/http/result.ts";
import { type ResultVersions, resultVersionsSchema } from "../../schemas/http/versions.ts";
import { bindings, gateway } from "./support/bindings.ts";
import { bucketFaults } from "./support/bucket-faults.ts";
import { Client } from "./support/client.ts";
import { eventsOf, get, post } from "./support/http.ts";
import { newSession, RoomUnderTest } from "./support/room.ts";
import { eventually } from "./support/waiting.ts";

const keysOf = (id: string): string[] => [`sessions/${id}/result.json`, `sessions/${id}/results/1.json`];
const stored = async (key: string): Promise<string | undefined> => (await bindings.RESULT_BUCKET.get(key))?.text();

async function finalized(utterances: readonly object[] = []): Promise<RoomUnderTest> {
  const room = new RoomUnderTest(newSession());
  await (await Client.connect(room.sessionId)).keepAll([1, 2, 4]);
  if (utterances.length > 0) await post(room.sessionId, "utterances", { utterances });
  expect((await post(room.sessionId, "finalize", { metadata: { title: "standup" } })).status).toBe(200);
  return room;
}

async function versionsOf(id: string): Promise<ResultVersions> {
  return resultVersionsSchema.parse(await (await get(id, "results")).json());
}

test("[F5] the result of finalize is the first version: listed, told in `state`, and had by its number", async () => {
  const room = await finalized();
  const id = room.sessionId;
  const [resultKey = "", versionKey = ""] = keysOf(id);
  const newest = await get(id, "result");
  expect([newest.headers.get("x-result-version"), newest.headers.get("x-result-pending")]).toEqual(["1", "false"]);
  const text = await newest.text();
  expect(await (await get(id, "result?version=1")).text()).toBe(text);
  expect([await stored(resultKey), await stored(versionKey)]).toEqual([text, text]);
  const result = sessionResultSchema.parse(JSON.parse(text));
  const { finalized_at } = result;
  const made = { version: 1, made_by: ["finalize"], made_at: finalized_at, supersedes: null };
  expect(result).toMatchObject(made);
  expect(await versionsOf(id)).toMatchObject({
    session_id: id,
    versions: [{ ...made, event_count: result.events.length, result_key: versionKey, bytes: text.length }],
    is_pending: false,
  });
  const state = await (await get(id, "state")).json<{ result: object }>();
  expect(state.result).toEqual({ version: 1, event_count: result.events.length, is_pending: false });
  const etag = newest.headers.get("etag") ?? "";
  const again = await gateway(`/v1/sessions/${id}/result`, { headers: { "if-none-match": etag } });
  expect(again.status).toBe(304);
});

test("[F5] a version that there is not is 404, and before finalize there is none", async () => {
  const room = await finalized();
  for (const version of [2, 99]) {
    const answer = await get(room.sessionId, `result?version=${version}`);
    expect([answer.status, await answer.json()]).toMatchObject([404, { code: "version_not_found" }]);
  }
  expect((await get(room.sessionId, "result?version=0")).status).toBe(400);
  const open = newSession();
  await (await Client.connect(open)).keep(1);
  const answer = await get(open, "results");
  expect([answer.status, await answer.json()]).toMatchObject([409, { code: "not_finalized" }]);
  expect(answer.headers.get("retry-after")).toBeNull();
});

test("[F1] while it is being finalized, the refusal says so and when to ask again", async () => {
  const room = new RoomUnderTest(newSession());
  bucketFaults(room.sessionId).failPuts();
  await (await Client.connect(room.sessionId)).keep(1);
  expect((await post(room.sessionId, "finalize")).status).toBe(202);
  const answer = await get(room.sessionId, "result");
  expect(answer.status).toBe(409);
  expect(Number(answer.headers.get("retry-after"))).toBeGreaterThan(0);
  expect(await answer.json()).toMatchObject({
    code: "not_finalized",
    detail: expect.stringMatching(/being finalized; ask again in \d+ s/),
  });
});

const utterances = [1, 2, 3].map((n) => ({
  utterance_id: `u${n}`,
  start_ms: n * 10,
  end_ms: n * 10 + 5,
  text: `${n}`,
}));
const losses: readonly [string, (keys: readonly string[]) => Promise<unknown>][] = [
  ["is gone from R2", async (keys) => bindings.RESULT_BUCKET.delete([...keys])],
  ["was emptied", async (keys) => Promise.all(keys.map((key) => bindings.RESULT_BUCKET.put(key, "")))],
  [
    "was edited",
    async (keys) =>
      Promise.all(
        keys.map(async (key) =>
          bindings.RESULT_BUCKET.put(key, ((await stored(key)) ?? "").replace("standup", "Standup")),
        ),
      ),
  ],
];
test.for(losses)("[F6] a result that %s is made anew, the same to the byte", async ([, lose]) => {
  const room = await finalized(utterances);
  const id = room.sessionId;
  const text = await (await get(id, "result")).text();
  await lose(keysOf(id));
  await room.evict();
  const answer = await get(id, "result");
  expect([answer.status, await answer.text()]).toEqual([200, text]);
  expect(await Promise.all(keysOf(id).map(stored))).toEqual([text, text]);
  expect(await (await get(id, "result?version=1")).text()).toBe(text);
});

test("[F6] where R2 does not take it back either, it is 503 with when to ask again, and no word of why", async () => {
  const room = await finalized();
  await bindings.RESULT_BUCKET.delete(keysOf(room.sessionId));
  const faults = bucketFaults(room.sessionId);
  faults.failPuts();
  const answer = await get(room.sessionId, "result");
  expect([answer.status, answer.headers.get("retry-after")]).toEqual([503, "1"]);
  expect(JSON.stringify(await answer.json())).not.toMatch(/10001|\.ts|at /);
  faults.heal();
  expect((await get(room.sessionId, "result")).status).toBe(200);
});

test(
  "[F1] a result too long for one string goes out in pieces, and comes back whole",
  { timeout: 60_000 },
  async () => {
    const room = new RoomUnderTest(newSession());
    const id = room.sessionId;
    await (await Client.connect(id)).keep(1);
    const said = "ä".repeat(1_900);
    for (let batch = 0; batch < 6; batch += 1) {
      const many = Array.from({ length: 250 }, (_, i) => ({
        utterance_id: `u${batch}-${i}`,
        start_ms: batch * 1_000 + i,
        end_ms: batch * 1_000 + i + 1,
        text: `${batch}.${i} ${said}`,
      }));
      expect((await post(id, "utterances", { utterances: many })).status).toBe(200);
    }
    await post(id, "finalize");
    await eventually("it is finalized", async () => (await room.status()) === "finalized", 60_000);
    const [resultKey = ""] = keysOf(id);
    const text = (await stored(resultKey)) ?? "";
    const result = sessionResultSchema.parse(JSON.parse(text));
    expect(new TextEncoder().encode(text).byteLength).toBeGreaterThan(8_388_608);
    expect(result.transcript.map((entry) => entry.text)).toEqual(
      result.events.flatMap(({ utterance }) => (utterance ? [utterance.text] : [])),
    );
    expect(result.events.slice(0, 1_000)).toEqual(await eventsOf(id));
    expect(await (await get(id, "result")).text()).toBe(text);
    await bindings.RESULT_BUCKET.delete(keysOf(id));
    expect(await (await get(id, "result")).text()).toBe(text);
  },
);

test("[F6] the result of an earlier version of the gateway is looked at before it gets a key of its own: other bytes are made anew", async () => {
  const room = await finalized();
  const id = room.sessionId;
  const [, versionKey = ""] = keysOf(id);
  const text = await stored(versionKey);
  // As an earlier version of the gateway left it: one key, and no hash.
  await room.rows("UPDATE result_versions SET sha256 = NULL, bytes = NULL, snapshot = NULL, has_own_key = 0");
  await bindings.RESULT_BUCKET.delete(versionKey);
  await room.evict();
  bucketFaults(id).garbleGets();
  const late = [{ text: "I was late", start_ms: 0, end_ms: 900 }];
  expect((await post(id, "utterances", { utterances: late })).status).toBe(200);
  await room.wakeUntil("the second version is there", async () => (await versionsOf(id)).versions.length === 2);
  bucketFaults(id).heal();
  expect(await stored(versionKey)).toBe(text);
  expect(await (await get(id, "result?version=1")).text()).toBe(text);
});
