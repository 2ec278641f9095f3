/**
 * A client that knows the gateway's documents and nothing else: what `openapi.json` says, holds. Bodies are written here as
 * a reader of the documents would write them; answers are checked against the documents' own schemas, closed, so that
 * what an answer has and the document lacks is found too.
 */
import assert from "node:assert/strict";
import { beforeAll, describe, expect, test } from "vitest";
import { pcm } from "../../client/testkit/frames.ts";
import type { AsyncApi } from "../unit/contract/documents.ts";
import { closed, createChecks, type Json, resolved } from "../support/contract-schemas.ts";
import { newSession } from "../support/gateway-http.ts";
import { useGateway } from "../support/use-gateway.ts";
import { receivedTexts, TestClient } from "../support/ws-client.ts";

const gateway = useGateway();
/** Other files may have received some in the same process. */
const receivedBefore = receivedTexts.length;
let openapi: Json;
let asyncapi: Json & AsyncApi;
const session_id = newSession();

async function fetchDocument(path: string): Promise<Json> {
  const answer = await fetch(`${gateway.url}${path}`);
  expect(answer.headers.get("content-type")).toContain("application/json");
  return (await answer.json()) as Json;
}

beforeAll(async () => {
  openapi = await fetchDocument("/openapi.json");
  asyncapi = (await fetchDocument("/asyncapi.json")) as Json & AsyncApi;
});

type Parameters = Readonly<Record<string, string | number>>;

interface Asked {
  readonly method: string;
  readonly path: string;
  readonly operation: Json;
}

interface Answered {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** Parsed where the answer is JSON, text where it is text, and bytes elsewhere; "" where there is no body. */
  readonly data: unknown;
}

function operationOf(id: string): Asked {
  for (const [path, item] of Object.entries(openapi["paths"] as Record<string, Json>)) {
    for (const [method, one] of Object.entries(item)) {
      if ((one as Json)["operationId"] === id) return { method, path, operation: one as Json };
    }
  }
  throw new Error(`the document has no operation ${id}`);
}

/** Asks, each parameter where the document wants it, and checks that the answer is one that the document has. */
async function call(id: string, parameters: Parameters, body?: unknown): Promise<Answered> {
  const { method, path, operation } = operationOf(id);
  const url = new URL(path, gateway.url);
  const headers = new Headers(body === undefined ? {} : { "content-type": "application/json" });
  const known = (operation["parameters"] as Json[]).map((parameter) => resolved(openapi, parameter));
  for (const [name, value] of Object.entries(parameters)) {
    const place = known.find((parameter) => parameter["name"] === name)?.["in"];
    if (place === "path") url.pathname = decodeURI(url.pathname).replace(`{${name}}`, String(value));
    else if (place === "query") url.searchParams.set(name, String(value));
    else if (place === "header") headers.set(name, String(value));
    else throw new Error(`${id} has no parameter ${name}`);
  }
  const init = { method: method.toUpperCase(), headers };
  const answer = await fetch(url, body === undefined ? init : { ...init, body: JSON.stringify(body) });
  const answered = { status: answer.status, headers: Object.fromEntries(answer.headers), data: await dataOf(answer) };
  checkAnswer(id, operation, answered);
  return answered;
}

async function dataOf(answer: Response): Promise<unknown> {
  const type = answer.headers.get("content-type") ?? "";
  const bytes = Buffer.from(await answer.arrayBuffer());
  if (bytes.length > 0 && type.includes("json")) return JSON.parse(bytes.toString());
  return bytes.length === 0 || /^text\/|charset/.test(type) ? bytes.toString() : bytes;
}

