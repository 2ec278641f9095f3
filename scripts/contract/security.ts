/** Who may use an operation: the schemes, an operation's share of them, and a sentence that says it. */
import { apiKeyPrefix } from "../../schemas/access.ts";
import type { Operation } from "../../schemas/http/operations.ts";

export const securitySchemes = {
  apiKey: {
    type: "http",
    scheme: "bearer",
    bearerFormat: `${apiKeyPrefix}<key id>_<secret>`,
    description:
      "An API key of a backend: `Authorization: Bearer rt_…`. It belongs to a tenant and has scopes: `sessions:read`, `sessions:write`, `tokens:mint`, `speech`, `billing`, `metrics:read`, or `admin`, which is all of them.",
  },
  sessionToken: {
    type: "http",
    scheme: "bearer",
    bearerFormat: "JWT",
    description:
      "A session token: a JWT (HS256) with the claims of the schema `TokenClaims`, for one session and one role: `capture`, `observe` or `edit`. `mintToken` gives one; a backend that has the secret may sign its own. On a WebSocket it can also be the subprotocol `bearer.<token>`.",
  },
  sessionTokenInQuery: {
    type: "apiKey",
    in: "query",
    name: "token",
    description:
      "The same session token, for GET requests of what can't set headers: an `<audio>` element, an `EventSource`. URLs end up in logs: prefer a header or the subprotocol. API keys are refused here.",
  },
} as const;

type Requirement = Record<string, string[]>;

/** OpenAPI 3.1 lets every scheme name what it asks for: scopes of a key, roles of a token. */
export function securityOf({ access, method }: Operation): Requirement[] {
  if (access === "public") return [];
  const roles = [...access.roles];
  return [
    { apiKey: [access.scope] },
    ...(roles.length > 0 ? [{ sessionToken: roles }] : []),
    ...(roles.length > 0 && method === "GET" ? [{ sessionTokenInQuery: roles }] : []),
  ];
}

/** For machines that look for it by name. */
export function accessExtensions({ access }: Operation): Record<`x-${string}`, unknown> {
  if (access === "public") return { "x-access": "public" };
  return { "x-access": "guarded", "x-scope": access.scope, "x-roles": access.roles, "x-covers": access.covers };
}

/** For people. */
export function accessSentence({ access }: Operation): string {
  if (access === "public") return "Needs no credential.";
  const key = `Needs an API key with the scope \`${access.scope}\` (or \`admin\`)`;
  if (access.roles.length === 0) return `${key}; session tokens can't use it.`;
  const roles = access.roles.map((role) => `\`${role}\``).join(" or ");
  const tracks =
    access.covers === "caller"
      ? "A token asks about its own session, and of that the tracks that it names."
      : access.covers === "track"
        ? "A token that names its tracks is for those alone."
        : access.roles.some((role) => role === "capture")
          ? "One of role `observe` or `edit` that names its tracks can't use it."
          : "A token that names its tracks can't use it.";
  const isCaptureOnly = access.roles.every((role) => role === "capture" || role === "converse");
  const confined = access.covers === "session" && isCaptureOnly ? "" : ` ${tracks}`;
  return `${key}, or a session token of role ${roles}.${confined}`;
}
