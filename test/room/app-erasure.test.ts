/** What is deleted while work on it goes on in the app: nothing of it comes back, and what pointed to it goes as well. */
import { runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, it, vi } from "vitest";
import type { Chat } from "../../schemas/http/chats.ts";
import type { Env as AppEnv } from "../../server/app/env.ts";
import { limits } from "../../schemas/limits.ts";
import { roomName } from "../../schemas/names.ts";
import { BillingLedgerDO, ChatList } from "../../server/app/index.ts";
import { clock } from "./support/clock.ts";
import { bearer, guarded } from "./support/doors.ts";
import { IndexedTenant } from "./support/indexed-tenant.ts";
import { roomWithModel } from "./support/live-models.ts";
import { model } from "./support/models.ts";
import type { RoomUnderTest } from "./support/room.ts";
import { codeOf } from "./support/tenant.ts";
import { eventually, within } from "./support/waiting.ts";

const { CHAT_LIST, CHAT_SESSION, PARTICIPANT } = env as unknown as AppEnv;

class Chats {
  readonly own: IndexedTenant;
  readonly owner: string;

  static async new(): Promise<Chats> {
    const own = await IndexedTenant.new();
    return new Chats(own);
  }

  private constructor(own: IndexedTenant) {
    this.own = own;
    this.owner = `${own.tenant.name}:key:${/^rt_([a-z0-9]{12})_/.exec(own.tenant.key)?.[1] ?? ""}`;
  }

  ask(method: string, path: string, body?: object, headers: Record<string, string> = {}): Promise<Response> {
    const init = { method, headers: { ...bearer(this.own.tenant.key), ...headers } };
    return guarded(path, body === undefined ? init : { ...init, body: JSON.stringify(body) });
  }

  async make(fields: object = {}): Promise<string> {
    return (await (await this.ask("POST", "/v1/chats", fields)).json<Chat>()).chat_id;
  }

  async listed(): Promise<string[]> {
    const { chats } = await (await this.ask("GET", "/v1/chats")).json<{ chats: Chat[] }>();
    return chats.map(({ chat_id }) => chat_id);
  }

  object(id: string) {
    return CHAT_SESSION.getByName(`${this.owner}:${id}`);
  }
}

/** A model that says one word, and then nothing until it is ended. */
function endless(): void {
  model("writes", (_, signal) => {
    const first = new TextEncoder().encode('data: {"choices":[{"delta":{"content":"In March"}}]}\n\n');
    const body = new ReadableStream<Uint8Array>({
      start: (controller) => {
        controller.enqueue(first);
        signal.addEventListener("abort", () => controller.error(signal.reason));
      },
    });
    return new Response(body, { headers: { "content-type": "text/event-stream" } });
  });
}

/** Of a meeting that says when the launch is. */
async function asked(chats: Chats, id: string): Promise<string> {
  const room = await chats.own.meeting([{ text: "The launch is on the ninth of March.", speaker: "Ann" }]);
  await chats.own.index.refresh([room.sessionId]);
  const { status } = await chats.ask("POST", "/v1/chat", { chat_id: id, message: "When is the launch?" });
  if (status !== 200) throw new Error(`the question was answered ${status}`);
  return room.sessionId;
}

