/** A backend that takes webhooks, at hosts below hooks.example. Each session has a host of its own. */
import { Webhook } from "standardwebhooks";
import { anyWebhookSchema, type WebhookPayload, webhookPayloadSchema } from "../../../schemas/webhooks.ts";
import { serve, untilAborted } from "./outbound.ts";

export const secret = "whsec_cm9vbXRvbmUgd2ViaG9vayB0ZXN0IHNlY3JldCE=";

export interface Received {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly redirect: string | undefined;
}

type Behaviour = (received: Received) => Response | Promise<Response>;

/** What a session says of itself, whatever a test is about. */
const bookends: ReadonlySet<string> = new Set(["session.created", "session.deleted"]);

interface Backend {
  behave: Behaviour;
  readonly received: Received[];
  readonly hears: ReadonlySet<string>;
}

const receivers = new Map<string, Backend>();

/** Whether a delivery is one of those that nobody waits for. */
function isBookend(body: string, heard: ReadonlySet<string> = new Set()): boolean {
  const { type } = anyWebhookSchema.parse(JSON.parse(body));
  return bookends.has(type) && !heard.has(type);
}

serve(
  (hostname) => hostname.endsWith(".hooks.example"),
  async (url, { headers, body, redirect, signal }) => {
    const backend = receivers.get(new URL(url).hostname);
    if (isBookend(body, backend?.hears)) return new Response(null, { status: 204 });
    if (!backend) throw new Error(`unexpected fetch of ${url}`);
    const received = { url, headers, body, redirect };
    backend.received.push(received);
    return untilAborted(signal, "TimeoutError", backend.behave(received));
  },
);

/** Where a session's webhooks go in these tests. The token must never be seen anywhere but there. */
export const token = "t0ken-in-url";
export const hookUrl = (sessionId: string): string => `https://${sessionId}.hooks.example/in/${token}?key=${token}`;

/**
 * Sets what the backend does. @returns the requests that it got so far and gets from now on.
 * @param hears which of `session.created` and `session.deleted` are among them; others are taken without a word.
 */
export function receiver(
  sessionId: string,
  behave: Behaviour = () => new Response(null, { status: 204 }),
  hears: readonly string[] = [],
): Received[] {
  const host = `${sessionId.toLowerCase()}.hooks.example`;
  const received = receivers.get(host)?.received ?? [];
  receivers.set(host, { behave, received, hears: new Set(hears) });
  return received;
}

/** What a webhook says; throws where the public library does not accept its signature or the contract its shape. */
export function verified({ body, headers }: Received): WebhookPayload {
  return webhookPayloadSchema.parse(new Webhook(secret).verify(body, headers));
}

export const idOf = ({ headers }: Received): string => headers["webhook-id"] ?? "";
