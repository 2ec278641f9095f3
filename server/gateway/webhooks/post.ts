/**
 * One try of a delivery: signed (https://www.standardwebhooks.com), sent, and its outcome as a value. Nothing
 * the receiver does may throw into the room, and nothing it says is kept but the status.
 */
import { deadlineIn } from "../../../schemas/lib/timeout.ts";
import { retryAfterMs } from "../../shared/http/retry-after.ts";
import { newTraceId, traceparentOf } from "../../shared/http/trace.ts";
import { parseDestination } from "../../shared/config/destination.ts";
import type { WebhookConfig } from "../../shared/config/webhooks.ts";
import type { TryOutcome } from "./schedule.ts";
import { bearerFor, canVouch, signaturesFor } from "./vouching.ts";

export interface SignedDelivery {
  readonly delivery_id: string;
  readonly tenant: string;
  /** Of what caused it; undefined where an earlier version wrote it down. */
  readonly trace_id?: string | null | undefined;
  /** The body, as it is signed and sent on every try. */
  readonly payload: string;
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
  const url = parseDestination(to, settings.reach);
  if (!url.ok) return { status: null, error: "refused" };
  if (!canVouch(settings, url.value)) return { status: null, error: "not_set_up" };
  const { signal, clear } = deadlineIn(settings.timeoutMs);
  try {
    const response = await fetcher(url.value.href, {
      method: "POST",
      headers: await headersOf(settings, url.value, delivery, now),
      body: delivery.payload,
      signal,
      // Following one would hand the delivery, and the secret with it, to an address that nobody checked.
      redirect: "manual",
    });
    // Whatever else it says, and however long, is of no use here. A body that breaks off is no failure.
    await response.body?.cancel().catch(() => undefined);
    const outcome = outcomeOf(response.status);
    const waitMs = outcome.error === null ? undefined : retryAfterMs(response.headers, now);
    return waitMs === undefined ? outcome : { ...outcome, retryAfter: now + waitMs };
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

async function headersOf(
  settings: WebhookConfig,
  url: URL,
  { delivery_id: id, payload, tenant, trace_id }: SignedDelivery,
  now: number,
): Promise<Record<string, string>> {
  const signatures = await signaturesFor(settings, { url, tenant }, { id, payload }, now);
  const bearer = bearerFor(settings, url);
  return {
    "content-type": "application/json",
    "user-agent": "roomtone-webhooks/1",
    "webhook-id": id,
    traceparent: traceparentOf(trace_id ?? newTraceId()),
    "webhook-timestamp": String(Math.floor(now / 1_000)),
    ...(signatures === undefined ? {} : { "webhook-signature": signatures }),
    ...(bearer === undefined ? {} : { authorization: `Bearer ${bearer}` }),
  };
}
