/** Webhooks as a backend gets them: real HTTP, the real clock, the real alarm. What only waits for them waits at once. */
import { afterAll, expect, test } from "vitest";
import { deliveriesAnswerSchema, type Delivery } from "../../schemas/webhooks.ts";
import { until } from "../../client/testkit/until.ts";
import { internalsIn, newSession, postJson, problemOf, receivedBodies, send } from "../support/gateway-http.ts";
import { useGateway } from "../support/use-gateway.ts";
import { TestClient } from "../support/ws-client.ts";
import { type ReceivedWebhook, verified, WebhookReceiver, webhookSecret } from "../support/webhook-receiver.ts";

const backend = new WebhookReceiver();
await backend.start();
afterAll(() => backend.stop());
const token = "url-t0ken";
const gateway = useGateway({
  env: {
    WEBHOOK_URL: backend.urlOf("/deployment"),
    WEBHOOK_SECRET: webhookSecret,
    WORKER_SHARED_SECRET: "sh4red-secret",
    WEBHOOK_TIMEOUT_MS: "500",
    TRACK_STALLED_AFTER_MS: "5000",
  },
});

async function open(session: string, path: string): Promise<void> {
  const answer = await postJson(gateway, "/v1/sessions", { session_id: session, webhook_url: backend.urlOf(path) });
  expect(answer).toMatchObject({ status: 201 });
}

async function finalize(session: string): Promise<void> {
  expect(await postJson(gateway, `/v1/sessions/${session}/finalize`, {})).toMatchObject({ status: 200 });
}

async function deliveriesOf(session: string): Promise<Delivery[]> {
  const answer = await send(gateway, `/v1/sessions/${session}/webhooks`);
  expect(answer).toMatchObject({ status: 200 });
  return deliveriesAnswerSchema.parse(JSON.parse(answer.text)).deliveries;
}

function arrived(path: string, tries: number): Promise<ReceivedWebhook[]> {
  const all = (): ReceivedWebhook[] | undefined => {
    const received = backend.received(path);
    return received.length >= tries ? received : undefined;
  };
  return until(all, { what: `webhook ${tries} at ${path}`, timeoutMs: 20_000 });
}

function settled(session: string): Promise<Delivery> {
  const find = async (): Promise<Delivery | undefined> =>
    (await deliveriesOf(session)).find(({ state, type }) => type === "session.finalized" && state !== "pending");
  return until(find, { what: "the delivery to be noted", timeoutMs: 20_000 });
}

test.concurrent("[D1] a finalized session arrives by itself, verifies, and its result is there", async () => {
  const session = newSession();
  const path = `/deployment/${session}/${token}`;
  await open(session, path);
  const client = await TestClient.connect(gateway, { session });
  await client.keep(1);
  await finalize(session);
  const [received] = await arrived(path, 1);
  expect(received && verified(received)).toMatchObject({
    type: "session.finalized",
    data: { session_id: session, tenant: "default", coverage: 1, event: { type: "session.finalized" } },
  });
  // The address lies below the deployment's own.
  expect(received?.headers["authorization"]).toBe("Bearer sh4red-secret");
  expect(await settled(session)).toMatchObject({
    delivery_id: received?.headers["webhook-id"],
    attempts: 1,
    last_status: 204,
    last_origin: new URL(backend.urlOf("/")).origin,
  });
  await client.leave();
});

