/** Kept chats: whose they are, what they keep and for how long, and answers that are read again, lost, sent twice, and cut. */
import { runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import type { Chat, ChatWithMessages } from "../../schemas/http/chats.ts";
import { limits } from "../../schemas/limits.ts";
import type { Env as AppEnv } from "../../server/app/env.ts";
import { clock } from "./support/clock.ts";
import { bearer, guarded, keyFor, tokenWith } from "./support/doors.ts";
import { evict } from "./support/evict.ts";
import { IndexedTenant } from "./support/indexed-tenant.ts";
import { finished, model, written } from "./support/models.ts";
import { codeOf } from "./support/tenant.ts";
import { eventually } from "./support/waiting.ts";

const { CHAT_SESSION } = env as unknown as AppEnv;

class Chats {
  readonly own: IndexedTenant;
  readonly credential: string;

  static async new(): Promise<Chats> {
    const own = await IndexedTenant.new();
    const room = await own.meeting([{ text: "The launch is on the ninth of March.", speaker: "Ann" }]);
    await own.index.refresh([room.sessionId]);
    return new Chats(own, own.tenant.key);
  }

  constructor(own: IndexedTenant, credential: string) {
    this.own = own;
    this.credential = credential;
  }

  ask(method: string, path: string, body?: object, headers: Record<string, string> = {}): Promise<Response> {
    const init = { method, headers: { ...bearer(this.credential), ...headers } };
    return guarded(path, body === undefined ? init : { ...init, body: JSON.stringify(body) });
  }

  async make(fields: object = {}): Promise<string> {
    const answer = await this.ask("POST", "/v1/chats", fields);
    if (answer.status !== 201) throw new Error(`the chat was not made: ${await answer.text()}`);
    return (await answer.json<Chat>()).chat_id;
  }

  async read(id: string): Promise<ChatWithMessages> {
    return (await this.ask("GET", `/v1/chats/${id}`)).json();
  }

  question(id: string, message: string, more: object = {}, headers: Record<string, string> = {}): Promise<Response> {
    return this.ask("POST", "/v1/chat", { chat_id: id, message, ...more }, headers);
  }

  async events(id: string, after?: string): Promise<string[]> {
    const last = after === undefined ? {} : { "last-event-id": after };
    const answer = await this.ask("GET", `/v1/chats/${id}/answer`, undefined, { accept: "text/event-stream", ...last });
    return (await answer.text()).split("\n\n").filter((event) => event !== "");
  }

  object(id: string) {
    const key = /^rt_([a-z0-9]{12})_/.exec(this.credential)?.[1] ?? "";
    return CHAT_SESSION.getByName(`${this.own.tenant.name}:key:${key}:${id}`);
  }
}

const streamed = { accept: "text/event-stream" };

/** Without what is of the request alone. */
async function said(answer: Promise<Response> | undefined): Promise<object> {
  const { trace_id: _, instance: __, ...rest } = (await (await answer)?.json<Record<string, unknown>>()) ?? {};
  return rest;
}

describe("[J8] what a chat keeps", () => {
  it("messages, a title that may be changed, context and model; listed, cleared and deleted", async () => {
    const chats = await Chats.new();
    const id = await chats.make({ context: { constraints: ["Be kind."] } });
    expect((await chats.question(id, "When is the launch?")).status).toBe(200);
    const kept = await chats.read(id);
    expect(kept).toMatchObject({ title: "When is the launch?", model: null, context: { constraints: ["Be kind."] } });
    expect(kept.messages.map(({ role, status }) => [role, status])).toEqual([
      ["user", "whole"],
      ["assistant", "whole"],
    ]);
    expect(kept.messages[1]?.content).toContain("ninth of March");
    expect(kept.messages[1]?.citations).toHaveLength(1);
    const changed = { title: "Launch", model: "embedded/extractive", context: { pathos_framing: "Calm." } };
    expect(await (await chats.ask("PATCH", `/v1/chats/${id}`, changed)).json()).toMatchObject(changed);
    await chats.ask("POST", `/v1/chats/${id}/messages`, { role: "assistant", content: "Noted." });
    const other = await chats.make({ title: "Other" });
    const list = async () => {
      const { chats: rows } = await (await chats.ask("GET", "/v1/chats")).json<{ chats: Chat[] }>();
      return rows.map(({ title, message_count }) => `${title} ${message_count}`).toSorted((a, b) => a.localeCompare(b));
    };
    expect(await list()).toEqual(["Launch 3", "Other 0"]);
    expect(await (await chats.ask("DELETE", `/v1/chats/${id}/messages`)).json()).toMatchObject({
      message_count: 0,
      title: "Launch",
    });
    expect((await chats.ask("DELETE", `/v1/chats/${other}`)).status).toBe(204);
    expect(await codeOf(await chats.ask("DELETE", `/v1/chats/${other}`))).toBe("404 chat_not_found");
    expect(await list()).toEqual(["Launch 0"]);
    expect(await codeOf(await chats.ask("POST", "/v1/chats", { chat_id: id }))).toBe("409 chat_exists");
  });

  it("is its caller's alone, and any other's is not told from none", async () => {
    const chats = await Chats.new();
    const id = await chats.make({ title: "Mine" });
    const { key } = await keyFor(chats.own.tenant.name, ["admin"]);
    const foreign = await Chats.new();
    const token = await tokenWith({ tenant: chats.own.tenant.name, session_id: "s", role: "observe" });
    for (const credential of [key, foreign.credential, token]) {
      const other = new Chats(chats.own, credential);
      for (const [method, path, body] of [
        ["GET", "", undefined],
        ["PATCH", "", { title: "Yours" }],
        ["DELETE", "", undefined],
        ["POST", "/messages", { role: "user", content: "Hi" }],
        ["DELETE", "/messages", undefined],
        ["GET", "/answer", undefined],
      ] as const) {
        const [theirs, none] = [id, crypto.randomUUID()].map((one) =>
          other.ask(method, `/v1/chats/${one}${path}`, body),
        );
        expect(await said(theirs)).toEqual(await said(none));
      }
      expect(await codeOf(await other.question(id, "Hi"))).toBe("404 chat_not_found");
      expect(await (await other.ask("GET", "/v1/chats")).json()).toEqual({ chats: [] });
    }
    expect(await chats.read(id)).toMatchObject({ title: "Mine", message_count: 0 });
  });

  it("two tokens of one name and other tracks have no chat in common", async () => {
    const chats = await Chats.new();
    const claims = { tenant: chats.own.tenant.name, session_id: "s", role: "observe" };
    const all = new Chats(chats.own, await tokenWith(claims));
    const narrow = new Chats(chats.own, await tokenWith({ ...claims, tracks: ["mic"] }));
    const id = await all.make();
    expect((await narrow.ask("GET", `/v1/chats/${id}`)).status).toBe(404);
  });

  it("goes 30 days after its last message, and not before", async () => {
    const chats = await Chats.new();
    const id = await chats.make({ title: "Old" });
    clock.advance(29 * 86_400_000);
    await runDurableObjectAlarm(chats.object(id));
    expect((await chats.read(id)).title).toBe("Old");
    await chats.question(id, "When is the launch?");
    clock.advance(29 * 86_400_000);
    await runDurableObjectAlarm(chats.object(id));
    expect((await chats.read(id)).messages).toHaveLength(2);
    clock.advance(2 * 86_400_000);
    await runDurableObjectAlarm(chats.object(id));
    expect(await codeOf(await chats.ask("GET", `/v1/chats/${id}`))).toBe("404 chat_not_found");
    expect(await (await chats.ask("GET", "/v1/chats")).json()).toEqual({ chats: [] });
  });

  it("a deleted meeting takes the words of its answers along", async () => {
    const chats = await Chats.new();
    const room = await chats.own.meeting([{ text: "The launch code is xylophone.", speaker: "Ann" }]);
    await chats.own.index.refresh([room.sessionId]);
    const id = await chats.make();
    await chats.question(id, "What is the launch code?", { meetings: [room.sessionId] });
    await chats.question(id, "When is the launch in March?");
    expect(JSON.stringify(await chats.read(id))).toContain("xylophone");
    await chats.own.tell(room, 1, "session.deleted");
    const { messages } = await chats.read(id);
    expect(messages.map(({ status }) => status)).toEqual(["whole", "forgotten", "whole", "whole"]);
    await runInDurableObject(chats.object(id), (_, { storage: { sql } }) => {
      for (const table of ["messages", "events"]) {
        expect(JSON.stringify(sql.exec(`SELECT * FROM ${table}`).toArray())).not.toContain("xylophone");
      }
    });
  });

  it.each([
    [
      "[limit:maxChatContextEntries] entries",
      (n: number) => ({ context: { constraints: Array.from({ length: n }, () => "a") } }),
      limits.maxChatContextEntries,
    ],
  ])("%s at the limit, and one beyond", async (_, bodyOf, most) => {
    const chats = await Chats.new();
    expect((await chats.ask("POST", "/v1/chats", bodyOf(most))).status).toBe(201);
    expect(await codeOf(await chats.ask("POST", "/v1/chats", bodyOf(most + 1)))).toBe("400 bad_request");
  });

  it("[limit:maxChatsPerPage] a page at the limit, and one beyond", async () => {
    const chats = await Chats.new();
    expect((await chats.ask("GET", `/v1/chats?limit=${limits.maxChatsPerPage}`)).status).toBe(200);
    expect(await codeOf(await chats.ask("GET", `/v1/chats?limit=${limits.maxChatsPerPage + 1}`))).toBe(
      "400 bad_request",
    );
  });
});

describe("[J9] answers in a chat", () => {
  it("what was said before goes with the question, and its context and model hold", async () => {
    const chats = await Chats.new();
    const prompts = model("writes", () => written(["In March [1]."]));
    const id = await chats.make({ model: "openai/writes", context: { local_knowledge: ["Ann leads."] } });
    await chats.question(id, "When is the launch?");
    await chats.question(id, "When is the launch of March?");
    expect(prompts[1]?.messages.map(({ role }) => role)).toEqual(["system", "user", "assistant", "user"]);
    expect(prompts[1]?.messages[0]?.content).toContain("- Ann leads.");
    expect(prompts[1]?.messages[2]?.content).toBe("In March [1].");
  });

  it("the same request again is the same answer, and with another question it is refused", async () => {
    const chats = await Chats.new();
    const prompts = model("writes", () => written(["In March [1]."]));
    const id = await chats.make({ model: "openai/writes" });
    const ask = (message: string) => chats.question(id, message, { request_id: "r1" });
    const first = await (await ask("When is the launch?")).json();
    expect(await (await ask("When is the launch?")).json()).toEqual(first);
    expect(await codeOf(await ask("Where is the launch?"))).toBe("422 idempotency_mismatch");
    expect(prompts).toHaveLength(1);
    expect((await chats.read(id)).messages).toHaveLength(2);
  });

  it("two of one request at the same time are one answer, and one refusal", async () => {
    const chats = await Chats.new();
    const prompts = model("writes", () => written(["In March [1]."]));
    const id = await chats.make({ model: "openai/writes" });
    const both = (more: object) =>
      Promise.all([1, 2].map(() => chats.question(id, "When is the launch?", { request_id: "r1", ...more })));
    expect((await both({ meetings: ["never-opened"] })).map(({ status }) => status)).toEqual([404, 404]);
    const answers = await both({});
    expect(answers.map(({ status }) => status)).toEqual([200, 200]);
    expect(await answers[0]?.json()).toEqual(await answers[1]?.json());
    expect(prompts).toHaveLength(1);
  });

  it("its events can be read again from anywhere, each once, also while they come", async () => {
    const chats = await Chats.new();
    const gate = Promise.withResolvers<undefined>();
    const encoder = new TextEncoder();
    const part = (content: string) =>
      encoder.encode(`data: ${JSON.stringify({ choices: [{ delta: { content } }] })}\n\n`);
    const prompts = model("writes", () => {
      const body = new ReadableStream<Uint8Array>({
        start: async (controller) => {
          controller.enqueue(part("In March "));
          await gate.promise;
          controller.enqueue(part("[1]."));
          controller.enqueue(encoder.encode(`data: ${finished}\n\ndata: [DONE]\n\n`));
          controller.close();
        },
      });
      return new Response(body, { headers: { "content-type": "text/event-stream" } });
    });
    const id = await chats.make({ model: "openai/writes" });
    const answer = await chats.question(id, "When is the launch?", { resumable: true }, streamed);
    const reader = answer.body?.getReader();
    await reader?.read();
    expect(await codeOf(await chats.question(id, "When?"))).toBe("409 chat_busy");
    await reader?.cancel();
    const rest = chats.events(id, "2.1");
    gate.resolve(undefined);
    const events = await rest;
    const types = events.map((event) => /^event: (\w+)/m.exec(event)?.[1]);
    expect(types.join(" ")).toBe("delta delta citation delta done");
    expect(events.map((event) => /^id: (.+)$/m.exec(event)?.[1])).toEqual(["2.2", "2.3", "2.4", "2.5", "2.6"]);
    expect(await chats.events(id, "2.1")).toEqual(events);
    expect(await chats.events(id, "2.6")).toEqual([]);
    const all = await chats.events(id);
    // What is no event of this answer: none at all, another answer's of the same number, one behind its end.
    for (const seen of ["", "undefined", "5", "1.5", "2.999"]) expect(await chats.events(id, seen)).toEqual(all);
    // As JSON it is the whole answer, whatever was read of it as events; and a stream that is not wanted is none.
    const headers = { accept: "text/event-stream;q=0, application/json", "last-event-id": "2.4" };
    const whole = await chats.ask("GET", `/v1/chats/${id}/answer`, undefined, headers);
    expect(await whole.text()).toContain('"answer":"In March [1]."');
    expect(prompts).toHaveLength(1);
    expect((await chats.read(id)).messages.at(-1)).toMatchObject({ content: "In March [1].", status: "whole" });
  });

  it("one that nobody reads ends, and what was written of it is marked", async () => {
    const chats = await Chats.new();
    const ended = Promise.withResolvers<undefined>();
    model("writes", (_, signal) => {
      signal.addEventListener("abort", () => ended.resolve(undefined));
      const first = new TextEncoder().encode('data: {"choices":[{"delta":{"content":"In March"}}]}\n\n');
      const body = new ReadableStream<Uint8Array>({ start: (controller) => controller.enqueue(first) });
      return new Response(body, { headers: { "content-type": "text/event-stream" } });
    });
    const id = await chats.make({ model: "openai/writes" });
    const answer = await chats.question(id, "When is the launch?", {}, streamed);
    const reader = answer.body?.getReader();
    await reader?.read();
    await reader?.cancel();
    await ended.promise;
    await eventually("the answer is broken", async () => (await chats.read(id)).messages.at(-1)?.status === "broken");
    // The chat is free again.
    model("writes", () => written(["In March [1]."]));
    expect((await chats.question(id, "When is the launch?")).status).toBe(200);
  });

  it("one that was cut by its object's end is told as broken, and what was written stays", async () => {
    const chats = await Chats.new();
    const id = await chats.make();
    await chats.question(id, "When is the launch?");
    await runInDurableObject(chats.object(id), (_, { storage: { sql } }) => {
      sql.exec("UPDATE answers SET status = 'running'");
      sql.exec("UPDATE messages SET status = 'running', content = '' WHERE role = 'assistant'");
      sql.exec("DELETE FROM events WHERE seq > 3");
    });
    await evict(chats.object(id));
    const { messages } = await chats.read(id);
    expect(messages.at(-1)).toMatchObject({ status: "broken" });
    expect(messages.at(-1)?.content).not.toBe("");
    const events = await chats.events(id);
    expect(events.at(-1)).toMatch(/^event: error\ndata: \{"code":"model_failed"|^id: [\d.]+\nevent: error/);
    expect((await chats.question(id, "When is the launch?")).status).toBe(200);
  });

  it("a question that has no answer at all leaves nothing in the chat", async () => {
    const chats = await Chats.new();
    const id = await chats.make();
    expect(await codeOf(await chats.question(id, "When?", { meetings: ["never-opened"] }))).toBe(
      "404 session_not_found",
    );
    expect(await codeOf(await chats.question(id, "When?", { model: "openai/other" }))).toBe("400 bad_request");
    expect((await chats.read(id)).messages).toEqual([]);
    expect(await codeOf(await chats.ask("GET", `/v1/chats/${id}/answer`))).toBe("404 chat_not_found");
  });
});

describe("[J10] other shapes", () => {
  it("an escalation is answered once, and is in no list", async () => {
    const chats = await Chats.new();
    const prompts = model("writes", () => written(["Two."]));
    const body = {
      request_id: "e/1:2",
      query: "One and one?",
      model: "openai/writes",
      context: { constraints: ["Be brief."] },
    };
    const first = await (await chats.ask("POST", "/v1/escalate", body)).json();
    expect(first).toMatchObject({
      request_id: "e/1:2",
      answer: "Two.",
      model: "openai/writes",
      found: null,
      usage: { output_tokens: 20 },
    });
    expect(await (await chats.ask("POST", "/v1/escalate", body)).json()).toEqual(first);
    const asEvents = await (await chats.ask("POST", "/v1/stream", body)).text();
    expect(asEvents).toMatch(/^id: 2\.1\nevent: begin\n/);
    expect(asEvents).toContain("event: done");
    expect(await codeOf(await chats.ask("POST", "/v1/escalate", { ...body, query: "Two?" }))).toBe(
      "422 idempotency_mismatch",
    );
    expect(prompts).toHaveLength(1);
    expect(prompts[0]?.messages[0]?.content).toContain("Be brief.");
    expect(await (await chats.ask("GET", "/v1/chats")).json()).toEqual({ chats: [] });
    expect(await (await chats.ask("GET", "/v1/status")).json()).toMatchObject({ status: "ok" });
  });

  it("where no model gives a first word an escalation is an error, and may be asked again", async () => {
    const chats = await Chats.new();
    const body = { request_id: "r1", query: "One and one?", model: "openai/down" };
    model("down", () => new Response("no", { status: 500 }));
    expect(await codeOf(await chats.ask("POST", "/v1/escalate", body))).toBe("502 model_failed");
    model("down", () => written(["Two."]));
    expect(await (await chats.ask("POST", "/v1/escalate", body)).json()).toMatchObject({ answer: "Two." });
  });

  it("/api/chat takes what it does not know, and says the trace id twice", async () => {
    const chats = await Chats.new();
    const answer = await chats.ask("POST", "/api/chat", { message: "When is the launch?", userName: "x" });
    const {
      trace_id,
      traceId,
      answer: text,
    } = await answer.json<{ trace_id: string; traceId: string; answer: string }>();
    expect(trace_id).toMatch(/^[0-9a-f]{32}$/);
    expect(traceId).toBe(trace_id);
    expect(text).toContain("ninth of March");
  });
});

describe("[J11] answers in KV", () => {
  const { CACHE } = env as unknown as AppEnv;
  const question = { messages: [{ role: "user", content: "One and one?" }], model: "openai/writes", meetings: [] };

  it("are a tenant's own, at temperature 0 alone, and never of a meeting", async () => {
    const [one, other] = [await Chats.new(), await Chats.new()];
    const prompts = model("writes", () => written(["Two."]));
    const ask = async (chats: Chats, more: object) => {
      const answer = await chats.ask("POST", "/v1/chat/completions", { ...question, ...more });
      return [answer.status, answer.headers.get("x-cache")];
    };
    const cold = { temperature: 0 };
    expect(await ask(one, cold)).toEqual([200, null]);
    await eventually(
      "the answer is kept",
      async () => (await CACHE.list({ prefix: `tenant:${one.own.tenant.name}:` })).keys.length === 1,
    );
    expect(await ask(one, cold)).toEqual([200, "hit"]);
    expect(await ask(other, cold)).toEqual([200, null]);
    expect(await ask(one, { temperature: 0.1 })).toEqual([200, null]);
    expect(await ask(one, {})).toEqual([200, null]);
    expect(await ask(one, { ...cold, meetings: undefined })).toEqual([200, null]);
    expect(
      await ask(one, {
        ...cold,
        messages: [{ role: "user", content: "When is the launch?" }],
        meetings: undefined,
        model: "x",
      }),
    ).toEqual([200, null]);
    expect(prompts).toHaveLength(5);
    for (const { name } of (await CACHE.list()).keys)
      expect(name).toMatch(/^tenant:[a-z0-9-]+:(chat|tts):[0-9a-f]{64}$/);
    const { keys } = await CACHE.list({ prefix: `tenant:${one.own.tenant.name}:` });
    expect(keys).toHaveLength(1);
  });
});
