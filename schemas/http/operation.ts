/** What is said of one route of the gateway: the columns of the table in `operations.ts`. */
import type * as z from "zod";
import type { Role, Scope } from "../access.ts";
import type { SwitchName } from "../switches.ts";
import type { HttpErrorCode } from "../wire/errors.ts";

/**
 * Who may use a route: API keys with the scope, session tokens of one of the roles. `covers` says whether a route is
 * about tracks that it names, or about all of the session: an `observe` or `edit` token that names its tracks can't use
 * the latter. `caller` is a route without a session in its path, which sees what its caller may see: of a token, its own session, and
 * of that the tracks that it names. "public" asks for no credential.
 */
export type Access =
  | "public"
  | { readonly scope: Scope; readonly roles: readonly Role[]; readonly covers: "session" | "track" | "caller" };

interface Answer {
  readonly description: string;
  /** Of a JSON answer. */
  readonly schema?: z.ZodType;
  /** Of any other answer with a body. */
  readonly contentType?: string;
}

export interface Operation {
  readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  /** `:name` stands for a part that a client fills in. */
  readonly path: string;
  readonly summary: string;
  readonly access: Access;
  /** The route takes a WebSocket upgrade; its messages are in `asyncapi.json`. */
  readonly isSocket?: true;
  readonly query?: z.ZodType;
  /**
   * The route's shape is another party's, or a page's own: what the row does not name is not refused (SPEC U4). Its handler looks
   * at what comes by itself.
   */
  readonly takesAnything?: true;
  /**
   * What becomes of a request that comes again under its idempotency key (SPEC S3): its first answer is given again, or, where an
   * answer goes on changing, it is made anew. Not set where asking twice does what asking once does.
   */
  readonly underKey?: "replayed" | "anew";
  readonly headers?: Readonly<Record<string, { readonly schema?: z.ZodType; readonly description: string }>>;
  readonly body?: { readonly schema: z.ZodType; readonly maxBytes: number };
  /** The body is audio, or a form with it: its handler reads it, and looks at what it is. */
  readonly audioBody?: { readonly maxBytes: number };
  /** The body is bytes: its handler reads them. */
  readonly bytesBody?: { readonly maxBytes: number };
  /** The limit of this route alone, besides that of all requests. */
  readonly perMinute?: "transcriptionsPerMinute" | "speechPerMinute" | "chatPerMinute";
  /** The switch that turns the route off (SPEC X10). */
  readonly switchedBy?: SwitchName;
  readonly answers: Readonly<Record<number, Answer>>;
  /** Besides those that every route of its kind has (`commonErrors`). */
  readonly errors: readonly HttpErrorCode[];
}

export const anyRole = ["capture", "observe", "edit", "converse"] as const;
export const session = "/v1/sessions/:session_id";
export const bySessions = (scope: Scope, roles: readonly Role[] = []): Access => ({ scope, roles, covers: "session" });
export const byCaller = (scope: Scope, roles: readonly Role[]): Access => ({ scope, roles, covers: "caller" });
export const byTracks = (scope: Scope, roles: readonly Role[]): Access => ({ scope, roles, covers: "track" });
