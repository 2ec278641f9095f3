/** `GET /v1/sessions`, from the index, and `DELETE /v1/sessions/:session_id`. */
import type { Context } from "hono";
import * as z from "zod";
import { listedStatusSchema } from "../../schemas/http.ts";
import { limits } from "../../schemas/limits.ts";
import { defaultTenant } from "../../schemas/names.ts";
import { type CursorPlace, parseCursor } from "../index-db/cursor.ts";
import { SessionIndex } from "../index-db/session-index.ts";
import { withTimeout } from "../lib/timeout.ts";
import { describeError, log } from "../telemetry/log.ts";
import type { AppEnv } from "./app-env.ts";
import { sessionIdOf } from "./parameters.ts";
import { problem } from "./problem.ts";
import { roomOf } from "./rooms.ts";
import { sessionNotFound } from "./session-not-found.ts";

const defaultLimit = 50;
const readTimeoutMs = 15_000;

const limitRule = `limit is a number from 1 to ${limits.maxSessionsPerPage}`;
const statuses = listedStatusSchema.options.join(", ");
const cursorSchema = z.string().transform((text, ctx): CursorPlace => {
  const place = parseCursor(text);
  if (place) return place;
  ctx.addIssue({ code: "custom", message: "cursor is the next_cursor of a page before" });
  return z.NEVER;
});
const listQuerySchema = z.object({
  status: z.optional(z.enum(listedStatusSchema.options, `status is one of ${statuses}`)),
  limit: z.optional(
    z
      .string()
      .regex(/^\d{1,4}$/, limitRule)
      .transform(Number)
      .pipe(z.int(limitRule).min(1, limitRule).max(limits.maxSessionsPerPage, limitRule)),
  ),
  cursor: z.optional(cursorSchema),
});

export async function listSessionsRoute(c: Context<AppEnv>): Promise<Response> {
  const query = listQuerySchema.safeParse(c.req.query());
  if (!query.success) return problem(c, "bad_request", `${query.error.issues[0]?.message ?? "bad query"}.`);
  const { status, limit = defaultLimit, cursor } = query.data;
  const request = { tenant: defaultTenant, status, limit, after: cursor };
  try {
    return c.json(await withTimeout(new SessionIndex(c.env.DB).page(request), readTimeoutMs, "D1 read"));
  } catch (cause) {
    log.warn("index.read_failed", { trace: c.var.traceId, error: describeError(cause) });
    return problem(
      c,
      "index_unavailable",
      "The list of sessions can't be read now; the sessions themselves can. Try again.",
      {
        "retry-after": "5",
      },
    );
  }
}

export async function deleteSessionRoute(c: Context<AppEnv>): Promise<Response> {
  const sessionId = sessionIdOf(c);
  if (!sessionId.ok) return sessionId.error;
  const removed = await roomOf(c.env, sessionId.value).call("remove");
  if (!removed.ok) return sessionNotFound(c);
  return c.json(removed.value.answer, removed.value.done ? 200 : 202);
}