describe("[J8] a chat that is deleted", () => {
  it("while its answer is written is in no list any more, and on no device", async () => {
    const chats = await Chats.new();
    endless();
    const id = await chats.make({ model: "openai/writes", title: "Xylophone" });
    const streamed = { accept: "text/event-stream" };
    const answer = await chats.ask("POST", "/v1/chat", { chat_id: id, message: "When?" }, streamed);
    await answer.body?.getReader().read();
    expect((await chats.ask("DELETE", `/v1/chats/${id}`)).status).toBe(204);
    expect(await chats.listed()).toEqual([]);
    const synced = await chats.ask("POST", "/v1/sync/history", { device_id: "phone" });
    expect(await synced.json()).toMatchObject({ changes: [{ id, deleted: true }] });
  });

  it("before a model has a first word for it is not there for who asked", async () => {
    const chats = await Chats.new();
    const prompts = model("writes", () => new Promise(() => undefined));
    const id = await chats.make({ model: "openai/writes" });
    const room = await chats.own.meeting([{ text: "The launch is on the ninth of March.", speaker: "Ann" }]);
    await chats.own.index.refresh([room.sessionId]);
    const answer = chats.ask("POST", "/v1/chat", { chat_id: id, message: "When is the launch?" });
    await eventually("the model is asked", () => prompts.length > 0);
    expect((await chats.ask("DELETE", `/v1/chats/${id}`)).status).toBe(204);
    expect(await codeOf(await within(answer, "the answer", 5_000))).toBe("404 chat_not_found");
    expect(await chats.listed()).toEqual([]);
  });

  it("while it is renamed, written to and made anew is gone once", async () => {
    const chats = await Chats.new();
    const id = await chats.make({ title: "Xylophone" });
    const path = `/v1/chats/${id}`;
    const all = await Promise.all([
      chats.ask("DELETE", path),
      chats.ask("PATCH", path, { title: "Other" }),
      chats.ask("POST", `${path}/messages`, { role: "user", content: "Hello." }),
      chats.ask("DELETE", path),
    ]);
    expect(all.map(({ status }) => status)).toEqual([204, expect.any(Number), expect.any(Number), expect.any(Number)]);
    expect(await chats.listed()).toEqual([]);
    expect((await chats.ask("POST", "/v1/chats", { chat_id: id, title: "New" })).status).toBe(201);
    expect(await chats.listed()).toEqual([id]);
  });

  it("and was listed all the same, by an earlier version, is deleted by asking again", async () => {
    const chats = await Chats.new();
    const id = await chats.make();
    await runInDurableObject(chats.object(id), (_, { storage }) => storage.deleteAll());
    expect(await chats.listed()).toEqual([id]);
    expect((await chats.ask("DELETE", `/v1/chats/${id}`)).status).toBe(204);
    expect((await chats.ask("DELETE", `/v1/chats/${id}`)).status).toBe(404);
    expect(await chats.listed()).toEqual([]);
  });

  it("[SY4] is remembered for 90 days, also where no device asks what became of it", async () => {
    const chats = await Chats.new();
    const noted = (): Promise<number> =>
      runInDurableObject(
        CHAT_LIST.getByName(chats.owner),
        (_, { storage: { sql } }) => sql.exec("SELECT 1 FROM documents").toArray().length,
      );
    await chats.ask("DELETE", `/v1/chats/${await chats.make()}`);
    const each = await noted();
    expect(each).toBeGreaterThan(0);
    clock.advance(limits.syncTombstoneMs + 1);
    await chats.ask("DELETE", `/v1/chats/${await chats.make()}`);
    expect(await noted()).toBe(each);
  });

  it("and was listed all the same, goes with the oldest of more than a thousand", async () => {
    const chats = await Chats.new();
    const [lost, kept] = [await chats.make(), await chats.make()];
    await runInDurableObject(chats.object(lost), (_, { storage }) => storage.deleteAll());
    const list = CHAT_LIST.getByName(chats.owner);
    await runInDurableObject(list, (_, { storage: { sql } }) => {
      const numbers = Array.from({ length: 999 }, (_none, n) => n);
      for (const n of numbers) sql.exec("INSERT INTO chats VALUES (?, NULL, 0, ?)", `newer-${n}`, clock.now() + 1_000);
      sql.exec("UPDATE chats SET updated_at = 1 WHERE chat_id = ?", lost);
    });
    await chats.ask("PATCH", `/v1/chats/${kept}`, { title: "Kept" });
    const oldest = await runInDurableObject(list, (_, { storage: { sql } }) =>
      sql.exec<{ chat_id: string }>("SELECT chat_id FROM chats ORDER BY updated_at, chat_id LIMIT 1").one(),
    );
    expect(oldest).toEqual({ chat_id: kept });
  });

  it("is asked by no deletion of a meeting any more", async () => {
    const chats = await Chats.new();
    const [id, other] = [await chats.make(), await chats.make()];
    await asked(chats, id);
    await asked(chats, other);
    await chats.ask("DELETE", `/v1/chats/${id}`);
    const users = await runInDurableObject(chats.own.index, (_, { storage: { sql } }) =>
      sql.exec<{ chat: string }>("SELECT DISTINCT chat FROM used_in").toArray(),
    );
    expect(users).toEqual([{ chat: `${chats.owner}:${other}` }]);
  });
});

