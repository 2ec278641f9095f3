/** Paths: every spelling of a name is that name, and a path or query that can't be read is refused with what it was. */
import { describe, expect, test } from "vitest";
import { type Operation, operations } from "../../schemas/http/operations.ts";
import type { AppBinding } from "../../server/gateway/env.ts";
import { gateway } from "./support/bindings.ts";
import { Client } from "./support/client.ts";
import { bearer, gatewayWith, guarded, ownOrigin, required, tokenWith } from "./support/doors.ts";
import { createSession, resolve, send } from "./support/http.ts";
import { answerTo, inference } from "./support/inference.ts";
import { newSession, RoomUnderTest } from "./support/room.ts";

const codeOf = async (answer: Response): Promise<string> => {
  const { code, detail } = await answer.json<{ code: string; detail: string }>();
  return `${answer.status} ${code}: ${detail}`;
};

/** Every character as an escape, which no client does and every reader has to read. */
const escaped = (text: string): string =>
  [...new TextEncoder().encode(text)].map((byte) => `%${byte.toString(16).padStart(2, "0")}`).join("");

const rows = Object.entries<Operation>(operations).filter(([, { path }]) => path.includes(":session_id"));

describe("one reading of a path", () => {
  test("[N5] a session by two spellings is one room, over HTTP and on a socket", async () => {
    const sessionId = `${newSession()}~a`;
    await createSession(sessionId, {});
    for (const spelling of [
      sessionId,
      sessionId.replace("~", "%7E"),
      sessionId.replace("~", "%7e"),
      escaped(sessionId),
    ]) {
      const answer = await gateway(`/v1/sessions/${spelling}`);
      expect(await answer.json()).toMatchObject({ session_id: sessionId });
    }
    const offer = { headers: { upgrade: "websocket", "sec-websocket-protocol": "roomtone.v1.json" } };
    const path = `/v1/audio/ws/${escaped(sessionId)}/mi%63`;
    const client = await Client.over(await gateway(path, offer), sessionId);
    await client.keep(1);
    const room = new RoomUnderTest(sessionId);
    expect(await room.rows("SELECT track FROM tracks")).toEqual([{ track: "mic" }]);
    const watching = await gateway(`/v1/sessions/${sessionId.replace("~", "%7E")}/live`, offer);
    expect(watching.status).toBe(101);
    watching.webSocket?.accept();
    watching.webSocket?.close();
  });

  test("[N5] a cluster whose id holds a colon is named as clients spell it", async () => {
    const sessionId = newSession();
    inference(sessionId, (request) => {
      const answer = answerTo(request);
      const clusters = [{ cluster_id: "spk:1", centroid: [1], sample_count: 1 }];
      return Response.json({ ...answer, cluster_id: "spk:1", updated_state: { ...answer.updated_state, clusters } });
    });
    expect((await resolve(sessionId)).status).toBe(200);
    for (const [spelling, name] of [
      ["spk%3A1", "Ada"],
      ["spk%3a1", "Bob"],
      ["spk:1", "Cy"],
    ]) {
      const answer = await send("PUT", `/v1/sessions/${sessionId}/bindings/${spelling}`, { name });
      expect(await answer.json()).toMatchObject({ events: [{ cluster_id: "spk:1", speaker_name: name }] });
    }
  });

  test("[P6] a token is for its session, however that is spelt, and for no other", async () => {
    const sessionId = `${newSession()}~t`;
    const token = await tokenWith({ session_id: sessionId, role: "observe" });
    const ask = (spelling: string) => guarded(`/v1/sessions/${spelling}/state`, { headers: bearer(token) });
    expect(await codeOf(await ask(sessionId.replace("~", "%7E")))).toMatch(/^404 session_not_found/);
    expect(await codeOf(await ask(sessionId.replace("~", "%2E")))).toMatch(/^403 forbidden/);
  });

  test("[N5] a literal part in escapes is the same route; an escaped slash separates nothing", async () => {
    const sessionId = newSession();
    await createSession(sessionId, {});
    expect((await gateway(`/v1/%73essions/${sessionId}/st%61te`)).status).toBe(200);
    expect(await codeOf(await gateway(`/v1/sessions%2F${sessionId}`))).toMatch(/^404 not_found/);
    expect(await codeOf(await gateway(`/v1/sessions/${sessionId}%2Fstate`))).toMatch(/^400 invalid_session_id/);
  });

  test("[N5] a name is decoded once: an escaped escape is none", async () => {
    expect(await codeOf(await gateway("/v1/sessions/a%257Eb"))).toMatch(/^400 invalid_session_id/);
    expect(await codeOf(await gateway("/v1/sessions/a/bindings/c%253A1", { method: "DELETE" }))).toMatch(
      /^404 cluster_not_found: A cluster id is/,
    );
  });

  test("[N5] the app gets the path in the spelling that the gateway read", async () => {
    const got: string[] = [];
    const app: AppBinding = {
      fetch: async ({ url }) => {
        got.push(url);
        return new Response("from the app");
      },
      takeMeeting: () => Promise.reject(new Error("no meeting is told of here")),
    };
    const ask = gatewayWith({ ...required, RATE_LIMIT_PER_MINUTE: "off", APP: app });
    const token = await tokenWith({ session_id: "a~b", role: "edit" });
    const headers = bearer(token);
    await ask("/v1/later/a%7Eb/x%2Fy?q=%7E", { headers });
    expect(got).toEqual([`${ownOrigin}/v1/later/a~b/x%2Fy?q=%7E`]);
    expect(await codeOf(await ask("/v1/later/a%zz", { headers }))).toMatch(/^400 bad_request: The path holds/);
    expect(got).toHaveLength(1);
  });
});

const unreadable = ["%", "a%zz", "%ff", "a%c3", "%ED%A0%80", "%C0%AF"];

describe("what can't be read", () => {
  test.for(rows)("[N5] %s: a session id that is no percent-encoding", async ([, { path, method, isSocket }]) => {
    for (const part of unreadable) {
      const asked = path.replace(":session_id", part).replaceAll(/:[a-z_]+/g, "a");
      const answer = await gateway(asked, { method, headers: isSocket ? { upgrade: "websocket" } : {} });
      expect(await codeOf(answer)).toMatch(/^400 invalid_session_id/);
    }
  });

  const others = rows.flatMap(([id, operation]) => {
    const names = [...operation.path.matchAll(/:([a-z_]+)/g)].map(([, name = ""]) => name);
    return names.filter((name) => name !== "session_id").map((name) => [id, name, operation] as const);
  });
  test.for(others)("[N5] %s: a %s that is none", async ([, name, { path, method, isSocket }]) => {
    for (const part of unreadable) {
      const asked = path.replace(`:${name}`, part).replaceAll(/:[a-z_]+/g, "a");
      const answer = await gateway(asked, { method, headers: isSocket ? { upgrade: "websocket" } : {} });
      const expected = name === "track" ? /^400 invalid_track/ : new RegExp(`^400 bad_request: ${name} holds a %`);
      expect(await codeOf(answer)).toMatch(expected);
    }
  });

  test("[N5] a query", async () => {
    for (const part of unreadable) {
      expect(await codeOf(await gateway(`/v1/sessions?q=${part}`))).toMatch(/^400 bad_request: q holds a %/);
      expect(await codeOf(await gateway(`/v1/sessions?${part}=1`))).toMatch(/^400 bad_request: The name of a query/);
    }
    expect((await gateway("/v1/sessions?q=%7E%25&%6Cimit=1")).status).toBe(200);
  });
});
