/**
 * Reading a route's path, query, headers and body: each parsed before anything is done with it. A failure is the reason that
 * the table of problems takes.
 */
import { beginningOf } from "../../../../schemas/cut-text.ts";
import type { Context, MiddlewareHandler } from "hono";
import type * as z from "zod";
import { limits } from "../../../../schemas/limits.ts";
import { sessionIdSchema, trackNameSchema } from "../../../../schemas/names.ts";
import type { Operation } from "../../../../schemas/http/operations.ts";
import { err, ok, type Result } from "../../../../schemas/lib/result.ts";
import { fieldsAt } from "../../../shared/http/field-names.ts";
import { unknownName, wordsOf } from "../../../shared/http/issue-words.ts";
import { isDecodable, rawPartsOf, rawQueryOf } from "../../../shared/http/path.ts";
import { noBodySchema, readJsonBody } from "../../../shared/http/read-json-body.ts";
import type { AppEnv } from "../app-env.ts";
import { problem, type Reason } from "../problems.ts";

/**
 * Looks at the names in a path before anything else is looked at (SPEC N1): each is decoded once, and the session and the track
 * are checked then. The route itself checks the others.
 */
export function nameRefusal(c: Context<AppEnv>, { path }: Operation): Reason | undefined {
  const { session_id: sessionId, track } = c.req.param() as Partial<Record<string, string>>;
  if (sessionId !== undefined && !sessionIdSchema.safeParse(sessionId).success) return "bad_session_id";
  if (track !== undefined && !trackNameSchema.safeParse(track).success) return "bad_track";
  const sent = rawPartsOf(c.req.raw);
  const at = path.split("/").findIndex((part, i) => part.startsWith(":") && !isDecodable(sent[i] ?? ""));
  return at < 0 ? undefined : { reason: "bad_escape", name: path.split("/")[at]?.slice(1) ?? "" };
}

/** Refuses the path of no route where it can't be read. */
export const pathGuard: MiddlewareHandler<AppEnv> = async (c, next) =>
  rawPartsOf(c.req.raw).every(isDecodable) ? next() : problem(c, { reason: "bad_escape", name: "The path" });

/**
 * Whether a request says what its route does not take, which would be passed over in silence (SPEC U4): a parameter of the
 * query that the table of operations does not name, one that stands there twice, or a body where there is none to be.
 */
export async function surplusRefusal(c: Context<AppEnv>, operation: Operation): Promise<Reason | undefined> {
  if (operation.takesAnything === true) return undefined;
  const known = operation.query ? fieldsAt(operation.query, []) : [];
  const { method, access, body } = operation;
  // Where a credential may stand in the URL (SPEC P1) it was read already.
  const isCredential = (name: string): boolean => name === "token" && method === "GET" && access !== "public";
  for (const [name, value] of rawQueryOf(c.req.raw)) {
    if (!isDecodable(name)) return { reason: "bad_escape", name: "The name of a query parameter" };
    if (!isDecodable(value)) return { reason: "bad_escape", name: shortened(decodeURIComponent(name)) };
  }
  const names = [...new URL(c.req.url).searchParams.keys()].filter((name) => !isCredential(name));
  for (const [i, name] of names.entries()) {
    const short = shortened(name);
    if (!known.includes(name)) {
      return { reason: "bad_query", name: short, message: unknownName(name, known, "query parameter") };
    }
    if (names.indexOf(name) < i) return { reason: "bad_query", name: short, message: "stands there twice" };
  }
  if (method === "GET" || (body ?? operation.audioBody ?? operation.bytesBody) !== undefined) return undefined;
  const nothing = await readJsonBody(c.req.raw, noBodySchema, limits.maxCorrectionBodyBytes);
  return nothing.ok ? undefined : nothing.error;
}

const maxNameChars = 64;

function shortened(name: string): string {
  return name.length > maxNameChars ? `${beginningOf(name, maxNameChars)}…` : name;
}

/** The session that the path names; the route's guard has looked at it. */
export function sessionIdOf(c: Context<AppEnv>): string {
  return sessionIdSchema.parse(c.req.param("session_id"));
}

/**
 * The query, parsed. The guard has refused what the route does not take; a credential in the URL is none of it.
 * @param instead values that go before the URL's own.
 */
export function queryOf<T>(
  c: Context<AppEnv>,
  schema: z.ZodType<T>,
  instead: Readonly<Record<string, string>> = {},
): Result<T, Reason> {
  const known = new Set(fieldsAt(schema, []));
  const asked = Object.entries(c.req.query()).filter(([name]) => known.has(name));
  const query = { ...Object.fromEntries(asked), ...instead };
  const parsed = schema.safeParse(query);
  if (parsed.success) return ok(parsed.data);
  const { field: name, message } = wordsOf(parsed.error, schema, query, "query");
  if (name === "track") return err("bad_track");
  return err({ reason: "bad_query", name, message });
}

/** Parses a JSON body of at most `maxBytes`. An empty one counts as `{}`. */
export async function bodyOf<T>(
  c: Context<AppEnv>,
  schema: z.ZodType<T>,
  maxBytes: number,
): Promise<Result<T, Reason>> {
  const body = await readJsonBody(c.req.raw, schema, maxBytes);
  if (body.ok) c.set("askedBody", body.value);
  return body;
}
