/** Questions to meetings: who may ask about what, what an answer rests on, and how it is given. */
import { describe, expect, it, vi } from "vitest";
import type { ChatAnswer } from "../../schemas/http/chat.ts";
import { limits } from "../../schemas/limits.ts";
import { bearer, gatewayWith, guarded, keyFor, required, tokenWith } from "./support/doors.ts";
import { IndexedTenant } from "./support/indexed-tenant.ts";
import { MeetingIndex } from "../../server/app/index.ts";
import { codeOf } from "./support/tenant.ts";

const launch = [
  { text: "Welcome to the launch meeting, everyone.", speaker: "Ann", track: "mic" },
  { text: "When do we launch the new app?", speaker: "Bob", track: "room" },
  { text: "We agreed to launch it on the ninth of March.", speaker: "Ann", track: "mic" },
  { text: "The budget for advertising is forty thousand euros.", speaker: "Bob", track: "room" },
  { text: "I will send the press release by Friday.", speaker: "Bob", track: "room" },
  { text: "Who pays for the translation?", speaker: "Ann", track: "mic" },
  { text: "Good question, I don't know.", speaker: "Bob", track: "room" },
];

const post = (credential: string, body: object, headers: Record<string, string> = {}): Promise<Response> =>
  guarded("/v1/chat", { method: "POST", headers: { ...bearer(credential), ...headers }, body: JSON.stringify(body) });

async function answerTo(credential: string, message: string, more: object = {}): Promise<ChatAnswer> {
  const answer = await post(credential, { message, ...more });
  expect(answer.status).toBe(200);
  return answer.json();
}

async function meeting(own: IndexedTenant, said: Parameters<IndexedTenant["meeting"]>[0] = launch) {
  const room = await own.meeting(said);
  await own.index.refresh([room.sessionId]);
  return room;
}

describe("what a question reaches", () => {
  it("[J3] a key asks its tenant's meetings, and nobody else's", async () => {
    const [own, other] = [await IndexedTenant.new(), await IndexedTenant.new()];
    const room = await meeting(own);
    const { key } = await keyFor(own.tenant.name, ["sessions:read"]);
    const { found, answer, citations } = await answerTo(key, "When is the launch of the app?");
    expect(found).toBe(true);
    expect(answer).toContain("ninth of March");
    expect(citations[0]).toEqual({
      n: 1,
      session_id: room.sessionId,
      track: "mic",
      start_ms: 3_000,
      end_ms: 3_900,
      speaker: "Ann",
    });
    expect(await answerTo(other.tenant.key, "When is the launch of the app?")).toMatchObject({
      found: false,
      citations: [],
    });
    const named = { message: "When?", meetings: [room.sessionId] };
    expect(await codeOf(await post(other.tenant.key, named))).toBe("404 session_not_found");
    const { key: speech } = await keyFor(own.tenant.name, ["speech"]);
    expect(await codeOf(await post(speech, named))).toBe("403 forbidden");
  });

  it("[J3] a token asks its own session, and of that the tracks that it names, whatever it says", async () => {
    const own = await IndexedTenant.new();
    const [room, other] = [await meeting(own), await meeting(own, [{ text: "The launch is off.", speaker: "Eve" }])];
    const tenant = own.tenant.name;
    const token = (claims: object) => tokenWith({ tenant, session_id: room.sessionId, role: "observe", ...claims });
    const all = await answerTo(await token({}), "What was said about the launch?");
    expect(new Set(all.citations.map(({ session_id }) => session_id))).toEqual(new Set([room.sessionId]));
    const narrow = await token({ tracks: ["room"] });
    for (const question of [
      "When is the launch?",
      "Give me a summary",
      "What was decided?",
      "Which questions are open?",
    ]) {
      const { answer, citations } = await answerTo(narrow, question);
      expect(answer).not.toMatch(/ninth|translation|Welcome/);
      expect(citations.every(({ track }) => track === "room")).toBe(true);
    }
    expect((await answerTo(narrow, "How long did everybody talk?")).answer).not.toContain("Ann");
    expect((await answerTo(narrow, "Who was there?")).answer).toBe("Those who spoke: Bob.");
    for (const meetings of [[other.sessionId], [room.sessionId, other.sessionId], ["never-opened"]]) {
      expect(await codeOf(await post(await token({}), { message: "Launch?", meetings }))).toBe("403 forbidden");
    }
    expect(await codeOf(await post(await token({ role: "capture" }), { message: "Launch?" }))).toBe("403 forbidden");
  });

  it("[J3] a meeting that is named has to be there", async () => {
    const own = await IndexedTenant.new();
    const room = await meeting(own);
    const ask = (id: string) => post(own.tenant.key, { message: "When?", meetings: [room.sessionId, id] });
    expect(await codeOf(await ask("never-opened"))).toBe("404 session_not_found");
    const gone = await meeting(own);
    await own.tell(gone, 1, "session.deleted");
    expect(await codeOf(await ask(gone.sessionId))).toBe("410 session_deleted");
  });

  it("[J3] speakers and days that are not asked for are not looked at", async () => {
    const own = await IndexedTenant.new();
    await meeting(own);
    const ask = async (more: object) =>
      (await answerTo(own.tenant.key, "What about the launch of the app?", more)).found;
    expect(await ask({ speakers: ["ann"] })).toBe(true);
    expect(await ask({ speakers: ["Zoe"] })).toBe(false);
    expect(await ask({ from: "2999-01-01T00:00:00Z" })).toBe(false);
    expect(await ask({ to: "1999-01-01T00:00:00+02:00" })).toBe(false);
    expect(await ask({ meetings: [] })).toBeNull();
  });
});

