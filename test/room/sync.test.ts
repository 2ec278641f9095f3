/** Sync over HTTP: whose documents they are, bodies in R2, chats as history, and what a kill leaves. */
import { runDurableObjectAlarm } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import type { SyncAnswer, SyncHistoryAnswer, SyncStatus } from "../../schemas/http/sync.ts";
import { limits } from "../../schemas/limits.ts";
import type { Env as AppEnv } from "../../server/app/env.ts";
import { bearer, guarded, keyFor, tokenWith } from "./support/doors.ts";
import { evict } from "./support/evict.ts";
import { newSession } from "./support/room.ts";
import { codeOf } from "./support/tenant.ts";

const { SYNC, BODY_REGISTRY, KNOWLEDGE_STORE } = env as unknown as AppEnv;

class User {
  readonly tenant: string;
  readonly credential: string;

  constructor(tenant: string, credential: string) {
    this.tenant = tenant;
    this.credential = credential;
  }

  static async new(tenant = `sync-${newSession().toLowerCase()}`.slice(0, 60)): Promise<User> {
    return new User(tenant, (await keyFor(tenant, ["sessions:read"])).key);
  }

  ask(method: string, path: string, body?: object | Uint8Array<ArrayBuffer>): Promise<Response> {
    const sent = body === undefined || body instanceof Uint8Array ? body : JSON.stringify(body);
    return guarded(path, { method, headers: bearer(this.credential), ...(sent === undefined ? {} : { body: sent }) });
  }

  async sync(collection: string, body: object): Promise<SyncAnswer> {
    const answer = await this.ask("POST", `/v1/sync/${collection}`, { device_id: "laptop", since: 0, ...body });
    if (answer.status !== 200) throw new Error(await answer.text());
    return answer.json();
  }

  history(body: object): Promise<SyncHistoryAnswer> {
    return this.sync("history", body) as Promise<unknown> as Promise<SyncHistoryAnswer>;
  }

  get object() {
    return SYNC.getByName(`${this.tenant}:key:${/^rt_([a-z0-9]{12})_/.exec(this.credential)?.[1]}`);
  }

  async upload(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
    const sha256 = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).toHex();
    await this.ask("POST", "/v1/sync/bodies", { sha256, bytes: bytes.length });
    for (let part = 1; (part - 1) * limits.syncPartBytes < bytes.length; part += 1) {
      const piece = bytes.slice((part - 1) * limits.syncPartBytes, part * limits.syncPartBytes);
      await this.ask("PUT", `/v1/sync/bodies/${sha256}/parts/${part}`, piece);
      await evict(this.object);
    }
    const done = await this.ask("POST", `/v1/sync/bodies/${sha256}/complete`);
    if (!done.ok) throw new Error(await done.text());
    return sha256;
  }
}

const bytesOf = (text: string): Uint8Array<ArrayBuffer> => Uint8Array.from(new TextEncoder().encode(text));

const many = (n: number) => Array.from({ length: n }, (_, i) => ({ id: `d${i}`, body: "x" }));
const long = (n: number) => [{ id: "long", body: "x".repeat(n) }];
const id = (): string => crypto.randomUUID();

