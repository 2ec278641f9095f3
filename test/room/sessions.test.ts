import { describe, expect, test } from "vitest";
import { limits } from "../../schemas/limits.ts";
import { sessionAnswerSchema, type SessionAnswer } from "../../schemas/http/sessions.ts";
import { range, speechOf } from "./support/audio.ts";
import { Client } from "./support/client.ts";
import { gateway } from "./support/bindings.ts";
import { createSession, eventsOf, get, post, send } from "./support/http.ts";
import { inference, sameSpeaker } from "./support/inference.ts";
import { newSession, RoomUnderTest } from "./support/room.ts";
import { eventually } from "./support/waiting.ts";

const create = (body: object): Promise<Response> => send("POST", "/v1/sessions", body);
const configure = (id: string, body: object): Promise<Response> => send("PATCH", `/v1/sessions/${id}`, body);
const codeOf = async (answer: Response): Promise<[number, string]> => [
  answer.status,
  (await answer.json<{ code: string }>()).code,
];
const settingsOf = async (answer: Response): Promise<SessionAnswer> => sessionAnswerSchema.parse(await answer.json());

const roster = (names: number): object => ({ roster: range(1, names).map((n) => ({ name: `Name ${n}` })) });

describe("settings", () => {
  test("[U6] the same settings with their fields in another order are the same, at every depth", async () => {
    const id = newSession();
    const [a, b] = [
      { x: { p: 1, q: [{ m: 1, n: 2 }] }, y: null },
      { y: null, x: { q: [{ n: 2, m: 1 }], p: 1 } },
    ];
    expect((await create({ session_id: id, metadata: a, roster: [{ name: "Ada", email: "a@b" }] })).status).toBe(201);
    expect((await create({ session_id: id, metadata: b, roster: [{ email: "a@b", name: "Ada" }] })).status).toBe(200);
    expect(await codeOf(await create({ session_id: id, metadata: { ...b, x: { p: 1, q: [{ n: 2 }] } } }))).toEqual([
      409,
      "session_exists",
    ]);
    expect(await codeOf(await create({ session_id: id, metadata: { x: a.x } }))).toEqual([409, "session_exists"]);
  });

  test("[U6] metadata is patched at every depth, and null takes a name out", async () => {
    const id = newSession();
    await create({ session_id: id, metadata: { keep: 1, gone: 2, in: { a: 1, b: { c: 1 } }, kept_null: null } });
    const patch = { gone: null, never: null, in: { a: null, b: { d: [null] } }, new: { x: null, y: 1 } };
    expect((await settingsOf(await configure(id, { metadata: patch }))).metadata).toEqual({
      keep: 1,
      in: { b: { c: 1, d: [null] } },
      kept_null: null,
      new: { y: 1 },
    });
    expect((await settingsOf(await configure(id, { metadata: { in: 5 } }))).metadata["in"]).toBe(5);
  });

  test("[U6] [limit:maxMetadataChars] what patches add up to is bounded, changes nothing beyond it, and finalize has its room", async () => {
    const room = new RoomUnderTest(newSession());
    const id = room.sessionId;
    const live = await Client.connect(id);
    const piece = "x".repeat(100_000);
    expect((await configure(id, { metadata: { a: piece } })).status).toBe(200);
    const left = limits.maxMetadataChars - JSON.stringify({ a: piece, b: "" }).length;
    expect((await configure(id, { metadata: { b: "y".repeat(left) } })).status).toBe(200);
    const before = await room.dump();
    expect(await codeOf(await configure(id, { metadata: { c: 1 } }))).toEqual([413, "body_too_large"]);
    expect(await room.dump()).toEqual(before);
    // Short to send, long to keep; and nothing is opened for it.
    const long = `{"session_id":"${newSession()}","metadata":{"a":[${"1e20,".repeat(20_000)}0]}}`;
    const refused = await gateway("/v1/sessions", { method: "POST", body: long });
    expect(await codeOf(refused)).toEqual([413, "body_too_large"]);
    expect((await configure(id, { metadata: { b: null } })).status).toBe(200);
    expect((await configure(id, { metadata: { b: "y".repeat(left) } })).status).toBe(200);
    await live.keep(1);
    const finalized = await post(id, "finalize", { metadata: { d: "z".repeat(60_000) } });
    expect(finalized.status).toBe(200);
    expect((await get(id, "result")).status).toBe(200);
  });

  test("[N3] a session is opened with settings; without an id it gets one", async () => {
    const answer = await create({ roster: [{ name: "Ada" }], metadata: { room: 7 }, resolve: { window_chunks: 3 } });
    expect(answer.status).toBe(201);
    const settings = await settingsOf(answer);
    expect(settings).toMatchObject({
      status: "open",
      metadata: { room: 7 },
      resolve: { auto: false, window_chunks: 3 },
    });
    expect((await get(settings.session_id, "state")).status).toBe(200);
    expect(answer.headers.get("location")).toBe(`/v1/sessions/${settings.session_id}/state`);
  });

  test("[N3] asked for twice it is there once; with other settings it is a conflict", async () => {
    const id = newSession();
    expect((await create({ session_id: id, metadata: { a: 1 } })).status).toBe(201);
    expect((await create({ session_id: id, metadata: { a: 1 } })).status).toBe(200);
    expect(await codeOf(await create({ session_id: id, metadata: { a: 2 } }))).toEqual([409, "session_exists"]);
    expect(await codeOf(await create({ session_id: id, resolve: { auto: true } }))).toEqual([409, "session_exists"]);
  });

  test("settings change one by one, survive an eviction, and metadata reaches the result", async () => {
    const room = new RoomUnderTest(newSession());
    const id = room.sessionId;
    await createSession(id, { metadata: { a: 1, b: 1 }, roster: [{ name: "Ada" }] });
    await configure(id, { metadata: { b: 2 } });
    await room.evict();
    const settings = await settingsOf(await configure(id, { resolve: { window_chunks: 2 } }));
    expect(settings).toMatchObject({
      metadata: { a: 1, b: 2 },
      roster: [{ name: "Ada" }],
      resolve: { window_chunks: 2 },
    });
    await post(id, "finalize", { metadata: { c: 3 } });
    expect(await (await get(id, "result")).json()).toMatchObject({ metadata: { a: 1, b: 2, c: 3 } });
    expect(await codeOf(await configure(id, { metadata: {} }))).toEqual([409, "session_finalized"]);
  });

  test("[R1] the length of windows can't change once audio was resolved; auto can", async () => {
    const id = newSession();
    await createSession(id, { resolve: { auto: true, window_chunks: 2 } });
    inference(id, (request) => Response.json(sameSpeaker(request)));
    const client = await Client.connect(id);
    await client.keepAll(range(1, 2), speechOf);
    await eventually("it is resolved", async () => (await eventsOf(id)).length === 2);
    expect(await codeOf(await configure(id, { resolve: { window_chunks: 4 } }))).toEqual([409, "resolve_started"]);
    expect((await configure(id, { resolve: { auto: false, window_chunks: 2 } })).status).toBe(200);
    await client.keepAll(range(3, 6), speechOf);
    expect((await configure(id, { resolve: { auto: true } })).status).toBe(200);
    await eventually("it catches up", async () => (await eventsOf(id)).length === 4);
  });

  const bad: readonly [string, object, number][] = [
    ["a misspelt field", { rooster: [] }, 400],
    ["a misspelt setting", { resolve: { windows: 4 } }, 400],
    ["a window of nothing", { resolve: { window_chunks: 0 } }, 400],
    ["a window too long", { resolve: { window_chunks: limits.maxWindowChunks + 1 } }, 400],
    ["a bad id", { session_id: "a/b" }, 400],
    ["a roster too long", roster(limits.maxRosterEntries + 1), 400],
    ["metadata that is a list", { metadata: [1] }, 400],
    ["a body too large", { metadata: { pad: "x".repeat(limits.maxSessionBodyBytes) } }, 413],
  ];
  test.for(bad)("%s is refused", async ([, body, status]) => {
    expect((await create(body)).status).toBe(status);
  });

  test("[R8] a roster of a thousand names goes along with every window", async () => {
    const id = newSession();
    await createSession(id, { ...roster(limits.maxRosterEntries), resolve: { auto: true } });
    const requests = inference(id, (request) => Response.json(sameSpeaker(request)));
    const client = await Client.connect(id);
    await client.keepAll(range(1, 8), speechOf);
    await eventually("both windows went", () => requests.length === 2);
    expect(requests.map(({ state }) => state.roster?.length)).toEqual([1_000, 1_000]);
  });
});