test.concurrent("[D3] a receiver that hangs, then redirects, then breaks off: tried again under one id, the redirect not followed", async () => {
  const session = newSession();
  const path = `/bad/${session}`;
  backend.behave(path, (response, tries) => {
    // Says nothing: the gateway gives up first.
    if (tries === 1) return;
    response.writeHead(307, { location: backend.urlOf(`/elsewhere/${session}`) }).end();
  });
  await open(session, path);
  await finalize(session);
  const received = await arrived(path, 2);
  expect(new Set(received.map(({ headers }) => headers["webhook-id"])).size).toBe(1);
  const noted = await until(
    async () => {
      const [delivery] = await deliveriesOf(session);
      return delivery?.attempts === 2 ? delivery : undefined;
    },
    { what: "both tries to be noted" },
  );
  expect(noted).toMatchObject({ state: "pending", last_status: 307, last_error: "redirect" });
  expect(backend.received(`/elsewhere/${session}`)).toEqual([]);
  // Sent again by hand, while it waits for its next try.
  backend.behave(path, (response) => {
    response.socket?.write("HTTP/1.1 200 OK\r\ncontent-length: 1000000\r\n\r\npart", () => response.socket?.destroy());
  });
  const again = await postJson(gateway, `/v1/sessions/${session}/webhooks/${noted.delivery_id}/resend`, {});
  expect(again).toMatchObject({ status: 202 });
  expect(await settled(session)).toMatchObject({ state: "delivered", attempts: 3, last_status: 200 });
});

test.concurrent("[D7] a track that goes silent; a session without an address of its own uses the deployment's", async () => {
  const session = newSession();
  const client = await TestClient.connect(gateway, { session, track: "mic" });
  await client.keep(1);
  const own = (): ReceivedWebhook | undefined =>
    backend.received("/deployment").find((one) => verified(one).data.session_id === session);
  const received = await until(own, { what: "the stall at the deployment's address", timeoutMs: 20_000 });
  expect(verified(received)).toMatchObject({ type: "track.stalled", data: { event: { track: "mic", to_seq: 1 } } });
  await client.leave();
});

test("[D2] kill -9 while the receiver has it: it comes again under its id", async () => {
  const session = newSession();
  const path = `/crash/${session}`;
  const gate = Promise.withResolvers<void>();
  backend.behave(path, (_response, tries) => {
    if (tries === 1) gate.resolve();
  });
  await open(session, path);
  await finalize(session);
  await gate.promise;
  await gateway.kill9();
  backend.behave(path, (response) => void response.writeHead(204).end());
  await gateway.start();
  const received = await arrived(path, 2);
  expect(received.map(({ headers, body }) => [headers["webhook-id"], body])).toEqual(
    received.map(() => [received[0]?.headers["webhook-id"], received[0]?.body]),
  );
  expect(await settled(session)).toMatchObject({ state: "delivered" });
});

test("[D6] an address in the private network is refused", async () => {
  const answer = await postJson(gateway, "/v1/sessions", { webhook_url: "https://192.168.0.7/hook" });
  expect(problemOf(answer).code).toBe("invalid_webhook_url");
});

test("[D4] no secret and nothing internal in what callers got or the gateway printed", () => {
  expect(internalsIn(receivedBodies)).toEqual([]);
  const seen = receivedBodies.join("\n") + gateway.output;
  for (const word of [token, webhookSecret.slice(6), "sh4red-secret"]) expect(seen).not.toContain(word);
});

test("[D10] a session says that it begins, and that it is gone: kill -9 between loses neither", async () => {
  const session = newSession();
  const path = `/begins/${session}`;
  const gate = Promise.withResolvers<void>();
  await open(session, path);
  const [created] = await arrived(path, 1);
  expect(created && verified(created)).toMatchObject({ type: "session.created", data: { session_id: session } });
  backend.behave(path, () => gate.resolve());
  expect(await send(gateway, `/v1/sessions/${session}`, { method: "DELETE" })).toMatchObject({ status: 200 });
  await gate.promise;
  await gateway.kill9();
  backend.behave(path, (response) => void response.writeHead(204).end());
  await gateway.start();
  const [, ...farewells] = await arrived(path, 3);
  expect(farewells.map((one) => verified(one).type)).toEqual(["session.deleted", "session.deleted"]);
  expect(new Set(farewells.map(({ headers, body }) => `${String(headers["webhook-id"])} ${body}`)).size).toBe(1);
});
