/** RFC 9457 answers. A detail is a sentence for the caller; it never holds a stack, path, secret or value of the input. */
import type { Context } from "hono";
import { type HttpErrorCode, httpErrors } from "../../../schemas/wire/errors.ts";
import type { Problem } from "../../../schemas/http/problem.ts";
import type { AppEnv } from "./app-env.ts";

export function problem(
  c: Context<AppEnv>,
  code: HttpErrorCode,
  detail: string,
  headers: Record<string, string> = {},
): Response {
  const { status, title } = httpErrors[code];
  const body: Problem = { type: `urn:roomtone:problem:${code}`, title, status, detail, code, trace_id: c.var.traceId };
  return new Response(JSON.stringify(body), {
    status,
    headers: { ...headers, "content-type": "application/problem+json", "x-trace-id": c.var.traceId },
  });
}
