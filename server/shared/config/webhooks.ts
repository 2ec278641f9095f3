/** Variables on webhooks: where they go, and how a receiver tells who sent them (SPEC D). */
import * as z from "zod";
import { limits } from "../../../schemas/limits.ts";
import { err, ok, type Result } from "../../../schemas/lib/result.ts";
import { decodeBase64 } from "../../../schemas/wire/base64.ts";
import { parseDestination, type Reach } from "./destination.ts";
import { type ValuesOf, variable } from "./variable.ts";

const switchSchema = z.enum(["true", "false"]).default("false");

/** https://www.standardwebhooks.com: 24 to 64 random bytes. */
function isWebhookSecret(text: string): boolean {
  const bytes = text.startsWith("whsec_") ? decodeBase64(text.slice("whsec_".length)) : undefined;
  return bytes?.ok === true && bytes.value.length >= 24 && bytes.value.length <= 64;
}

export const webhookVariables = {
  WEBHOOK_URL: variable(
    z
      .url({ protocol: /^https?$/ })
      .max(limits.maxWebhookUrlChars)
      .optional(),
  ).describe(
    "Where webhooks of sessions without a `webhook_url` go. It, and what lies below its path, alone gets `WORKER_SHARED_SECRET`.",
  ),
  WEBHOOK_SECRET: variable(
    z
      .string()
      .transform((text) => text.trim().split(/\s+/))
      .refine((secrets) => secrets.every(isWebhookSecret), "whsec_ and base64 of 24 to 64 bytes, or several of these")
      .optional(),
  ).describe(
    "Signs webhooks, and each tenant's own secret is made from it: `whsec_` and base64 of 24–64 bytes. Several with spaces between sign all, so that one can take over from another. A secret.",
  ),
  WEBHOOK_TENANT_SECRETS_ONLY: variable(switchSchema).describe(
    "`true`: what goes to a session's own `webhook_url` is signed with its tenant's secret alone. Without it with `WEBHOOK_SECRET` too, for receivers that still check with that.",
  ),
  WEBHOOK_ALLOW_LOOPBACK: variable(switchSchema).describe(
    "`true`: webhooks may go to this machine itself, by `http` too, whatever `AUTH_MODE` says. Heeded by `npm start` alone.",
  ),
  LOCAL_RUNTIME: variable(switchSchema).describe(
    "Set by `npm start`, and by nothing else: the gateway runs on a developer's machine.",
  ),
  WORKER_SHARED_SECRET: variable(
    z
      .string()
      .regex(/^[\x21-\x7e]+$/, "printable ASCII without spaces")
      .optional(),
  ).describe(
    "Sent with webhooks as `Authorization: Bearer …`, to `WEBHOOK_URL` and below its path only. A secret, for a backend that checks no signature.",
  ),
  WEBHOOK_TIMEOUT_MS: variable(z.coerce.number().int().min(100).max(60_000).default(15_000)).describe(
    "How long one try to deliver a webhook may take, in ms.",
  ),
};

export interface WebhookConfig {
  /** Where webhooks of sessions without a `webhook_url` go. */
  readonly url: string | undefined;
  /** Secrets, `whsec_…`. Every delivery carries a signature by each, so that they can be changed one after the other. */
  readonly secrets: readonly string[];
  /** Whether a session's own address gets signatures by its tenant's secrets alone. */
  readonly tenantSecretsOnly: boolean;
  /** Sent as `Authorization: Bearer` to `url` and below its path, and nowhere else: a session's own URL is a caller's word. */
  readonly sharedSecret: string | undefined;
  /** How long one try may take. */
  readonly timeoutMs: number;
  /** What may be called besides `https` on the public internet. */
  readonly reach: Reach;
}

/** @param isDevelopment whether the deployment asks for no credentials. */
export function webhookConfigOf(
  values: ValuesOf<typeof webhookVariables>,
  isDevelopment: boolean,
): Result<WebhookConfig, string[]> {
  const isLocal = values.LOCAL_RUNTIME === "true" && values.WEBHOOK_ALLOW_LOOPBACK === "true";
  const reach: Reach = { http: isDevelopment, loopback: isDevelopment || isLocal };
  const { WEBHOOK_URL: url, WEBHOOK_SECRET: secrets = [], WORKER_SHARED_SECRET: sharedSecret } = values;
  if (url !== undefined) {
    const destination = parseDestination(url, reach);
    if (!destination.ok) return err([`WEBHOOK_URL: ${destination.error}`]);
    if (secrets.length === 0 && sharedSecret === undefined) {
      return err(["WEBHOOK_URL: needs WEBHOOK_SECRET or WORKER_SHARED_SECRET beside it"]);
    }
  }
  const tenantSecretsOnly = values.WEBHOOK_TENANT_SECRETS_ONLY === "true";
  const timeoutMs = values.WEBHOOK_TIMEOUT_MS;
  return ok(Object.freeze({ url, secrets, tenantSecretsOnly, sharedSecret, timeoutMs, reach }));
}