function checkAnswer(id: string, operation: Json, { status, headers, data }: Answered): void {
  const told = (operation["responses"] as Json)[String(status)];
  assert.ok(told, `${id} answered ${status}, which the document lacks: ${JSON.stringify(data)}`);
  const answer = resolved(openapi, told) as { content?: Json; headers?: Json };
  for (const name of ["x-trace-id", "etag", "content-range", "location"]) {
    // Each where the document says so, and nowhere else.
    expect({ id, status, name, is: name in headers }).toEqual({ id, status, name, is: name in (answer.headers ?? {}) });
  }
  const contentType = headers["content-type"] ?? "";
  const content = (answer.content?.[contentType] ?? answer.content?.[contentType.replace(/;.*/, "")]) as
    | Json
    | undefined;
  if (answer.content) assert.ok(content, `${id} ${status} answered as ${contentType}, which the document lacks`);
  else expect(data).toBe("");
  if (content && contentType.includes("json")) {
    const document = closed(openapi);
    const schema = closed(content["schema"] as Json);
    expect({ id, status, wrong: createChecks(document, "2020-12")(schema)(data) }).toEqual({ id, status, wrong: [] });
  }
}

describe("a meeting, by the documents alone", () => {
  test("health, and a session with settings", async () => {
    expect((await call("health", {})).data).toMatchObject({ status: "ok", app: "roomtone" });
    const opened = await call(
      "createSession",
      {},
      {
        session_id,
        roster: [{ name: "Ada Lovelace" }],
        metadata: { title: "By the documents" },
        resolve: { auto: false },
      },
    );
    expect(opened.status).toBe(201);
    expect((await call("configureSession", { session_id }, { retention_days: 7 })).data).toMatchObject({
      retention_days: 7,
    });
  });

  test("three seconds over the socket, as asyncapi.json says", async () => {
    const { channels, components } = asyncapi;
    expect(channels["ingest"]?.address).toBe("/v1/audio/ws/{session_id}");
    const socket = await TestClient.connect(gateway, { session: session_id });
    const [hello] = components.messages["hello"]?.examples ?? [];
    socket.send(hello?.payload as Json);
    expect(await socket.next("ready")).toMatchObject({ resume: { next_seq: 1 } });
    for (const seq of [1, 2, 3]) expect(await socket.keep(seq)).toMatchObject({ status: "stored" });
    socket.send({ type: "gap", from_seq: 4, to_seq: 4, cause: "capture_stall" });
    await socket.next("status");
    socket.send({ type: "end", last_seq: 4 });
    expect(await socket.next("ended")).toMatchObject({ complete: false, missing: [[4, 4]] });
    socket.send({ type: "nonsense" });
    await socket.next("error");
    socket.send({ type: "close" });
    await socket.next("closing");
    expect((await socket.closed()).code).toBe(1000);

    const checks = createChecks(closed(asyncapi), "draft-7");
    for (const text of receivedTexts.slice(receivedBefore)) {
      const value = JSON.parse(text) as { type: string };
      const schema = closed(components.messages[value.type]?.payload ?? false);
      assert.ok(schema, `asyncapi.json has no message ${value.type}`);
      expect({ text, wrong: checks(schema)(value) }).toEqual({ text, wrong: [] });
    }
  });

  test("speakers: utterances, a resolve, a name", async () => {
    const utterances = [{ utterance_id: "u1", start_ms: 0, end_ms: 2_500, text: "Hello, this is Ada." }];
    await call("addUtterances", { session_id }, { utterances });
    const content_b64 = Buffer.from(pcm(3, 1)).toString("base64");
    const asked = { audio: { content_b64, format: "pcm_s16le" } };
    const first = await call("resolve", { session_id, "x-idempotency-key": "one" }, asked);
    const again = await call("resolve", { session_id, "x-idempotency-key": "one" }, asked);
    expect(again.headers["x-idempotent-replay"]).toBe("true");
    expect(again.data).toEqual(first.data);
    const { data: state } = await call("getState", { session_id });
    expect(state).toMatchObject({ ingest: { last_seq: 3 } });
    for (const { cluster_id } of (state as { state: { clusters: { cluster_id: string }[] } }).state.clusters) {
      const bound = await call("bindSpeaker", { session_id, cluster_id }, { name: "Ada Lovelace" });
      expect(bound.status).toBe(200);
    }
    expect((await call("bindSpeaker", { session_id, cluster_id: "nobody" }, { name: "Ada" })).status).toBe(404);
    const { data: page } = await call("getEvents", { session_id, after: 0, limit: 2 });
    expect(page).toMatchObject({ next_after: 2, has_more: true });
    expect((await call("getEvents", { session_id, limit: 0 })).status).toBe(400);
  });

  test("finalize, and what the meeting leaves", async () => {
    expect((await call("getResult", { session_id })).status).toBe(409);
    const finalized = await call("finalize", { session_id }, { expect: { mixed: 4 } });
    expect(finalized.data).toMatchObject({ coverage: 0.75, missing: { mixed: [[4, 4]] } });
    const result = await call("getResult", { session_id });
    expect(result.data).toMatchObject({ gaps: [{ cause: "capture_stall" }], metadata: { title: "By the documents" } });
    const etag = String(result.headers["etag"]);
    expect((await call("getResult", { session_id, "if-none-match": etag })).status).toBe(304);
    for (const id of ["exportRttm", "exportVtt", "exportSrt", "exportText"]) {
      expect((await call(id, { session_id, track: "mixed" })).status).toBe(200);
    }
    const part = await call("getAudio", { session_id, range: "bytes=0-43" });
    expect(part.status).toBe(206);
    expect(part.headers["content-range"]).toBe(`bytes 0-43/${44 + 4 * 32_000}`);
    expect((part.data as Buffer).toString("latin1", 0, 4)).toBe("RIFF");
    expect((await call("getAudio", { session_id, track: "other" })).status).toBe(404);
    expect((await call("listDeliveries", { session_id })).data).toEqual({ deliveries: [] });
  });

  test("list and delete", async () => {
    const { data: list } = await call("listSessions", { limit: 10 });
    expect((list as { sessions: { session_id: string }[] }).sessions.map((one) => one.session_id)).toContain(
      session_id,
    );
    const deleted = await call("deleteSession", { session_id });
    expect([200, 202]).toContain(deleted.status);
    expect((await call("getState", { session_id })).status).toBe(410);
    expect((await call("getState", { session_id: "never-opened" })).status).toBe(404);
  });
});