describe("[J8] what a chat could not do", () => {
  it("tells the list of itself by its alarm, where that did not hear of it", async () => {
    const chats = await Chats.new();
    const id = await chats.make({ title: "Before" });
    const titles = async (): Promise<(string | null)[]> => {
      const { chats: rows } = await (await chats.ask("GET", "/v1/chats")).json<{ chats: Chat[] }>();
      return rows.map(({ title }) => title);
    };
    const away = vi.spyOn(ChatList.prototype, "put").mockRejectedValueOnce(new Error("the list is away"));
    expect((await chats.ask("PATCH", `/v1/chats/${id}`, { title: "After" })).status).toBe(500);
    away.mockRestore();
    expect(await titles()).toEqual(["Before"]);
    const alarmAt = await runInDurableObject(chats.object(id), (_, { storage }) => storage.getAlarm());
    expect(alarmAt).toBeLessThanOrEqual(clock.now() + 60_000);
    await runDurableObjectAlarm(chats.object(id));
    expect(await titles()).toEqual(["After"]);
    expect(await runInDurableObject(chats.object(id), (_, { storage }) => storage.getAlarm())).toBeGreaterThan(
      clock.now() + 86_400_000,
    );
  });

  it("tells the list of an answer that ended with its object", async () => {
    const chats = await Chats.new();
    endless();
    const room = await chats.own.meeting([{ text: "The launch is on the ninth of March.", speaker: "Ann" }]);
    await chats.own.index.refresh([room.sessionId]);
    const id = await chats.make({ model: "openai/writes" });
    const body = { chat_id: id, message: "When is the launch?" };
    const answer = await chats.ask("POST", "/v1/chat", body, { accept: "text/event-stream" });
    const reader = answer.body?.getReader();
    await reader?.read();
    const alarmAt = await runInDurableObject(chats.object(id), (_, { storage }) => storage.getAlarm());
    expect(alarmAt).toBeLessThanOrEqual(clock.now() + 60_000);
    await reader?.cancel();
    await eventually("its month begins", async () => {
      const at = await runInDurableObject(chats.object(id), (_, { storage }) => storage.getAlarm());
      return (at ?? 0) > clock.now() + 86_400_000;
    });
  });

  it("goes after its month also where the list is away for long", async () => {
    const chats = await Chats.new();
    const id = await chats.make({ title: "Old" });
    clock.advance(30 * 86_400_000);
    const away = vi.spyOn(ChatList.prototype, "drop").mockRejectedValueOnce(new Error("the list is away"));
    await runDurableObjectAlarm(chats.object(id)).catch(() => undefined);
    away.mockRestore();
    const left = await runInDurableObject(chats.object(id), (_, { storage }) => storage.getAlarm());
    expect(left).not.toBeNull();
    expect(left).toBeLessThanOrEqual(clock.now() + 60_000);
    await runDurableObjectAlarm(chats.object(id));
    expect(await chats.listed()).toEqual([]);
  });
});

/** @returns the answer to who asks for one, while `meanwhile` is done after the meeting was found to be open. */
async function asksMeanwhile(own: IndexedTenant, id: string, meanwhile: () => Promise<unknown>): Promise<Response> {
  const at = { isAsked: false, isLetGo: false };
  vi.spyOn(BillingLedgerDO.prototype, "hold").mockImplementationOnce(async () => {
    at.isAsked = true;
    await eventually("the test lets go", () => at.isLetGo);
    return { ok: true, value: true };
  });
  const body = { instructions: "Ask about the xylophone." };
  const answer = own.tenant.send("PUT", `/v1/sessions/${id}/participant`, body);
  await eventually("a minute is asked for", () => at.isAsked);
  await meanwhile();
  at.isLetGo = true;
  return within(answer, "the answer", 5_000);
}

async function opened(own: IndexedTenant): Promise<RoomUnderTest> {
  const room = roomWithModel("google", own.tenant.room(), own.tenant.name);
  await own.tenant.create(room);
  return room;
}

describe("a model that is asked into a meeting", () => {
  it("[I3] that is deleted meanwhile takes no part, and nothing of what it was told stays", async () => {
    const own = await IndexedTenant.new();
    const room = await opened(own);
    const answer = await asksMeanwhile(own, room.sessionId, async () => {
      expect((await own.tenant.send("DELETE", `/v1/sessions/${room.sessionId}`)).status).toBe(200);
      await own.tell(room, 1, "session.deleted");
    });
    expect(await codeOf(answer)).toBe("410 session_deleted");
    const tables = await runInDurableObject(
      PARTICIPANT.getByName(roomName(own.tenant.name, room.sessionId)),
      (_, { storage: { sql } }) => sql.exec("SELECT name FROM sqlite_master WHERE name NOT LIKE '_cf_%'").toArray(),
    );
    expect(tables).toEqual([]);
  });

  it("[Y4] that is finalized meanwhile has ended at once, and nobody waits for it", async () => {
    const own = await IndexedTenant.new();
    const room = await opened(own);
    const answer = await asksMeanwhile(own, room.sessionId, async () => {
      await own.tenant.send("POST", `/v1/sessions/${room.sessionId}/finalize`);
    });
    expect(await answer.json()).toMatchObject({ phase: "ended", reason: "session_over" });
  });
});