describe("what an answer rests on", () => {
  it("[J4] a place that is gone when it is to be sent is left out with its words", async () => {
    const own = await IndexedTenant.new();
    await meeting(own);
    const has = vi.spyOn(MeetingIndex.prototype, "has").mockReturnValue(false);
    try {
      const { answer, citations } = await answerTo(own.tenant.key, "When is the launch of the app?");
      expect(citations).toEqual([]);
      expect(answer).not.toContain("ninth");
    } finally {
      has.mockRestore();
    }
  });

  it("[J5] rules are named where an answer is by one, and the same question has the same answer", async () => {
    const own = await IndexedTenant.new();
    const { sessionId } = await meeting(own);
    const ask = (message: string) => answerTo(own.tenant.key, message, { meetings: [sessionId] });
    const decided = await ask("What was decided?");
    expect(decided.answer).toMatch(/^By the rule for decisions .*ninth of March.” \[1\]$/s);
    expect((await ask("Which questions are still open?")).answer).toMatch(
      /^By the rule for questions .*translation\?” \[1\]$/s,
    );
    expect((await ask("What are the action items?")).answer).toMatch(
      /^By the rule for actions .*press release by Friday.” \[1\]$/s,
    );
    expect((await ask("How long did Bob speak?")).answer).toBe("By the times of what was said:\nBob spoke for 4 s.");
    expect((await ask("Who was in the meeting?")).answer).toBe("Those who spoke: Bob, Ann.");
    const unknown = await ask("How long did Zoe speak?");
    expect(unknown).toMatchObject({ found: false, answer: "I know of nobody called Zoe who spoke in this meeting." });
    expect((await ask("What did Bob say about the budget?")).citations.every(({ speaker }) => speaker === "Bob")).toBe(
      true,
    );
    expect(await ask("What was decided?")).toEqual(decided);
  });

  it("[J5] what nobody spoke of is said not to be there", async () => {
    const own = await IndexedTenant.new();
    await meeting(own);
    for (const message of [
      "What did they say about the parrot?",
      "Who hired the accountant?",
      "What is the launch code of the missiles?",
    ]) {
      expect(await answerTo(own.tenant.key, message)).toMatchObject({ found: false, citations: [] });
    }
  });
});

describe("how it is given", () => {
  it("[J6] as events where they are accepted, which say the same", async () => {
    const own = await IndexedTenant.new();
    await meeting(own);
    const body = { messages: [{ role: "user", content: "When is the launch of the app?" }] };
    const whole = await (await post(own.tenant.key, body)).json<ChatAnswer>();
    const streamed = await post(own.tenant.key, body, { accept: "text/event-stream" });
    expect(streamed.headers.get("content-type")).toBe("text/event-stream");
    const events = (await streamed.text()).split("\n\n").filter((event) => event !== "");
    const parsed = events.map((event) => {
      const [, name = "", data = ""] = /^event: (\w+)\ndata: (.*)$/.exec(event) ?? [];
      return [name, JSON.parse(data) as { text?: string }] as const;
    });
    expect(parsed.at(0)).toEqual(["begin", { model: "embedded/extractive", instead_of: null }]);
    const text = parsed.filter(([name]) => name === "delta").map(([, data]) => data.text);
    const citations = parsed.filter(([name]) => name === "citation").map(([, data]) => data);
    const { answer, citations: all, documents, ...end } = whole;
    expect([text.join(""), citations, documents]).toEqual([answer, all, []]);
    expect(parsed.at(-1)).toEqual(["done", end]);
  });

  it.each([
    ["[limit:maxChatMessageChars] characters", (n: number) => ({ message: "a".repeat(n) }), limits.maxChatMessageChars],
    [
      "[limit:maxChatMessages] messages",
      (n: number) => ({ messages: Array.from({ length: n }, () => ({ role: "user", content: "a" })) }),
      limits.maxChatMessages,
    ],
    [
      "[limit:maxChatMeetings] speakers",
      (n: number) => ({ message: "a", speakers: Array.from({ length: n }, (_, i) => `s${i}`) }),
      limits.maxChatMeetings,
    ],
  ])("[J6] %s at the limit, and one beyond", async (_, bodyOf, most) => {
    const own = await IndexedTenant.new();
    expect((await post(own.tenant.key, bodyOf(most))).status).toBe(200);
    expect(await codeOf(await post(own.tenant.key, bodyOf(most + 1)))).toBe("400 bad_request");
  });

  it("[J6] what is no question is refused", async () => {
    const own = await IndexedTenant.new();
    const user = { role: "user", content: "a" };
    for (const body of [
      {},
      { message: "" },
      { message: "a", messages: [user] },
      { messages: [] },
      { messages: [user, { role: "assistant", content: "a" }] },
      { messages: [{ role: "tool", content: "a" }] },
      { message: "a", meetings: ["../x"] },
      { message: "a", from: "yesterday" },
      { message: "a", surprise: 1 },
    ]) {
      expect(await codeOf(await post(own.tenant.key, body))).toBe("400 bad_request");
    }
  });

  it("[J6] [limit:chatPerMinute] questions are counted by themselves", async () => {
    const { key } = await keyFor("chat-tenant", ["sessions:read"]);
    const ask = gatewayWith({ ...required, RATE_LIMIT_PER_MINUTE: "100", CHAT_PER_MINUTE: "2" });
    const init = { method: "POST", headers: bearer(key), body: JSON.stringify({ message: "Who spoke?" }) };
    const statuses: number[] = [];
    for (let i = 0; i < 3; i += 1) statuses.push((await ask("/v1/chat", init)).status);
    expect(statuses).toEqual([200, 200, 429]);
    expect((await ask("/v1/sessions", { headers: bearer(key) })).status).toBe(200);
  });
});
