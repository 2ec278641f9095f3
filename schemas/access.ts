/** Who may come in: API keys of backends, session tokens of people and capture clients (SPEC P). */
import * as z from "zod";
import { createSessionBodySchema } from "./http/sessions.ts";
import { limits } from "./limits.ts";
import { defaultTenant, sessionIdSchema, tenantSchema, trackNameSchema } from "./names.ts";

/**
 * What an API key may do, within its tenant. `admin` may do all of it. `tokens:mint` hands on what the key may do itself, and
 * the streaming of audio.
 */
export const scopeSchema = z.enum([
  "sessions:write",
  "sessions:read",
  "tokens:mint",
  "speech",
  "billing",
  "metrics:read",
  "admin",
]);
export type Scope = z.infer<typeof scopeSchema>;

/** Names a key in lists, logs and commands; no secret. */
export const keyIdSchema = z.string().regex(/^[a-z0-9]{12}$/);
export const apiKeyPrefix = "rt_";
/** `rt_<key id>_<secret>`; the secret is 32 random bytes in base64url. */
export const apiKeySchema = z.string().regex(/^rt_[a-z0-9]{12}_[A-Za-z0-9_-]{43}$/);

/**
 * What a session token is for. `capture` streams audio and posts captions; `observe` reads, live and afterwards; `edit`
 * also corrects the speakers; `converse` streams as `capture` does, hears the meeting live, and asks a model into it.
 */
export const roleSchema = z.enum(["capture", "observe", "edit", "converse"]);
export type Role = z.infer<typeof roleSchema>;

const subjectSchema = z.string().min(1).max(limits.maxShortTextChars);
const tracksSchema = z.array(trackNameSchema).min(1).max(limits.maxTracksPerToken);
/** RFC 7519 §2, NumericDate: seconds since 1970. */
const numericDateSchema = z.number().min(0).max(8.64e12);

/**
 * The claims of a session token (JWT, HS256), as any backend may sign it. Each name has a second spelling; where both
 * stand, they must agree. Claims that are not named here are ignored.
 */
export const tokenClaimsSchema = z
  .object({
    sub: subjectSchema.optional(),
    userId: subjectSchema.optional(),
    session_id: sessionIdSchema.optional(),
    interviewId: sessionIdSchema.optional(),
    tenant: tenantSchema.default(defaultTenant),
    /** Of a token that names none it is that of who talks with a model. */
    role: roleSchema.default("converse"),
    /** Of `capture`: the tracks it may stream and caption. Of the others: those whose audio and exports it may read, and nothing else. */
    tracks: tracksSchema.optional(),
    /** Of `capture`: `false` where it may not see the session's state and events. */
    reads: z.boolean().optional(),
    iat: numericDateSchema,
    exp: numericDateSchema,
    nbf: numericDateSchema.optional(),
    /** Where it stands, it must name this gateway. */
    aud: z.union([z.string(), z.array(z.string())]).optional(),
  })
  .transform(({ sub, userId, session_id, interviewId, ...claims }, ctx) => {
    const subject = agreed(sub, userId);
    const sessionId = agreed(session_id, interviewId);
    if (subject === undefined)
      ctx.addIssue({ code: "custom", path: ["sub"], message: "sub or userId, and only one value" });
    if (sessionId === undefined)
      ctx.addIssue({ code: "custom", path: ["session_id"], message: "session_id or interviewId, and only one value" });
    return { ...claims, subject: subject ?? "", sessionId: sessionId ?? "" };
  });
export type TokenClaims = z.infer<typeof tokenClaimsSchema>;

function agreed(one: string | undefined, other: string | undefined): string | undefined {
  if (one !== undefined && other !== undefined && one !== other) return undefined;
  return one ?? other;
}

/** Body of `POST /v1/sessions/:id/tokens`. */
export const mintBodySchema = z.strictObject({
  role: roleSchema,
  tracks: tracksSchema.optional(),
  /** Who it is for, as rate limits tell people apart; a new name without it. */
  sub: subjectSchema.optional(),
  lifetime_s: z.int().min(limits.minTokenLifetimeS).max(limits.maxTokenLifetimeS).default(limits.tokenLifetimeS),
  /** Opens the session where it is not open: the body of `POST /v1/sessions`, which this then needs the scope of. */
  open: createSessionBodySchema.optional(),
});
export type MintBody = z.infer<typeof mintBodySchema>;

export const mintAnswerSchema = z.object({
  token: z.string(),
  session_id: sessionIdSchema,
  sub: subjectSchema,
  role: roleSchema,
  tracks: tracksSchema.optional(),
  /** `false` where the API key may not read (SPEC P14): the token streams and captions, and sees nothing of the session. */
  reads: z.literal(false).optional(),
  expires_at: z.iso.datetime(),
  /** Where `open` was asked: whether this request opened the session. `false`: it was open already, with these settings. */
  opened: z.boolean().optional(),
});
export type MintAnswer = z.infer<typeof mintAnswerSchema>;