describe("the documents themselves", () => {
  test.each(["/openapi.json", "/asyncapi.json", "/docs"])("%s can be kept, and asked for anew", async (path) => {
    const first = await fetch(`${gateway.url}${path}`);
    await first.text();
    expect(first.headers.get("cache-control")).toBe("public, max-age=300");
    const headers = { "if-none-match": String(first.headers.get("etag")) };
    const again = await fetch(`${gateway.url}${path}`, { headers });
    expect(again.status).toBe(304);
    expect(await again.text()).toBe("");
  });

  test("/docs runs two scripts of this origin, which may be kept for ever, and can reach no other", async () => {
    const page = await fetch(`${gateway.url}/docs`);
    expect(page.headers.get("content-type")).toBe("text/html; charset=utf-8");
    const policy = page.headers.get("content-security-policy") ?? "";
    expect(policy).toContain("default-src 'none'; script-src 'self';");
    expect(policy).not.toMatch(/https?:|\*|unsafe-eval/);
    const scripts = [...(await page.text()).matchAll(/<script src="(\/assets\/[^"]+)"><\/script>/g)];
    expect(scripts).toHaveLength(2);
    for (const [, path = ""] of scripts) {
      const script = await fetch(`${gateway.url}${path}`);
      expect((await script.text()).length).toBeGreaterThan(0);
      expect(script.headers.get("content-type")).toMatch(/^(text|application)\/javascript/);
      expect(script.headers.get("cache-control")).toBe("public, max-age=31536000, immutable");
    }
  });
});