describe("[SY1] whose documents they are", () => {
  it("those of a key, or of a token's subject in whatever session; for any other they are not told from none", async () => {
    const ada = await User.new();
    await ada.sync("knowledge", { changes: [{ id: "a", title: "A", body: "Mine." }] });
    const sha256 = await ada.upload(bytesOf("mine"));
    const token = (sub: string, session_id: string) =>
      tokenWith({ tenant: ada.tenant, sub, session_id, role: "observe" });
    const others = [await User.new(ada.tenant), await User.new(), new User(ada.tenant, await token("ada", "s1"))];
    for (const other of others) {
      expect((await other.sync("knowledge", {})).changes).toEqual([]);
      const [theirs, none] = [sha256, "0".repeat(64)].map((hash) => other.ask("GET", `/v1/sync/bodies/${hash}`));
      expect(await codeOf((await theirs) ?? new Response())).toBe("404 body_not_found");
      expect(await codeOf((await none) ?? new Response())).toBe("404 body_not_found");
      const status = await (await other.ask("GET", "/v1/sync/status")).json<SyncStatus>();
      expect(status).toMatchObject({ revision: 0, bytes: { used: 0 } });
    }
    const [phone, laptop] = [await token("bob", "s1"), await token("bob", "s2")];
    await new User(ada.tenant, phone).sync("settings", { changes: [{ id: "x", body: { theme: "dark" } }] });
    const pulled = await new User(ada.tenant, laptop).sync("settings", {});
    expect(pulled.changes).toMatchObject([{ id: "x", body: { theme: "dark" } }]);
  });

  it("[limit:maxSyncChanges] [limit:maxSyncInlineChars] changes and inline bodies are bounded, and a document stands in a push once", async () => {
    const ada = await User.new();
    const ask = async (changes: object[]) =>
      codeOf(await ada.ask("POST", "/v1/sync/knowledge", { device_id: "laptop", changes }));
    expect([await ask(many(limits.maxSyncChanges)), await ask(many(limits.maxSyncChanges + 1))]).toEqual([
      "200",
      "400 bad_request",
    ]);
    expect([await ask(long(limits.maxSyncInlineChars)), await ask(long(limits.maxSyncInlineChars + 1))]).toEqual([
      "200",
      "400 bad_request",
    ]);
    expect(await ask([...many(1), ...many(1)])).toBe("400 bad_request");
  });
});

describe("[SY3] after a kill", () => {
  it("all of a push is there, and the same again is the same", async () => {
    const ada = await User.new();
    const push = {
      push_id: "p1",
      changes: [
        { id: "a", body: "one" },
        { id: "b", body: "two" },
      ],
    };
    const first = await ada.sync("knowledge", push);
    await evict(ada.object);
    expect((await ada.sync("knowledge", push)).applied).toEqual(first.applied);
    expect((await ada.sync("knowledge", { device_id: "phone" })).changes).toHaveLength(2);
    const other = await ada.ask("POST", "/v1/sync/knowledge", {
      device_id: "laptop",
      push_id: "p1",
      changes: [{ id: "c", body: "x" }],
    });
    expect(await codeOf(other)).toBe("422 idempotency_mismatch");
  });
});

describe("[SY6] bodies in R2", () => {
  it("come in parts, through kills, and go out as they came; a late part does not replace what was checked", async () => {
    const ada = await User.new();
    const bytes = new Uint8Array(limits.syncPartBytes + 1_000).map((_, n) => n % 251);
    const sha256 = await ada.upload(bytes);
    const given = await ada.ask("GET", `/v1/sync/bodies/${sha256}`);
    expect(new Uint8Array(await given.arrayBuffer())).toEqual(bytes);
    expect(given.headers.get("content-disposition")).toBe("attachment");
    const small = await ada.upload(bytesOf("small"));
    const at = await ada.object.bodyAt(small);
    await KNOWLEDGE_STORE.put(at?.key ?? "", "other", { onlyIf: new Headers({ "if-none-match": "*" }) });
    expect(await (await ada.ask("GET", `/v1/sync/bodies/${small}`)).text()).toBe("small");
  });

  it("too long a part, and what has another hash, are refused", async () => {
    const ada = await User.new();
    const sha256 = "a".repeat(64);
    await ada.ask("POST", "/v1/sync/bodies", { sha256, bytes: 3 });
    const put = async (bytes: Uint8Array<ArrayBuffer>) =>
      codeOf(await ada.ask("PUT", `/v1/sync/bodies/${sha256}/parts/1`, bytes));
    expect(await put(new Uint8Array(limits.syncPartBytes + 1))).toBe("413 body_too_large");
    expect(await put(bytesOf("1234"))).toBe("400 bad_request");
    expect(await put(bytesOf("123"))).toBe("200");
    expect(await codeOf(await ada.ask("POST", `/v1/sync/bodies/${sha256}/complete`))).toBe("422 body_mismatch");
    const bytes = limits.maxSyncBodyBytes + 1;
    expect(await codeOf(await ada.ask("POST", "/v1/sync/bodies", { sha256, bytes }))).toBe("400 bad_request");
  });
});

