/**
 * Reading a route's path, query, headers and body: each parsed before anything is done with it. A failure is the reason that
 * the table of problems takes.
 */
import type { Context } from "hono";
import type * as z from "zod";
import { limits } from "../../../../schemas/limits.ts";
import { sessionIdSchema, trackNameSchema } from "../../../../schemas/names.ts";
import { idempotencyKeySchema } from "../../../../schemas/http/queries.ts";
import { err, ok, type Result } from "../../../../schemas/lib/result.ts";
import { isNestedDeeper } from "../../../shared/lib/json-depth.ts";
import { readTextUpTo } from "../../../shared/lib/read-body.ts";
import type { AppEnv } from "../app-env.ts";
import type { Reason } from "../problems.ts";

/** Looks at the session and the track that a path names, before anything else is looked at. */
export function nameRefusal(c: Context<AppEnv>): Reason | undefined {
  const { session_id: sessionId, track } = c.req.param() as Partial<Record<string, string>>;
  if (sessionId !== undefined && !sessionIdSchema.safeParse(sessionId).success) return "bad_session_id";
  return track === undefined || trackNameSchema.safeParse(track).success ? undefined : "bad_track";
}

/** The session that the path names; the route's guard has looked at it. */
export function sessionIdOf(c: Context<AppEnv>): string {
  return sessionIdSchema.parse(c.req.param("session_id"));
}

/**
 * The query, parsed; of several values of one name the first counts.
 * @param instead values that go before the URL's own.
 */
export function queryOf<T>(
  c: Context<AppEnv>,
  schema: z.ZodType<T>,
  instead: Readonly<Record<string, string>> = {},
): Result<T, Reason> {
  const parsed = schema.safeParse({ ...c.req.query(), ...instead });
  if (parsed.success) return ok(parsed.data);
  const [issue] = parsed.error.issues;
  const name = issue?.path.map(String).join(".") ?? "query";
  if (name === "track") return err("bad_track");
  return err({ reason: "bad_query", name, message: issue?.message ?? "is not right" });
}

export function idempotencyKeyOf(c: Context<AppEnv>): Result<string | undefined, Reason> {
  const key = c.req.header("x-idempotency-key");
  return key === undefined || idempotencyKeySchema.safeParse(key).success ? ok(key) : err("bad_idempotency_key");
}

/** Parses a JSON body of at most `maxBytes`. An empty one counts as `{}`. */
export async function bodyOf<T>(
  c: Context<AppEnv>,
  schema: z.ZodType<T>,
  maxBytes: number,
): Promise<Result<T, Reason>> {
  const tooLarge = { reason: "body_too_large", maxBytes } as const;
  if (Number(c.req.header("content-length") ?? 0) > maxBytes) return err(tooLarge);
  const text = await readTextUpTo(c.req.raw.body, maxBytes).catch(() => undefined);
  // The client hung up in the middle, or sent less than it announced: no failure of the gateway.
  if (!text) return err("body_broke_off");
  if (!text.ok) return err(tooLarge);
  const value = parseJson(text.value);
  if (!value.ok) return value;
  if (isNestedDeeper(value.value, limits.maxJsonLevels)) return err("body_too_deep");
  const parsed = schema.safeParse(value.value);
  if (parsed.success) return ok(parsed.data);
  const [issue] = parsed.error.issues;
  const field = issue?.path.map(String).join(".") || "body";
  return err({ reason: "bad_body", field, message: issue?.message ?? "invalid" });
}

function parseJson(text: string): Result<unknown, "body_not_json"> {
  try {
    return ok(text.trim() === "" ? {} : JSON.parse(text));
  } catch {
    return err("body_not_json");
  }
}
