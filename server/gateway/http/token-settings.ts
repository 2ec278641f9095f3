import type { TokenSettings } from "../../shared/access/session-tokens.ts";
import type { Config } from "../../shared/config/config.ts";

/** How this installation signs and checks session tokens. */
export function tokenSettings({ access, limits }: Config): TokenSettings {
  return {
    secrets: access.jwtSecrets,
    audience: access.audience,
    maxLifetimeS: limits.maxTokenLifetimeS,
    clockSkewS: limits.tokenClockSkewS,
  };
}
