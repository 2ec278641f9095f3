/** What is told of a session beside its state: `GET /v1/sessions/:session_id`, and what the list can be asked for. */
import { beforeEach, describe, expect, test } from "vitest";
import { sessionAnswerSchema, sessionSchema, type Session } from "../../schemas/http/sessions.ts";
import { limits } from "../../schemas/limits.ts";
import { range } from "./support/audio.ts";
import { bindings, gateway } from "./support/bindings.ts";
import { bucketFaults } from "./support/bucket-faults.ts";
import { Client } from "./support/client.ts";
import { createSession, get, post, send } from "./support/http.ts";
import { listed, page, plant } from "./support/index.ts";
import { newSession, RoomUnderTest } from "./support/room.ts";
import { eventually } from "./support/waiting.ts";

const read = async (id: string): Promise<Session> => {
  const answer = await gateway(`/v1/sessions/${id}`);
  expect(answer.status).toBe(200);
  return sessionSchema.parse(await answer.json());
};
const patch = (id: string, body: object): Promise<Response> => send("PATCH", `/v1/sessions/${id}`, body);
const idsOf = async (query: string): Promise<string[]> =>
  (await page(query)).sessions.map(({ session_id }) => session_id);
const time = (ms: number): string => encodeURIComponent(new Date(ms).toISOString());
const find = (q: string): Promise<string[]> => idsOf(`?q=${encodeURIComponent(q)}`);

describe("one session", () => {
  test("[I7] reads back what was set, after POST, after PATCH and after an eviction", async () => {
    const room = new RoomUnderTest(newSession());
    const id = room.sessionId;
    const settings = {
      title: "Weekly",
      roster: [{ name: "Ada", email: "ada@example.com" }],
      metadata: { a: { b: 1 } },
    };
    const created = await send("POST", "/v1/sessions", { session_id: id, ...settings, retention_days: 3 });
    expect(await read(id)).toMatchObject(sessionAnswerSchema.parse(await created.json()));
    const changed = await patch(id, { title: "Weekly, with Grace", metadata: { c: 2 } });
    const answer = sessionAnswerSchema.parse(await changed.json());
    await room.evict();
    const session = await read(id);
    expect(session).toMatchObject(answer);
    expect(session).toMatchObject({ title: "Weekly, with Grace", metadata: { a: { b: 1 }, c: 2 }, people: ["Ada"] });
    expect(Date.parse(session.deletes_at ?? "") - Date.parse(session.updated_at)).toBe(3 * 86_400_000);
  });

  test("[I7] tells how much there is of each track", async () => {
    const id = newSession();
    const client = await Client.connect(id);
    await client.keepAll([1, 2, 5]);
    const session = await read(id);
    expect(session).toMatchObject({
      status: "open",
      title: null,
      finalized_at: null,
      coverage: 0.6,
      duration_ms: 5_000,
    });
    expect(session.tracks).toMatchObject([
      { track: "mixed", kept_seconds: 3, missing_seconds: 2, duration_ms: 5_000, is_ended: false },
    ]);
    await post(id, "finalize", { expect: { mixed: 6 } });
    expect(await read(id)).toMatchObject({
      status: "finalized",
      finalized_at: expect.any(String),
      tracks: [{ kept_seconds: 3, missing_seconds: 3, unarchived_seconds: 0, is_ended: true }],
    });
  });

  test("[N3] one that was never opened is 404 and stays so; one that was deleted is 410", async () => {
    const id = newSession();
    expect((await gateway(`/v1/sessions/${id}`)).status).toBe(404);
    expect((await get(id, "state")).status).toBe(404);
    await createSession(id, { title: "Gone soon" });
    await gateway(`/v1/sessions/${id}`, { method: "DELETE" });
    expect((await gateway(`/v1/sessions/${id}`)).status).toBe(410);
  });
});

describe("title", () => {
  test("[I7] changes after finalize, is taken away by null, and is in no result", async () => {
    const id = newSession();
    await createSession(id, { title: "Weekly" });
    await post(id, "finalize");
    expect((await patch(id, { title: "Weekly of May" })).status).toBe(200);
    expect((await read(id)).title).toBe("Weekly of May");
    await eventually("it is listed so", async () => (await listed(id))?.title === "Weekly of May");
    expect(await (await get(id, "result")).json()).not.toHaveProperty("title");
    await patch(id, { title: null });
    expect((await read(id)).title).toBeNull();
  });

  test("[N3] another title for a session that is there is a conflict, the same is not", async () => {
    const id = newSession();
    await createSession(id, { title: "Weekly" });
    const again = (title: string | null): Promise<Response> => send("POST", "/v1/sessions", { session_id: id, title });
    expect([(await again("Weekly")).status, (await again("Daily")).status, (await again(null)).status]).toEqual([
      200, 409, 409,
    ]);
  });

  const bad: readonly [string, unknown][] = [
    ["nothing", ""],
    ["blanks", " \u2003\u00a0 "],
    ["what nobody sees", "\u200b\u2060"],
    ["two lines", "Weekly\nDaily"],
    ["two lines, in Unicode's way", "Weekly\u2028Daily"],
    ["a control character", "Weekly\u0007"],
    ["text that turns the direction of what follows", "Weekly\u202eyliaD"],
    ["half a character", "Weekly\ud83d"],
    ["more than there is room for", "x".repeat(limits.maxTitleChars + 1)],
    ["a number", 7],
  ];
  test.for(bad)("[I7] %s is no title", async ([, title]) => {
    const id = newSession();
    const answer = await send("POST", "/v1/sessions", { session_id: id, title });
    expect(answer.status).toBe(400);
    expect(await answer.json()).toMatchObject({ detail: expect.stringContaining("title") });
    expect((await gateway(`/v1/sessions/${id}`)).status).toBe(404);
  });
});

