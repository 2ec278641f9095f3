/**
 * How a receiver can tell who sent a delivery, and who may know what for that (SPEC D6, D8): signatures by the tenant's secrets,
 * by the deployment's, and the shared secret for the deployment's own backend.
 */
import { Webhook } from "standardwebhooks";
import { tenantSecrets } from "../../shared/config/tenant-secrets.ts";
import type { WebhookConfig } from "../../shared/config/webhooks.ts";

/** Segments that mean to every server what they say: without an escape, without a parameter, without a dot alone. */
const plainSegments = /^(\/(?!\.{1,2}(\/|$))[A-Za-z0-9._~-]+)*\/?$/;

/** Whether a receiver at this URL could tell that a delivery is from this deployment. */
export function canVouch(settings: WebhookConfig, url: URL): boolean {
  return settings.secrets.length > 0 || bearerFor(settings, url) !== undefined;
}

/** @param now for the signature; ms since 1970. */
export async function signaturesFor(
  settings: WebhookConfig,
  { url, tenant }: { readonly url: URL; readonly tenant: string },
  { id, payload }: { readonly id: string; readonly payload: string },
  now: number,
): Promise<string | undefined> {
  const { secrets, tenantSecretsOnly } = settings;
  // The deployment's own receiver hears of all tenants, and checks with the deployment's secret.
  const deploymentToo = !tenantSecretsOnly || url.href === ownUrl(settings)?.href;
  const signing = [...(await tenantSecrets(secrets, tenant)), ...(deploymentToo ? secrets : [])];
  const signatures = signing.map((secret) => new Webhook(secret).sign(id, new Date(now), payload));
  return signatures.length > 0 ? signatures.join(" ") : undefined;
}

/**
 * The shared secret, for `WEBHOOK_URL` itself and for what lies below its path. An address that a session names is a caller's
 * word: it must not choose what else on that host, or with what query, is asked for with the deployment's credential.
 */
export function bearerFor(settings: WebhookConfig, url: URL): string | undefined {
  const own = ownUrl(settings);
  if (!own || own.origin !== url.origin) return undefined;
  if (own.pathname === url.pathname && own.search === url.search) return settings.sharedSecret;
  const base = own.pathname.replace(/\/$/, "");
  // Without a path of its own it has nothing below it but the whole host.
  if (base === "" || !url.pathname.startsWith(`${base}/`)) return undefined;
  const isPlain = plainSegments.test(url.pathname.slice(base.length));
  return isPlain && (url.search === "" || url.search === own.search) ? settings.sharedSecret : undefined;
}

function ownUrl({ url }: WebhookConfig): URL | undefined {
  return url === undefined ? undefined : new URL(url);
}
