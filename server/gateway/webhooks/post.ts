/**
 * One try of a delivery: signed (https://www.standardwebhooks.com), sent, and its outcome as a value. Nothing
 * the receiver does may throw into the room, and nothing it says is kept but the status.
 */
import { Webhook } from "standardwebhooks";
import { deadlineIn } from "../../../schemas/lib/timeout.ts";
import { parseDestination } from "../../shared/config/destination.ts";
import type { WebhookConfig } from "../../shared/config/webhooks.ts";
import type { TryOutcome } from "./schedule.ts";

export interface SignedDelivery {
  readonly delivery_id: string;
  /** The body, as it is signed and sent on every try. */
  readonly payload: string;
}

/** Whether a receiver at this URL could tell that a delivery is from this deployment. */
export function canVouch(settings: WebhookConfig, url: URL): boolean {
  return settings.secrets.length > 0 || bearerFor(settings, url) !== undefined;
}

/** @param to where it goes; undefined where nobody said. @param now for the signature; ms since 1970. */
export async function post(
  settings: WebhookConfig,
  to: string | undefined,
  delivery: SignedDelivery,
  now: number,
  fetcher: typeof fetch,
): Promise<TryOutcome> {
  if (to === undefined) return { status: null, error: "not_set_up" };
  const url = parseDestination(to, settings.isDevelopment);
  if (!url.ok) return { status: null, error: "refused" };
  if (!canVouch(settings, url.value)) return { status: null, error: "not_set_up" };
  const { signal, clear } = deadlineIn(settings.timeoutMs);
  try {
    const response = await fetcher(url.value.href, {
      method: "POST",
      headers: headersOf(settings, url.value, delivery, now),
      body: delivery.payload,
      signal,
      // Following one would hand the delivery, and the secret with it, to an address that nobody checked.
      redirect: "manual",
    });
    // Whatever else it says, and however long, is of no use here. A body that breaks off is no failure.
    await response.body?.cancel().catch(() => undefined);
    return outcomeOf(response.status);
  } catch {
    // What fetch throws may hold the address.
    return { status: null, error: signal.aborted ? "timeout" : "unreachable" };
  } finally {
    clear();
  }
}

function outcomeOf(status: number): TryOutcome {
  if (status >= 200 && status < 300) return { status, error: null };
  if (status === 410) return { status, error: "gone" };
  return { status, error: status >= 300 && status < 400 ? "redirect" : "status" };
}

function headersOf(settings: WebhookConfig, url: URL, delivery: SignedDelivery, now: number): Record<string, string> {
  const { delivery_id: id, payload } = delivery;
  const signatures = settings.secrets.map((secret) => new Webhook(secret).sign(id, new Date(now), payload));
  const bearer = bearerFor(settings, url);
  return {
    "content-type": "application/json",
    "user-agent": "roomtone-webhooks/1",
    "webhook-id": id,
    "webhook-timestamp": String(Math.floor(now / 1_000)),
    ...(signatures.length > 0 ? { "webhook-signature": signatures.join(" ") } : {}),
    ...(bearer === undefined ? {} : { authorization: `Bearer ${bearer}` }),
  };
}

function bearerFor({ url: own, sharedSecret }: WebhookConfig, url: URL): string | undefined {
  return own !== undefined && new URL(own).origin === url.origin ? sharedSecret : undefined;
}