describe("[SY7] bodies of a tenant", () => {
  it("are one object for all who hold them", async () => {
    const ada = await User.new();
    const bob = await User.new(ada.tenant);
    const hashes = [await ada.upload(bytesOf("both")), await bob.upload(bytesOf("both"))];
    await runDurableObjectAlarm(BODY_REGISTRY.getByName(ada.tenant));
    const { objects } = await KNOWLEDGE_STORE.list({ prefix: `tenants/${ada.tenant}/` });
    expect([new Set(hashes).size, objects.length]).toEqual([1, 1]);
  });
});

describe("[SY8] history", () => {
  it("is the chats, whichever way they are made, renamed and deleted", async () => {
    const ada = await User.new();
    const [one, two] = [id(), id()];
    await ada.ask("POST", "/v1/chats", { chat_id: one, title: "One" });
    const pulled = await ada.history({ changes: [{ id: two, title: "Two", context: { constraints: ["Be kind."] } }] });
    expect(pulled.applied).toMatchObject([{ outcome: "applied" }]);
    expect(pulled.changes).toMatchObject([{ id: one, title: "One", message_count: 0 }, { id: two }]);
    expect(await (await ada.ask("GET", `/v1/chats/${two}`)).json()).toMatchObject({
      title: "Two",
      context: { constraints: ["Be kind."] },
    });
    await ada.ask("PATCH", `/v1/chats/${two}`, { title: "Three" });
    await ada.ask("DELETE", `/v1/chats/${one}`);
    const news = await ada.history({ device_id: "phone", since: pulled.revision });
    expect(news.changes).toMatchObject([
      { id: two, title: "Three" },
      { id: one, deleted: true },
    ]);
    await ada.history({ changes: [{ id: two, revision: news.changes[0]?.revision, deleted: true }] });
    expect(await codeOf(await ada.ask("GET", `/v1/chats/${two}`))).toBe("404 chat_not_found");
  });

  it("a rename by who has not seen the last message is no conflict; another rename is, and a deletion", async () => {
    const ada = await User.new();
    const chat = id();
    const made = await ada.history({ changes: [{ id: chat, title: "Chat" }] });
    const revision = made.applied[0]?.revision;
    await ada.ask("POST", `/v1/chats/${chat}/messages`, { role: "user", content: "Hi" });
    const deleted = await ada.history({ device_id: "phone", changes: [{ id: chat, revision, deleted: true }] });
    expect(deleted.conflicts).toMatchObject([{ id: chat, yours: { deleted: true }, theirs: { message_count: 1 } }]);
    const renamed = await ada.history({ changes: [{ id: chat, revision, title: "Renamed" }] });
    expect(renamed.applied).toMatchObject([{ outcome: "applied" }]);
    const again = await ada.history({ device_id: "phone", changes: [{ id: chat, revision, title: "Also renamed" }] });
    expect(again.applied).toMatchObject([{ outcome: "conflict" }]);
    expect(await (await ada.ask("GET", `/v1/chats/${chat}`)).json()).toMatchObject({
      title: "Renamed",
      message_count: 1,
    });
    const resolves = again.conflicts.map(({ conflict_id }) => conflict_id);
    const settled = await ada.history({ changes: [{ id: chat, resolves }] });
    expect(settled.conflicts.filter(({ resolved }) => !resolved)).toEqual([]);
  });
});
