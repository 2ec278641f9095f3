import { describe, expect, test } from "vitest";
import { type Operation, operations } from "../../schemas/http/operations.ts";
import { gateway } from "./support/bindings.ts";
import { createSession, get, post, send } from "./support/http.ts";
import { newSession, RoomUnderTest } from "./support/room.ts";

const rows = Object.entries<Operation>(operations).filter(([, { takesAnything }]) => takesAnything !== true);

async function opened(): Promise<RoomUnderTest> {
  const room = new RoomUnderTest(newSession());
  await createSession(room.sessionId, {});
  return room;
}

const detailOf = async (answer: Response): Promise<[number, string, string]> => {
  const { code, detail } = await answer.json<{ code: string; detail: string }>();
  return [answer.status, code, detail];
};

/** A path of the operation in a session; the other parts are names that could be. */
function pathIn(sessionId: string, { path }: Operation): string {
  const parts: Readonly<Record<string, string>> = {
    session_id: sessionId,
    track: "mic",
    cluster_id: "c1",
    event_id: "1",
    delivery_id: "msg_00000000-0000-4000-8000-000000000001",
  };
  return path.replaceAll(/:([a-z_]+)/g, (_, name: string) => parts[name] ?? "1");
}

function ask(sessionId: string, operation: Operation, query: string, body?: string | Uint8Array<ArrayBuffer>) {
  const upgrade = operation.isSocket ? { upgrade: "websocket" } : {};
  const init = { method: operation.method, headers: { "content-type": "application/json", ...upgrade } };
  return gateway(`${pathIn(sessionId, operation)}${query}`, body === undefined ? init : { ...init, body });
}

describe("what a route does not take", () => {
  test.for(rows)("[U4] %s: a query parameter that there is not", async ([, operation]) => {
    const room = await opened();
    const before = await room.dump();
    expect(await detailOf(await ask(room.sessionId, operation, "?no_such=1"))).toEqual([
      400,
      "bad_request",
      expect.stringContaining("no_such is no query parameter here"),
    ]);
    expect(await room.dump()).toEqual(before);
  });

  test("[N5] what is quoted of a request neither breaks the sentence nor turns its direction", async () => {
    const query = await gateway("/v1/sessions?cl%00%0a%E2%80%AE=1");
    expect(await detailOf(query)).toEqual([400, "bad_request", expect.stringMatching(/^cl\uFFFD{3} is no query /)]);
    const body = JSON.stringify({ "cl\n\u202E": 1 });
    const sent = await gateway("/v1/sessions", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body,
    });
    expect(await detailOf(sent)).toEqual([400, "bad_request", expect.stringMatching(/^cl\uFFFD{2}: is no field /)]);
  });

  const withQueries = rows.flatMap(([id, operation]) => {
    // Of two letters one is too many to guess by.
    const names = Object.keys((operation.query as { shape?: object } | undefined)?.shape ?? {});
    const [known] = names.toSorted((a, b) => b.length - a.length);
    return known === undefined ? [] : [[id, known, operation] as const];
  });
  test.for(withQueries)("[U4] %s: %s twice, or misspelt", async ([, known, operation]) => {
    const { sessionId } = await opened();
    const twice = await ask(sessionId, operation, `?${known}=1&${known}=1`);
    expect(await detailOf(twice)).toEqual([400, "bad_request", `${known} stands there twice.`]);
    const misspelt = await ask(sessionId, operation, `?${known}x=1`);
    expect(await detailOf(misspelt)).toEqual([
      400,
      "bad_request",
      `${known}x is no query parameter here; did you mean ${known}?`,
    ]);
  });

  const changing = rows.filter(
    ([, { method, audioBody, bytesBody }]) => method !== "GET" && (audioBody ?? bytesBody) === undefined,
  );
  const refused: readonly [what: string, body: string | Uint8Array<ArrayBuffer>, said: string][] = [
    ["a field that there is not", '{"no_such_field":1}', "no_such_field: is no field here"],
    ["a name twice", '{"metadata":{},"metadata":{}}', "metadata: stands there twice"],
    ["a number that no double holds", '{"metadata":{"id":1234567890123456789}}', "metadata.id: is a number"],
    ["a number beyond all", '{"metadata":{"id":1e400}}', "metadata.id: is a number"],
    ["a name that can't be kept", '{"metadata":{"__proto__":1}}', "metadata.__proto__: is a name"],
    ["half of a character", '{"metadata":{"a":"\\ud800"}}', "metadata.a: holds half"],
    ["Latin-1", Uint8Array.of(0x7b, 0x22, 0xe9, 0x22, 0x3a, 0x31, 0x7d), "The body is not UTF-8"],
    ["a list", "[]", "body: must be an object, not an array"],
  ];
  test.for(changing)(
    "[U4] [U5] %s with what is no object of its fields, or can't be kept whole: 400, and nothing is kept",
    async ([, operation]) => {
      const room = await opened();
      const before = await room.dump();
      for (const [what, body, said] of refused) {
        const answer = await detailOf(await ask(room.sessionId, operation, "", body));
        expect(answer, `${what} was taken`).toEqual([400, "bad_request", expect.stringContaining(said)]);
      }
      expect(await room.dump()).toEqual(before);
    },
  );
});

test.each([
  ["application/json; charset=iso-8859-1", "another charset"],
  ['application/json;CHARSET="UTF-16"', "another charset"],
])("[U5] a body that says it is %s is refused", async (type, said) => {
  const { sessionId } = await opened();
  const answer = await send("POST", `/v1/sessions/${sessionId}/finalize`, {}, { "content-type": type });
  expect((await detailOf(answer))[2]).toContain(said);
});

test("[U5] a body that is encoded is refused", async () => {
  const { sessionId } = await opened();
  const answer = await send("POST", `/v1/sessions/${sessionId}/finalize`, {}, { "content-encoding": "gzip" });
  expect((await detailOf(answer))[2]).toContain("Content-Encoding");
});

test.each(["application/json; charset=utf-8", 'text/plain; charset="UTF8"', "", "application/x-www-form-urlencoded"])(
  "[U5] Content-Type %j, a byte order mark and no body are taken",
  async (type) => {
    for (const body of ["\uFEFF{}", "", " "]) {
      const { sessionId } = await opened();
      const headers = { "content-type": type };
      const { status } = await gateway(`/v1/sessions/${sessionId}/finalize`, { method: "POST", headers, body });
      // Taken: at once, or by and by on a busy machine.
      expect([200, 202]).toContain(status);
    }
  },
);

test("[U4] a page may be opened with any query, and a body of an empty object is none", async () => {
  const { sessionId } = await opened();
  expect((await gateway("/docs?utm_source=mail")).status).not.toBe(400);
  const resend = await post(sessionId, "webhooks/msg_00000000-0000-4000-8000-000000000001/resend", {});
  expect(resend.status).toBe(404);
  expect((await get(sessionId, "state")).status).toBe(200);
});

test("[U5] names of metadata that hold escapes come back as sent, after others had a backslash for a name", async () => {
  await createSession(newSession(), { metadata: { a: 1, "\\": { "\\": 1 } } });
  const { sessionId } = new RoomUnderTest(newSession());
  const metadata = { a: 1, '"': { "\n": [{ "\\n": 1 }] } };
  await createSession(sessionId, { metadata });
  const text = JSON.stringify(metadata);
  expect(await (await gateway(`/v1/sessions/${sessionId}`)).text()).toContain(`"metadata":${text}`);
  expect((await post(sessionId, "finalize", {})).status).toBe(200);
  expect(await (await get(sessionId, "result")).text()).toContain(text);
});
