/** RFC 9457 answers. A detail is a sentence for the caller; it never holds a stack, path, secret or value of the input. */
import type { Problem } from "../../../schemas/http/problem.ts";
import { type HttpErrorCode, httpErrors } from "../../../schemas/wire/errors.ts";
import { shownLine } from "../../../schemas/visible-line.ts";
import { noteCode } from "../telemetry/context.ts";

export function problemResponse(
  code: HttpErrorCode,
  detail: string,
  traceId: string,
  headers: Readonly<Record<string, string>> = {},
  more: Readonly<Record<string, unknown>> = {},
): Response {
  const { status, title } = httpErrors[code];
  noteCode(code);
  const problem: Problem = {
    type: `urn:roomtone:problem:${code}`,
    title,
    status,
    detail: shownLine(detail),
    code,
    trace_id: traceId,
  };
  return new Response(JSON.stringify({ ...problem, ...more }), {
    status,
    headers: { ...headers, "content-type": "application/problem+json", "x-trace-id": traceId },
  });
}
