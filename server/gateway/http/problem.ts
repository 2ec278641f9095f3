import type { Context } from "hono";
import type { HttpErrorCode } from "../../../schemas/wire/errors.ts";
import { problemResponse } from "../../shared/http/problem-response.ts";
import type { AppEnv } from "./app-env.ts";

/** A problem as the answer to a request, with its trace id. */
export function problem(
  c: Context<AppEnv>,
  code: HttpErrorCode,
  detail: string,
  headers: Readonly<Record<string, string>> = {},
): Response {
  return problemResponse(code, detail, c.var.traceId, headers);
}