describe("the list", () => {
  beforeEach(async () => {
    await bindings.DB.exec("DELETE FROM sessions");
  });

  test("[I7] shows a title at once, and people as they get their names", async () => {
    const room = new RoomUnderTest(newSession());
    const id = room.sessionId;
    await createSession(id, { title: "Weekly", roster: [{ name: "Ada" }, { name: "Grace" }] });
    await eventually("it is listed", async () => (await listed(id))?.title === "Weekly");
    expect((await listed(id))?.people).toEqual(["Ada", "Grace"]);
    await room.rows("INSERT INTO events (at, body) VALUES (1, ?)", bound);
    await room.evict();
    await patch(id, { title: "Weekly of May" });
    await eventually("it is listed so", async () => (await listed(id))?.title === "Weekly of May");
    expect((await listed(id))?.people).toEqual(["Grace", "Ada"]);
  });

  test("[I7] [limit:maxListedPeople] names of a long roster are shown, and found", async () => {
    const id = newSession();
    const names = range(1, limits.maxListedPeople + 1).map((n) => `Name-${n}-`);
    await createSession(id, { roster: names.map((name) => ({ name })) });
    await eventually("it is listed", async () => (await listed(id)) !== undefined);
    expect((await listed(id))?.people).toEqual(names.slice(0, -1));
    expect([await find(names.at(-2) ?? ""), await find(names.at(-1) ?? "")]).toEqual([[id], []]);
  });

  test("[I7] is found by a part of title, id or name, however it is written", async () => {
    const [first, second] = [newSession(), newSession()];
    await createSession(first, { title: "Größe und ＡＢＣ", roster: [{ name: "Zoë Ångström" }] });
    await createSession(second, { title: "100% of_it" });
    await eventually("both are listed", async () => (await page()).sessions.length === 2);
    const ofTheFirst = ["GRÖßE", "und abc", "zoë", "ÅNGSTRÖM", "A\u030angström", first.toUpperCase()];
    expect(await Promise.all(ofTheFirst.map(find))).toEqual(ofTheFirst.map(() => [first]));
    expect(await Promise.all(["%", "_", "100%"].map(find))).toEqual([[second], [second], [second]]);
    expect(await find("'; DROP TABLE sessions; --")).toEqual([]);
    expect((await idsOf("?q=")).length).toBe(2);
  });

  test("[I7] knows what lacks seconds", async () => {
    const [whole, lacking] = [new RoomUnderTest(newSession()), new RoomUnderTest(newSession())];
    await (await Client.connect(whole.sessionId)).keepAll([1, 2]);
    await (await Client.connect(lacking.sessionId)).keepAll([1, 3]);
    for (const { sessionId } of [whole, lacking]) await post(sessionId, "finalize");
    await eventually("both are listed", async () => (await idsOf("?status=finalized")).length === 2);
    expect(await idsOf("?has_gaps=true")).toEqual([lacking.sessionId]);
    expect(await idsOf("?has_gaps=false&status=finalized")).toEqual([whole.sessionId]);
    expect((await listed(lacking.sessionId))?.missing_seconds).toBe(1);
  });

  test("[I7] knows where R2 is behind, for as long as it is", async () => {
    const room = new RoomUnderTest(newSession());
    const faults = bucketFaults(room.sessionId);
    faults.failPuts();
    const client = await Client.connect(room.sessionId);
    await client.keepAll(range(1, 3));
    await room.wakeUntil("it is behind", async () => ((await listed(room.sessionId))?.overdue_seconds ?? 0) === 3, 60);
    expect(await idsOf("?archive_behind=true")).toEqual([room.sessionId]);
    faults.heal();
    await room.wakeUntil("it is not", async () => (await listed(room.sessionId))?.overdue_seconds === 0, 60);
    expect(await idsOf("?archive_behind=true")).toEqual([]);
  });

  test("[I2] holds for what all filters let through together", async () => {
    const rows = range(1, 200).map((n) => ({
      session_id: `s-${String(n).padStart(3, "0")}`,
      created_at: 1_000 * n,
      status: n % 2 === 0 ? "open" : "finalized",
      title: n % 3 === 0 ? "Weekly" : "Daily",
      missing_seconds: n % 5 === 0 ? 4 : 0,
    }));
    await plant(rows);
    const wanted = rows
      .filter((row) => row.status === "open" && row.title === "Weekly" && row.missing_seconds > 0)
      .filter(({ created_at }) => created_at >= 60_000 && created_at < 180_000)
      .map(({ session_id }) => session_id)
      .toReversed();
    const query = `status=open&q=weekly&has_gaps=true&created_from=${time(60_000)}&created_to=${time(180_000)}&limit=1`;
    const ids: string[] = [];
    for (let cursor = ""; ;) {
      const { sessions, next_cursor } = await page(`?${query}${cursor}`);
      ids.push(...sessions.map(({ session_id }) => session_id));
      if (next_cursor === null) break;
      cursor = `&cursor=${next_cursor}`;
    }
    expect(wanted.length).toBeGreaterThan(2);
    expect(ids).toEqual(wanted);
  });

  test.for([
    "has_gaps=1",
    "archive_behind=",
    "created_from=yesterday",
    "created_to=2026-01-31",
    `q=${"x".repeat(201)}`,
  ])("[I7] %s is refused", async (query) => {
    const answer = await gateway(`/v1/sessions?${query}`);
    expect(answer.status).toBe(400);
    expect(await answer.json()).toMatchObject({ detail: expect.stringContaining(query.split("=")[0] ?? "") });
  });
});

const bound = JSON.stringify({ type: "speaker.bound", by: "person", cluster_id: "c1", speaker_name: "Grace" });
