/** The front listener's own answers: problems with the headers of the gateway's (RFC 9457), on a connection that ends with them. */
import { randomBytes } from "node:crypto";
import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { type HttpErrorCode, httpErrors } from "../../schemas/wire/errors.ts";
import type { Problem } from "../../schemas/http/problem.ts";
import { traceIdFrom } from "../shared/http/trace.ts";

/** What every answer of the gateway carries: the listener stands outside the Worker, whose middleware sets them there. */
const securityHeaders = {
  "strict-transport-security": "max-age=31536000; includeSubDomains",
  "x-content-type-options": "nosniff",
  "x-frame-options": "DENY",
  "referrer-policy": "no-referrer",
  "cross-origin-resource-policy": "same-origin",
  "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
  "cache-control": "no-store",
} as const;

export interface Refusal {
  readonly status: number;
  readonly reason: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export function refusal(code: HttpErrorCode, detail: string): Refusal {
  const { status, title } = httpErrors[code];
  const traceId = randomBytes(16).toString("hex");
  const problem: Problem = { type: `urn:roomtone:problem:${code}`, title, status, detail, code, trace_id: traceId };
  const body = JSON.stringify(problem);
  const headers = {
    ...securityHeaders,
    "content-type": "application/problem+json",
    "content-length": String(Buffer.byteLength(body)),
    "x-trace-id": traceId,
    connection: "close",
  };
  return { status, reason: title, headers, body };
}

/** The same in the trace that the request names, as the gateway's own answers are (SPEC Z3). */
export function inTraceOf({ headers: asked }: Pick<IncomingMessage, "headers">, refused: Refusal): Refusal {
  const named = asked["traceparent"];
  const traceId = traceIdFrom(typeof named === "string" ? named : undefined);
  const body = JSON.stringify({ ...(JSON.parse(refused.body) as Problem), trace_id: traceId });
  return { ...refused, headers: { ...refused.headers, "x-trace-id": traceId }, body };
}

/**
 * On a connection that has no answer of Node's: the client never sent a whole request, or asked to upgrade.
 * @param isHead the request was a HEAD, whose answer has no body (RFC 9110 §9.3.2).
 */
export function endWith(socket: Duplex, { status, reason, headers, body }: Refusal, isHead = false): void {
  if (!socket.writable) {
    socket.destroy();
    return;
  }
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.end(`HTTP/1.1 ${status} ${reason}\r\n${lines.join("")}\r\n${isHead ? "" : body}`, () => socket.destroy());
}
