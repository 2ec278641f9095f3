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
      const { scopes } = principal;
      if (scopes.includes(access.scope) || scopes.includes("admin")) return ok(undefined);
      return err(`This needs an API key with the scope ${access.scope}.`);
    }
    case "token": {
      if (access.roles.length === 0) return err(`This needs an API key with the scope ${access.scope}.`);
      if (principal.sessionId !== sessionId) return err("The token is for another session.");
      if (!access.roles.includes(principal.role))
        return err(`This needs a token of role ${access.roles.join(" or ")}.`);
      // What a capture token may read at all, its own socket shows anyway.
      if (access.covers === "session" && principal.tracks && principal.role !== "capture") {
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
      return principal.scopes.includes("sessions:read") || principal.scopes.includes("admin");
    case "token":
      return principal.role !== "capture";
  }
}

/** The tracks that a caller is confined to; undefined where it is not. */
export function tracksOf(principal: Principal): readonly string[] | undefined {
  return principal.kind === "token" ? principal.tracks : undefined;
}
