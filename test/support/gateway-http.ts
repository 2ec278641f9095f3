/** HTTP as it is on the wire: paths are sent as given, not as a URL parser would have them. */
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { request as httpRequest } from "node:http";
import { type SessionState, sessionStateSchema } from "../../schemas/http/sessions.ts";
import { type Problem, problemSchema } from "../../schemas/http/problem.ts";
import { type HttpErrorCode, httpErrors } from "../../schemas/wire/errors.ts";
import type { GatewayProcess } from "../../scripts/local/gateway-process.ts";

const answerTimeoutMs = 15_000;

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly text: string;
}

export interface RawRequest {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
  /** Sends the body without a content-length. */
  readonly chunked?: boolean;
  readonly timeoutMs?: number;
}

/** Every body that any request of this test file got. */
export const receivedBodies: string[] = [];

/** A session id of its own for each test. */
export function newSession(): string {
  return `t-${randomUUID()}`;
}

export async function send(
  gateway: GatewayProcess,
  path: string,
  { method = "GET", headers = {}, body, chunked = false, timeoutMs = answerTimeoutMs }: RawRequest = {},
): Promise<Answer> {
  const { hostname, port } = new URL(gateway.url);
  const length = body === undefined || chunked ? {} : { "content-length": String(Buffer.byteLength(body)) };
  return new Promise((resolve, reject) => {
    const request = httpRequest({ hostname, port, path, method, headers: { ...headers, ...length } });
    request.setTimeout(timeoutMs, () => request.destroy(new Error(`${method} ${path}: no answer in time`)));
    let isAnswered = false;
    request.on("error", (cause) => {
      // A server may answer and hang up before it has read a body that it refuses.
      if (!isAnswered) reject(cause);
    });
    request.on("upgrade", (_response, socket) => {
      isAnswered = true;
      socket.destroy();
      resolve({ status: 101, headers: {}, text: "" });
    });
    request.on("response", (response) => {
      isAnswered = true;
      let text = "";
      response.setEncoding("utf8");
      response.on("data", (part: string) => {
        text += part;
      });
      response.on("error", reject);
      response.on("end", () => {
        receivedBodies.push(text);
        const given = Object.entries(response.headers).map(([name, value]) => [name, String(value)]);
        resolve({ status: response.statusCode ?? 0, headers: Object.fromEntries(given), text });
      });
    });
    if (body !== undefined && chunked) request.write(body);
    request.end(chunked ? undefined : body);
  });
}

/** A WebSocket handshake for any path, by hand: a client library would repair it. */
export function sendUpgrade(gateway: GatewayProcess, path: string): Promise<Answer> {
  return send(gateway, path, {
    headers: {
      connection: "Upgrade",
      upgrade: "websocket",
      "sec-websocket-version": "13",
      "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ==",
    },
  });
}

export function postJson(
  gateway: GatewayProcess,
  path: string,
  body: unknown,
  headers: Readonly<Record<string, string>> = {},
): Promise<Answer> {
  return send(gateway, path, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: JSON.stringify(body),
  });
}

export async function sessionState(gateway: GatewayProcess, session: string): Promise<SessionState> {
  const answer = await send(gateway, `/v1/sessions/${session}/state`);
  assert.equal(answer.status, 200, answer.text);
  return sessionStateSchema.parse(JSON.parse(answer.text));
}

/** Reads an answer that must be a whole RFC 9457 problem, of its code's own status and title, traceable by its header. */
export function problemOf(answer: Answer): Problem {
  assert.equal(answer.headers["content-type"], "application/problem+json", answer.text);
  const problem = problemSchema.parse(JSON.parse(answer.text));
  const { code, detail, trace_id, ...rest } = problem;
  assert.ok(isHttpErrorCode(code), `no documented code: ${code}`);
  const { status, title } = httpErrors[code];
  assert.deepEqual(rest, { status, title, type: `urn:roomtone:problem:${code}` }, detail);
  assert.equal(answer.status, status);
  assert.notEqual(detail, "");
  assert.match(trace_id, /^[0-9a-f]{32}$/);
  assert.equal(answer.headers["x-trace-id"], trace_id);
  return problem;
}

function isHttpErrorCode(code: string): code is HttpErrorCode {
  return Object.hasOwn(httpErrors, code);
}

/** Those texts that hold a stack line, a path or a module of the server. */
export function internalsIn(texts: readonly string[]): string[] {
  return texts.filter((text) => /\bat \S+ \(|node_modules|\/work\/|file:\/\/|\.[cm]?[jt]s\b|sqlite/i.test(text));
}
