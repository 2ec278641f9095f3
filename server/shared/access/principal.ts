/** Who asks, and whether they may. Pure: the same rules for requests, sockets and tests. */
import type { Role, Scope } from "../../../schemas/access.ts";
import type { Access } from "../../../schemas/http/operations.ts";
import { err, ok, type Result } from "../../../schemas/lib/result.ts";

export type Principal =
  /** With `AUTH_MODE=off`: whoever reaches this machine. */
  | { readonly kind: "anyone"; readonly tenant: string }
  | {
      readonly kind: "key";
      readonly tenant: string;
      readonly keyId: string;
      readonly scopes: readonly Scope[];
      /** ms since 1970; null for never. */
      readonly expiresAt: number | null;
    }
  | {
      readonly kind: "token";
      readonly tenant: string;
      readonly subject: string;
      readonly sessionId: string;
      readonly role: Role;
      /** Tracks that the token names; undefined for all. */
      readonly tracks: readonly string[] | undefined;
      /** false: of `capture`, streams and captions only. */
      readonly reads?: boolean | undefined;
      /** ms since 1970; from then on the token is worth nothing. */
      readonly expiresAt: number;
    };

/** A name for the caller that no other caller of its tenant has. A key and a token of the same name are two callers. */
export function subjectOf(principal: Principal): string {
  switch (principal.kind) {
    case "anyone":
      return "anyone";
    case "key":
      return `key:${principal.keyId}`;
    case "token":
      return `token:${principal.subject}`;
  }
}

/** When the caller's credential ends, ms since 1970; undefined for never. */
export function expiresAtOf(principal: Principal): number | undefined {
  return principal.kind === "anyone" ? undefined : (principal.expiresAt ?? undefined);
}

/** The key's id of a subject that is one. */
export function keyIdOfSubject(subject: string): string | undefined {
  return subject.startsWith("key:") ? subject.slice("key:".length) : undefined;
}

/** Whether a subject is that of a token: a participant, not a backend. */
export function isTokenSubject(subject: string): boolean {
  return subject.startsWith("token:");
}

/**
 * Whether someone may use a route. @param sessionId of the path; undefined where the route names none.
 * @returns a sentence for the caller that says why not. It never depends on whether the session exists.
 */
export function permit(
  principal: Principal,
  access: Exclude<Access, "public">,
  sessionId: string | undefined,
): Result<void, string> {
  switch (principal.kind) {
    case "anyone":
      return ok(undefined);
    case "key": {
      if (has(principal.scopes, access.scope)) return ok(undefined);
      return err(`This needs an API key with the scope ${access.scope}.`);
    }
    case "token": {
      if (access.roles.length === 0) return err(`This needs an API key with the scope ${access.scope}.`);
      if (access.covers !== "caller" && principal.sessionId !== sessionId) {
        return err("The token is for another session.");
      }
      if (!access.roles.includes(principal.role))
        return err(`This needs a token of role ${access.roles.join(" or ")}.`);
      if (principal.reads === false && access.scope === "sessions:read") {
        return err("The token streams only: the API key that it was minted with has no scope sessions:read.");
      }
      // What a capture token may read at all, its own socket shows anyway.
      if (access.covers === "session" && principal.tracks && !streams(principal.role)) {
        return err("The token names its tracks, and this is about all of the session.");
      }
      return ok(undefined);
    }
  }
}

/** Whether someone may hear live what others stream: who may read the meeting, and capture clients not. */
export function mayListen(principal: Principal): boolean {
  switch (principal.kind) {
    case "anyone":
      return true;
    case "key":
      return has(principal.scopes, "sessions:read");
    case "token":
      return principal.role !== "capture";
  }
}

/** Whether a caller who may stream sees the session's events as well. */
export function mayRead(principal: Principal): boolean {
  if (principal.kind === "key") return has(principal.scopes, "sessions:read");
  return principal.kind === "anyone" || principal.reads !== false;
}

/** What a key has to have besides `tokens:mint` for a token of the role: nobody hands on what they may not do (SPEC P14). */
const mintNeeds: Readonly<Record<Role, readonly Scope[]>> = {
  capture: [],
  observe: ["sessions:read"],
  edit: ["sessions:read", "sessions:write"],
  // Who talks with a model hears the meeting, and asks the model in.
  converse: ["sessions:read", "sessions:write"],
};

/**
 * Whether someone who may mint may mint a token of this role. @param opens whether the session is to be opened with it.
 * @returns a sentence for the caller that says why not.
 */
export function permitMinting(principal: Principal, role: Role, opens = false): Result<void, string> {
  if (principal.kind !== "key") return ok(undefined);
  const lacks = (scope: Scope): boolean => !has(principal.scopes, scope);
  const missing = mintNeeds[role].filter(lacks);
  if (missing.length > 0) {
    return err(`A token of role ${role} needs an API key with ${missing.join(" and ")} besides tokens:mint.`);
  }
  if (opens && lacks("sessions:write")) {
    return err("Opening the session with it (open) needs an API key with sessions:write besides tokens:mint.");
  }
  return ok(undefined);
}

/** Whether a role is for who streams: what its tracks confine is what it sends. */
function streams(role: Role): boolean {
  return role === "capture" || role === "converse";
}

function has(scopes: readonly Scope[], scope: Scope): boolean {
  return scopes.includes(scope) || scopes.includes("admin");
}

/** The tracks that a caller is confined to; undefined where it is not. */
export function tracksOf(principal: Principal): readonly string[] | undefined {
  return principal.kind === "token" ? principal.tracks : undefined;
}
