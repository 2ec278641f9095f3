/**
 * Whether a webhook is the gateway's, for receivers: https://www.standardwebhooks.com by WebCrypto, in Node, Workers and Deno
 * alike. Only what was signed with one of the secrets, within five minutes, and as the contract has it comes back.
 */
import { parseJson } from "../../schemas/lib/parse-json.ts";
import { type AnyWebhook, anyWebhookSchema } from "../../schemas/webhooks.ts";
import { decodeBase64, encodeBase64 } from "../../schemas/wire/base64.ts";

/** How far a receiver's clock and the gateway's may differ, and how old a delivery may be. */
const toleranceS = 300;
const prefix = "whsec_";

export type WebhookHeaders = Headers | Readonly<Record<string, string | readonly string[] | undefined>>;

/** Not the gateway's, not for this receiver, or too old. Answer it 401. */
export class WebhookNotVerifiedError extends Error {
  override readonly name = "WebhookNotVerifiedError";
}

/**
 * @param raw the body as it came, before anything parsed it.
 * @param secrets the tenant's `whsec_…`; while one takes over from another, both.
 * @throws WebhookNotVerifiedError; TypeError for a secret that is none.
 */
export async function verifyWebhook(
  raw: string | Uint8Array,
  headers: WebhookHeaders,
  secrets: string | readonly string[],
): Promise<AnyWebhook> {
  const id = headerOf(headers, "webhook-id");
  const timestamp = headerOf(headers, "webhook-timestamp");
  if (!/^\d{1,12}$/.test(timestamp)) throw new WebhookNotVerifiedError("webhook-timestamp is no time.");
  if (Math.abs(Date.now() / 1_000 - Number(timestamp)) > toleranceS) {
    throw new WebhookNotVerifiedError("The webhook is older than five minutes, or a clock is wrong.");
  }
  const text = typeof raw === "string" ? raw : new TextDecoder().decode(raw);
  const given = headerOf(headers, "webhook-signature").split(" ");
  const made = await Promise.all([secrets].flat().map((secret) => signature(secret, `${id}.${timestamp}.${text}`)));
  if (!given.some((one) => made.some((own) => isSame(one, own)))) {
    throw new WebhookNotVerifiedError("No signature of the webhook is by this secret.");
  }
  const payload = anyWebhookSchema.safeParse(parseJson(text));
  if (payload.success) return payload.data;
  throw new WebhookNotVerifiedError("The webhook is of a version that this library does not know.");
}

async function signature(secret: string, signed: string): Promise<string> {
  const bytes = secret.startsWith(prefix) ? decodeBase64(secret.slice(prefix.length)) : undefined;
  if (!bytes?.ok) throw new TypeError("A webhook secret is `whsec_` and base64.");
  const algorithm = { name: "HMAC", hash: "SHA-256" };
  const key = await crypto.subtle.importKey("raw", new Uint8Array(bytes.value), algorithm, false, ["sign"]);
  const made = await crypto.subtle.sign("HMAC", key, new TextEncoder().encode(signed));
  return `v1,${encodeBase64(new Uint8Array(made))}`;
}

/** In a time that does not tell how much of it is right. */
function isSame(a: string, b: string): boolean {
  if (a.length !== b.length) return false;
  let differing = 0;
  for (let i = 0; i < a.length; i += 1) differing += Number(a.charCodeAt(i) !== b.charCodeAt(i));
  return differing === 0;
}

function headerOf(headers: WebhookHeaders, name: string): string {
  const value = headers instanceof Headers ? (headers.get(name) ?? undefined) : headers[name];
  if (typeof value !== "string" || value === "") throw new WebhookNotVerifiedError(`The request has no ${name}.`);
  return value;
}
