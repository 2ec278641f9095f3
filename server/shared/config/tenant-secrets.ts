/**
 * Secrets that sign one tenant's webhooks, made from the deployment's (HKDF-SHA256, RFC 5869): whoever has one can make
 * neither the deployment's nor another tenant's from it. Made anew whenever it is needed, and stored nowhere.
 */
import { encodeBase64, decodeBase64 } from "../../../schemas/wire/base64.ts";

const prefix = "whsec_";
const secretBits = 256;

/** @param secrets the deployment's, `whsec_…`. @returns as many, in the same order. */
export function tenantSecrets(secrets: readonly string[], tenant: string): Promise<string[]> {
  return Promise.all(secrets.map((secret) => tenantSecret(secret, tenant)));
}

async function tenantSecret(secret: string, tenant: string): Promise<string> {
  const bytes = decodeBase64(secret.slice(prefix.length));
  if (!bytes.ok) throw new Error("webhooks: a secret is no base64");
  const key = await crypto.subtle.importKey("raw", new Uint8Array(bytes.value), "HKDF", false, ["deriveBits"]);
  const info = new TextEncoder().encode(`roomtone.webhook.v1\n${tenant}`);
  const derived = await crypto.subtle.deriveBits(
    { name: "HKDF", hash: "SHA-256", salt: new Uint8Array(), info },
    key,
    secretBits,
  );
  return prefix + encodeBase64(new Uint8Array(derived));
}
