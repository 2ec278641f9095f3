/** A user's own documents in chat: found, named by their places, and never seen by anybody else of the tenant. */
import { listDurableObjectIds } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, it, vi } from "vitest";
import type { ChatAnswer, DocumentCitation } from "../../schemas/http/chat.ts";
import type { ChatWithMessages } from "../../schemas/http/chats.ts";
import type { Env as AppEnv } from "../../server/app/env.ts";
import { SyncDO } from "../../server/app/index.ts";
import { bearer, guarded, keyFor, tokenWith } from "./support/doors.ts";
import { IndexedTenant } from "./support/indexed-tenant.ts";
import { newSession } from "./support/room.ts";

const { SYNC } = env as unknown as AppEnv;
const handbook =
  "Visitors wear goggles.\n\nThe kiln is fired at 1,240 degrees for nine hours.\n\nGlaze rests for two days.";
const question = "How hot is the kiln fired?";

async function call<T>(credential: string, path: string, body: object): Promise<T> {
  const answer = await guarded(path, { method: "POST", headers: bearer(credential), body: JSON.stringify(body) });
  if (!answer.ok) throw new Error(await answer.text());
  return answer.json();
}

const ask = (credential: string, more: object = {}): Promise<ChatAnswer> =>
  call(credential, "/v1/chat", { message: question, ...more });

async function author(tenant = `know-${newSession().toLowerCase()}`.slice(0, 60)): Promise<string> {
  const { key } = await keyFor(tenant, ["sessions:read"]);
  const changes = [
    { id: "handbook", title: "Handbook", body: handbook },
    { id: "tea", title: "Tea", body: "Tea is served at four." },
  ];
  await call(key, "/v1/sync/knowledge", { device_id: "laptop", changes });
  return key;
}

function wordsAt({ start, end }: Pick<DocumentCitation, "start" | "end">): string {
  return handbook.slice(start, end);
}

describe("[SY9] knowledge in chat", () => {
  it("is quoted with its document and its place, and is looked in where it is asked for", async () => {
    const key = await author();
    const { found, answer, citations, documents } = await ask(key);
    expect({ found, citations }).toEqual({ found: true, citations: [] });
    expect(answer).toContain("This stands in your documents:");
    expect(answer).toContain("1,240 degrees for nine hours.” [1]");
    expect(documents).toMatchObject([{ n: 1, document_id: "handbook", title: "Handbook" }]);
    expect(documents.map(wordsAt)).toEqual(["The kiln is fired at 1,240 degrees for nine hours."]);
    expect((await ask(key, { documents: ["handbook"] })).documents).toEqual(documents);
    expect(await ask(key, { documents: ["tea"] })).toMatchObject({ found: false, documents: [] });
    expect((await ask(key, { documents: [] })).documents).toEqual([]);
    // Whoever confines a question to meetings, or to people, asks no document.
    expect(await ask(key, { meetings: [] })).toMatchObject({ found: null, documents: [] });
    expect((await ask(key, { speakers: ["Ann"] })).documents).toEqual([]);
  });

  it("is not looked for by a question that is confined to what is none of it: the asker's object is not even woken", async () => {
    const { tenant } = await IndexedTenant.new();
    const { key } = await keyFor(tenant.name, ["sessions:read"]);
    const looks = [vi.spyOn(SyncDO.prototype, "find"), vi.spyOn(SyncDO.prototype, "has")];
    const before = await listDurableObjectIds(SYNC);
    const confined = [{ documents: [] }, { meetings: [] }, { meetings: [], documents: [] }, { speakers: ["Ann"] }];
    for (const more of confined) expect((await ask(key, more)).documents).toEqual([]);
    const began = await listDurableObjectIds(SYNC);
    expect(began.map(String)).toEqual(before.map(String));
    for (const look of looks) expect(look).not.toHaveBeenCalled();
    // One that is confined to nothing looks in all of them.
    await ask(key);
    expect(looks[0]).toHaveBeenCalledTimes(1);
    vi.restoreAllMocks();
  });

  it("is told beside what was said in meetings, with numbers that go on", async () => {
    const own = await IndexedTenant.new();
    const room = await own.meeting([{ text: "The kiln was fired very hot on Monday.", speaker: "Ann", track: "mic" }]);
    await own.index.refresh([room.sessionId]);
    const key = await author(own.tenant.name);
    const { answer, citations, documents } = await ask(key);
    expect(citations).toMatchObject([{ n: 1, session_id: room.sessionId }]);
    expect(documents).toMatchObject([{ n: 2, document_id: "handbook" }]);
    expect(answer).toMatch(/very hot on Monday.*\[1\].*1,240 degrees.*\[2\]/s);
  });

  it("is nobody else's: another key, a token, and another tenant find nothing, also by the document's id", async () => {
    const tenant = `know-${newSession().toLowerCase()}`.slice(0, 60);
    await author(tenant);
    const others = [
      (await keyFor(tenant, ["sessions:read"])).key,
      await tokenWith({ tenant, sub: "bob", session_id: "s1", role: "observe" }),
      (await keyFor(`${tenant.slice(0, 50)}-x`, ["sessions:read"])).key,
    ];
    const named = [{ documents: ["handbook"] }, { meetings: [], documents: ["handbook", "tea"] }];
    for (const other of others) {
      // A token's question reaches its session as well, which has to be there where it is asked: only a key asks all that it may.
      for (const more of other.startsWith("rt_") ? [{}, ...named] : named) {
        const { answer, documents, found } = await ask(other, more);
        expect({ documents, found }).toEqual({ documents: [], found: false });
        expect(answer).not.toMatch(/kiln|1,240|Handbook/);
      }
    }
  });

  it("that is changed or deleted while it is quoted is left out with its words", async () => {
    const key = await author();
    const has = vi.spyOn(SyncDO.prototype, "has").mockReturnValue(false);
    try {
      const { answer, documents } = await ask(key);
      expect(documents).toEqual([]);
      expect(answer).not.toContain("1,240");
    } finally {
      has.mockRestore();
    }
    await call(key, "/v1/sync/knowledge", {
      device_id: "laptop",
      changes: [{ id: "handbook", revision: 1, deleted: true }],
    });
    expect(await ask(key)).toMatchObject({ found: false, documents: [] });
  });

  it("of a body that lies in R2 is found, and a kept chat keeps its places", async () => {
    const { key } = await keyFor(`know-${newSession().toLowerCase()}`.slice(0, 60), ["sessions:read"]);
    const bytes = new TextEncoder().encode(handbook);
    const sha256 = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).toHex();
    await call(key, "/v1/sync/bodies", { sha256, bytes: bytes.length });
    const path = `/v1/sync/bodies/${sha256}/parts/1`;
    await guarded(path, { method: "PUT", headers: bearer(key), body: bytes });
    await call(key, `/v1/sync/bodies/${sha256}/complete`, {});
    await call(key, "/v1/sync/knowledge", { device_id: "laptop", changes: [{ id: "b", title: "Book", sha256 }] });
    const { chat_id } = await call<{ chat_id: string }>(key, "/v1/chats", {});
    const { documents } = await ask(key, { chat_id });
    expect(documents).toMatchObject([{ n: 1, document_id: "b", title: "Book" }]);
    const kept = await guarded(`/v1/chats/${chat_id}`, { headers: bearer(key) });
    const { messages } = await kept.json<ChatWithMessages>();
    expect(messages.at(-1)).toMatchObject({ citations: [], documents });
  });
});
