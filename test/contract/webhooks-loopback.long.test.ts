/** Credentials and webhooks, the two halves of an integration, together on one machine: a real `npm start`, by its own variable. */
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { afterAll, expect, test } from "vitest";
import { until } from "../../client/testkit/until.ts";
import { readsTypeScript } from "../../scripts/local/reads-typescript.ts";
import type { GatewayProcess } from "../../scripts/local/gateway-process.ts";
import { newSession, postJson, problemOf } from "../support/gateway-http.ts";
import { useGateway } from "../support/use-gateway.ts";
import { verified, WebhookReceiver, webhookSecret } from "../support/webhook-receiver.ts";

const backend = new WebhookReceiver();
await backend.start();
afterAll(() => backend.stop());
const required = {
  AUTH_MODE: "required",
  JWT_SECRET: "a-secret-of-this-test-at-least-32-bytes-long",
  WEBHOOK_SECRET: webhookSecret,
};
const open = useGateway({
  env: { ...required, WEBHOOK_ALLOW_LOOPBACK: "true", WORKER_SHARED_SECRET: "sh4red-secret" },
});
const closed = useGateway({ env: required });

async function keyOf({ stateDir }: GatewayProcess): Promise<{ authorization: string }> {
  const script = [
    ...readsTypeScript,
    "scripts/keys.ts",
    "create",
    "--tenant",
    "acme",
    "--name",
    "k",
    "--scope",
    "admin",
  ];
  const env = { ...process.env, STATE_DIR: stateDir };
  const { stdout } = await promisify(execFile)(process.execPath, script, { env });
  return { authorization: `Bearer ${stdout.trim()}` };
}

test("[D6] with WEBHOOK_ALLOW_LOOPBACK a receiver on this machine gets what a key asked for, signed", async () => {
  const key = await keyOf(open);
  const session = newSession();
  const path = `/hook/${session}`;
  const opening = { session_id: session, webhook_url: backend.urlOf(path) };
  expect(await postJson(open, "/v1/sessions", opening, key)).toMatchObject({ status: 201 });
  expect(await postJson(open, `/v1/sessions/${session}/finalize`, {}, key)).toMatchObject({ status: 200 });
  const received = await until(() => backend.received(path)[0], { what: "the webhook", timeoutMs: 20_000 });
  expect(verified(received)).toMatchObject({
    type: "session.finalized",
    data: { session_id: session, tenant: "acme" },
  });
  // The deployment has no address of its own: its secret goes nowhere.
  expect(received.headers["authorization"]).toBeUndefined();
});

test("[D6] the variable opens this machine's own addresses and no others of the network", async () => {
  const key = await keyOf(open);
  for (const webhook_url of ["http://192.168.0.7/hook", "https://10.0.0.1/hook", "http://example.com/hook"]) {
    expect(problemOf(await postJson(open, "/v1/sessions", { webhook_url }, key)).code).toBe("invalid_webhook_url");
  }
});

test("[D6] without it no address of this machine is taken where credentials are required", async () => {
  const key = await keyOf(closed);
  for (const webhook_url of [backend.urlOf("/x"), "https://127.0.0.1/x", "https://localhost/x", "https://[::1]/x"]) {
    expect(problemOf(await postJson(closed, "/v1/sessions", { webhook_url }, key)).code).toBe("invalid_webhook_url");
  }
});
