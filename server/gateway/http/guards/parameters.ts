/** Reading a route's path, headers and body: each parsed at the door, each failure a ready answer. */
import type { Context } from "hono";
import type * as z from "zod";
import { limits } from "../../../../schemas/limits.ts";
import { sessionIdSchema, trackNameSchema } from "../../../../schemas/names.ts";
import { idempotencyKeySchema } from "../../../../schemas/http/queries.ts";
import { err, ok, type Result } from "../../../../schemas/lib/result.ts";
import { isNestedDeeper } from "../../../shared/lib/json-depth.ts";
import { readTextUpTo } from "../../../shared/lib/read-body.ts";
import type { AppEnv } from "../app-env.ts";
import { problem } from "../problem.ts";

export function invalidSessionId(c: Context<AppEnv>): Response {
  return problem(
    c,
    "invalid_session_id",
    "A session id is A-Z, a-z, 0-9, '.', '_', '~' and '-', at most 128 characters, starting with a letter or digit, without escapes.",
  );
}

export function invalidTrack(c: Context<AppEnv>): Response {
  const detail = "A track is a-z, 0-9, _ and -, at most 32 characters, starting with a letter or digit.";
  return problem(c, "invalid_track", detail);
}

/** Looks at the session and the track that a path names, before anything else is looked at. */
export function nameRefusal(c: Context<AppEnv>): Response | undefined {
  const { session_id: sessionId, track } = c.req.param() as Partial<Record<string, string>>;
  if (sessionId !== undefined && !sessionIdSchema.safeParse(sessionId).success) return invalidSessionId(c);
  return track === undefined || trackNameSchema.safeParse(track).success ? undefined : invalidTrack(c);
}

/** The session that the path names; the route's door has looked at it. */
export function sessionIdOf(c: Context<AppEnv>): string {
  return sessionIdSchema.parse(c.req.param("session_id"));
}

/** The query, parsed; of several values of one name the first counts. @param instead what goes before the URL's own. */
export function queryOf<T>(
  c: Context<AppEnv>,
  schema: z.ZodType<T>,
  instead: Readonly<Record<string, string>> = {},
): Result<T, Response> {
  const parsed = schema.safeParse({ ...c.req.query(), ...instead });
  if (parsed.success) return ok(parsed.data);
  const [issue] = parsed.error.issues;
  const name = issue?.path.map(String).join(".") ?? "query";
  return err(
    name === "track" ? invalidTrack(c) : problem(c, "bad_request", `${name} ${issue?.message ?? "is not right"}.`),
  );
}

export function idempotencyKeyOf(c: Context<AppEnv>): Result<string | undefined, Response> {
  const key = c.req.header("x-idempotency-key");
  if (key === undefined || idempotencyKeySchema.safeParse(key).success) return ok(key);
  return err(problem(c, "invalid_idempotency_key", "x-idempotency-key is 1 to 255 printable ASCII characters."));
}

/** Parses a JSON body of at most `maxBytes`. An empty one counts as `{}`. */
export async function bodyOf<T>(
  c: Context<AppEnv>,
  schema: z.ZodType<T>,
  maxBytes: number,
): Promise<Result<T, Response>> {
  const tooLarge = (): Result<never, Response> =>
    err(problem(c, "body_too_large", `The body is at most ${maxBytes} bytes.`));
  if (Number(c.req.header("content-length") ?? 0) > maxBytes) return tooLarge();
  const text = await readTextUpTo(c.req.raw.body, maxBytes).catch(() => undefined);
  // The client hung up in the middle, or sent less than it said: no failure of the gateway.
  if (!text) return err(problem(c, "bad_request", "The body broke off before its end."));
  if (!text.ok) return tooLarge();
  let value: unknown;
  try {
    value = text.value.trim() === "" ? {} : JSON.parse(text.value);
  } catch {
    return err(problem(c, "bad_request", "The body is not JSON."));
  }
  if (isNestedDeeper(value, limits.maxJsonLevels)) {
    return err(problem(c, "bad_request", `The body nests deeper than ${limits.maxJsonLevels} levels.`));
  }
  const parsed = schema.safeParse(value);
  if (parsed.success) return ok(parsed.data);
  const issue = parsed.error.issues[0];
  const where = issue?.path.map(String).join(".") || "body";
  return err(problem(c, "bad_request", `${where}: ${issue?.message ?? "invalid"}.`));
}
