/** A budget from outside: beyond it a call is refused before a model is asked, and nothing is recorded of it. */
import { expect, test } from "vitest";
import { createResultsClient } from "../../client/index.ts";
import { chunkBytes } from "../../schemas/wire/audio.ts";
import { problemOf, send } from "../support/gateway-http.ts";
import { useGateway } from "../support/use-gateway.ts";

// One of its own: what others used is on the bill too.
const gateway = useGateway({});
const seconds = (count: number) => ({
  method: "POST",
  headers: { "content-type": "audio/L16; rate=16000" },
  body: new Uint8Array(count * chunkBytes),
  timeoutMs: 120_000,
});
const set = async (budgets: readonly object[]) =>
  send(gateway, "/v1/billing/budgets", { method: "PUT", body: JSON.stringify({ budgets }) });

test("[B8] audio beyond the minute's seconds is 402 with a time to come again; what fits is heard, and all is as before without the budget", async () => {
  expect((await set([{ feature: "stt", audio_seconds_per_minute: 3 }])).status).toBe(200);
  expect((await send(gateway, "/v1/stt", seconds(2))).status).toBe(200);
  const refused = await send(gateway, "/v1/stt", seconds(2));
  expect(problemOf(refused)).toMatchObject({ status: 402, code: "budget_exhausted" });
  expect(problemOf(refused).detail).toMatch(/^The budget of stt has not enough seconds of audio/);
  expect(Number(refused.headers["retry-after"])).toBeGreaterThan(0);
  expect((await set([])).status).toBe(200);
  expect((await send(gateway, "/v1/stt", seconds(2))).status).toBe(200);
  const { total } = await createResultsClient({ baseUrl: gateway.url }).usage({ by: "feature" });
  expect(total.quantities.calls).toBeLessThanOrEqual(2);
}, 180_000);

test("[B8] [limit:maxBudgets] a body that bounds nothing, names a feature twice or has too many is refused, and changes nothing", async () => {
  const many = Array.from({ length: 21 }, (_, n) => ({ feature: `f${n}`, tokens_per_minute: 1 }));
  expect((await set(many.slice(0, 20))).status).toBe(200);
  for (const wrong of [many, [{ feature: "chat" }], [many[0], many[0]], [{ feature: "chat", usd_per_day: "0" }]]) {
    expect(problemOf(await set(wrong.map((one) => one ?? {}))).code).toBe("bad_request");
  }
  expect(JSON.parse((await send(gateway, "/v1/billing/budgets")).text)).toHaveProperty("budgets.length", 20);
});
