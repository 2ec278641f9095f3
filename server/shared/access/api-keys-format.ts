/**
 * The text of an API key, `rt_<key id>_<secret>`, and what is kept of its secret. Knows no database and no platform: the
 * command that makes keys uses it too.
 */
import { createHash } from "node:crypto";
import { apiKeyPrefix, apiKeySchema } from "../../../schemas/access.ts";
import { toHex } from "../../../schemas/chain.ts";

export interface ApiKeyParts {
  /** Id of the key; may be logged. */
  readonly keyId: string;
  /** Secret of the key; may not be logged. */
  readonly secret: string;
}

/** @returns undefined for what is no API key. */
export function parseApiKey(text: string): ApiKeyParts | undefined {
  if (!apiKeySchema.safeParse(text).success) return undefined;
  const idEnd = text.indexOf("_", apiKeyPrefix.length);
  return { keyId: text.slice(apiKeyPrefix.length, idEnd), secret: text.slice(idEnd + 1) };
}

/**
 * SHA-256 of the secret as it is written, hex. A slow hash is for secrets that people choose: there are 2^256 of these.
 * Of its text, not of its bytes, since base64url has four spellings of 32 bytes and only one of them is the key.
 */
export function hashSecret(secret: string): string {
  return toHex(createHash("sha256").update(new TextEncoder().encode(secret)).digest());
}
