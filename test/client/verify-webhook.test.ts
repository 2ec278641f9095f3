/** A receiver's check of a webhook, against the public library that signs as the gateway does. */
import { Webhook } from "standardwebhooks";
import { expect, test } from "vitest";
import { verifyWebhook, WebhookNotVerifiedError, type WebhookPayload } from "../../client/index.ts";

const secretOf = (byte: number): string => `whsec_${Buffer.alloc(32, byte).toString("base64")}`;
const [mine, fresh, theirs] = [secretOf(1), secretOf(2), secretOf(3)];
const payload: WebhookPayload = {
  type: "webhook.test",
  timestamp: "2026-01-31T09:00:00.000Z",
  data: { tenant: "acme", session_id: "böse".replace("ö", "o") },
};
const body = JSON.stringify(payload);

function signed(text = body, secrets: readonly string[] = [mine], at = new Date()): Record<string, string> {
  return {
    "webhook-id": "msg_1",
    "webhook-timestamp": String(Math.floor(at.getTime() / 1_000)),
    "webhook-signature": secrets.map((secret) => new Webhook(secret).sign("msg_1", at, text)).join(" "),
  };
}
/** Why it was refused. */
const refusalOf = async (...given: Parameters<typeof verifyWebhook>): Promise<string> => {
  const cause: unknown = await verifyWebhook(...given).catch((thrown: unknown) => thrown);
  return cause instanceof WebhookNotVerifiedError ? cause.message : "";
};

test("[D2] what the gateway signed comes back, as text or bytes, from any kind of headers", async () => {
  expect(await verifyWebhook(body, signed(), mine)).toEqual(payload);
  expect(await verifyWebhook(new TextEncoder().encode(body), new Headers(signed()), [mine])).toEqual(payload);
});

test("[D8] while secrets change, any of the signatures by any of the secrets is enough", async () => {
  expect(await verifyWebhook(body, signed(body, [theirs, mine]), mine)).toEqual(payload);
  expect(await verifyWebhook(body, signed(), [fresh, mine])).toEqual(payload);
  expect(await refusalOf(body, signed(body, [theirs, fresh]), mine)).not.toBe("");
});

test("[D2] one changed byte, another id, another time, an old one, a missing header", async () => {
  expect(await refusalOf(`${body} `, signed(), mine)).not.toBe("");
  expect(await refusalOf(body, { ...signed(), "webhook-id": "msg_2" }, mine)).not.toBe("");
  const later = String(Math.floor(Date.now() / 1_000) + 1);
  expect(await refusalOf(body, { ...signed(), "webhook-timestamp": later }, mine)).not.toBe("");
  for (const seconds of [-301, 302]) {
    expect(await refusalOf(body, signed(body, [mine], new Date(Date.now() + seconds * 1_000)), mine)).not.toBe("");
  }
  for (const name of ["webhook-id", "webhook-timestamp", "webhook-signature"]) {
    expect(await refusalOf(body, { ...signed(), [name]: undefined }, mine)).not.toBe("");
    expect(await refusalOf(body, { ...signed(), [name]: "" }, mine)).not.toBe("");
  }
  expect(await refusalOf(body, { ...signed(), "webhook-timestamp": "1e9" }, mine)).not.toBe("");
});

test("[D2] signed, and not what the contract has", async () => {
  const other = JSON.stringify({ ...payload, type: "session.shouted" });
  expect(await refusalOf(other, signed(other), mine)).not.toBe("");
});

test("[D2] a secret that is none is the caller's mistake", async () => {
  for (const secret of ["", "secret", "whsec_!", mine.slice(6)]) {
    await expect(verifyWebhook(body, signed(), secret)).rejects.toThrow(TypeError);
  }
});
