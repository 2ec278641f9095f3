/** A new API key, out of the system's randomness. */
import { randomBytes, randomInt } from "node:crypto";
import { apiKeyPrefix } from "../../schemas/access.ts";
import { hashSecret } from "../../server/shared/access/api-keys-format.ts";
import type { MintedKey } from "./keys-admin.ts";

const idCharacters = "abcdefghijklmnopqrstuvwxyz0123456789";
const idLength = 12;
const secretBytes = 32;

export function mintKey(): MintedKey {
  const keyId = Array.from({ length: idLength }, () => idCharacters.charAt(randomInt(idCharacters.length))).join("");
  const secret = randomBytes(secretBytes).toString("base64url");
  return { keyId, key: `${apiKeyPrefix}${keyId}_${secret}`, hash: hashSecret(secret) };
}
