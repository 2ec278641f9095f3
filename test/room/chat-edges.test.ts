/** Kept chats where what is asked is almost right: blanks, names that break a line, pages of chats of one moment, streams nobody wants. */
import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import type { Chat } from "../../schemas/http/chats.ts";
import type { Env as AppEnv } from "../../server/app/env.ts";
import { bearer, guarded, keyFor } from "./support/doors.ts";
import { newSession } from "./support/room.ts";
import { codeOf } from "./support/tenant.ts";

const { CHAT_LIST } = env as unknown as AppEnv;

async function caller() {
  const tenant = `edges-${newSession().toLowerCase()}`.slice(0, 60);
  const { key } = await keyFor(tenant, ["sessions:read"]);
  const ask = (
    method: string,
    path: string,
    body?: object,
    headers: Record<string, string> = {},
  ): Promise<Response> => {
    const init = { method, headers: { ...bearer(key), ...headers } };
    return guarded(path, body === undefined ? init : { ...init, body: JSON.stringify(body) });
  };
  const make = async (fields: object = {}): Promise<Chat> => (await ask("POST", "/v1/chats", fields)).json();
  const list = CHAT_LIST.getByName(`${tenant}:key:${/^rt_([a-z0-9]{12})_/.exec(key)?.[1] ?? ""}`);
  return { ask, make, list };
}

const streamed = { accept: "text/event-stream" };

describe("a question that is none", () => {
  it.each(["   ", "\n\t\u3000"])("[U9] %j is refused by each door, and nothing of it is kept", async (blank) => {
    const { ask, make } = await caller();
    const { chat_id } = await make();
    const user = { role: "user", content: blank };
    const doors: [string, object][] = [
      ["/v1/chat", { message: blank }],
      ["/v1/chat", { messages: [user] }],
      ["/v1/chat", { chat_id, message: blank }],
      ["/api/chat", { message: blank }],
      ["/v1/chat/completions", { messages: [user] }],
      ["/v1/escalate", { request_id: "r1", query: blank }],
      ["/v1/stream", { request_id: "r1", query: blank }],
      [`/v1/chats/${chat_id}/messages`, user],
    ];
    for (const [path, body] of doors)
      expect([path, await codeOf(await ask("POST", path, body))]).toEqual([path, "400 bad_request"]);
    expect(await (await ask("GET", `/v1/chats/${chat_id}`)).json()).toMatchObject({ title: null, message_count: 0 });
  });
});

describe("[S8] a chat's title", () => {
  it.each(["a\nb", "   ", "\u200B", "safe\u202Efdp.exe", "\u0000"])(
    "%j is no line that shows something",
    async (title) => {
      const { ask, make } = await caller();
      const { chat_id } = await make();
      expect(await codeOf(await ask("POST", "/v1/chats", { title }))).toBe("400 bad_request");
      expect(await codeOf(await ask("PATCH", `/v1/chats/${chat_id}`, { title }))).toBe("400 bad_request");
      const changes = { device_id: "phone", changes: [{ id: chat_id, title }] };
      expect(await codeOf(await ask("POST", "/v1/sync/history", changes))).toBe("400 bad_request");
    },
  );

  it("that the first message gives is one line, whatever that holds", async () => {
    const { ask, make } = await caller();
    const { chat_id } = await make();
    const say = (content: string): Promise<Response> =>
      ask("POST", `/v1/chats/${chat_id}/messages`, { role: "user", content });
    expect(await (await say("\u200B")).json()).toMatchObject({ title: null, message_count: 1 });
    expect(await (await say("When is\n\u202Ethe\u0000 launch?")).json()).toMatchObject({
      title: "When is the launch?",
    });
  });
});

it("pages of chats give each once, those of one moment too", async () => {
  const { ask, make, list } = await caller();
  const ids: string[] = [];
  for (let n = 0; n < 7; n += 1) ids.push((await make({ title: `chat ${n}` })).chat_id);
  await runInDurableObject(list, (_, { storage: { sql } }) => {
    for (const [n, id] of ids.entries())
      sql.exec(
        "UPDATE chats SET updated_at = ? WHERE chat_id = ?",
        n < 5 ? 1_700_000_000_000 : 1_700_000_000_000 + n,
        id,
      );
  });
  const seen: string[] = [];
  for (let before = ""; ;) {
    const { chats } = await (await ask("GET", `/v1/chats?limit=3${before}`)).json<{ chats: Chat[] }>();
    if (chats.length === 0) break;
    seen.push(...chats.map(({ chat_id }) => chat_id));
    before = `&before=${chats.at(-1)?.updated_at}`;
  }
  expect(seen.toSorted()).toEqual(ids.toSorted());
});

it("[U8] an answer is a stream where Accept says so, with its weights", async () => {
  const { ask } = await caller();
  const typeOf = async (accept: string): Promise<string> => {
    const answer = await ask("POST", "/v1/chat", { message: "When is the launch?" }, { accept });
    await answer.text();
    return answer.headers.get("content-type")?.split(";")[0] ?? "";
  };
  expect(await typeOf(streamed.accept)).toBe("text/event-stream");
  expect(await typeOf("TEXT/EVENT-STREAM")).toBe("text/event-stream");
  for (const accept of ["text/event-stream;q=0", "text/event-stream;q=0.2, application/json", "text/event-streams"])
    expect([accept, await typeOf(accept)]).toEqual([accept, "application/json"]);
});
