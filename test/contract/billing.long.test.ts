/** What a call costs, from outside: the worked example of docs/billing.md over HTTP, exact, through a restart, counted once. */
import { expect, test } from "vitest";
import { createResultsClient, type UsageEntryInput } from "../../client/index.ts";
import { useGateway } from "../support/use-gateway.ts";

// One of its own: what others used is on the bill too.
const gateway = useGateway({});

test("[B3][B7] 1,000 tokens in at $3 and 500 out at $15 a million are charged $0.010815, shown as $0.011", async () => {
  const client = createResultsClient({ baseUrl: gateway.url });
  const call: UsageEntryInput = {
    event_id: "call-17",
    at: "2026-11-29T09:00:00Z",
    feature: "chat",
    quantities: { input_tokens: 1_000, output_tokens: 500 },
    prices: [
      { unit: "input_tokens", usd: "3", per: 1_000_000 },
      { unit: "output_tokens", usd: "15", per: 1_000_000 },
    ],
    multiplier: "cloud",
  };
  const charge_usd = { exact: "0.010815", shown: "0.011" };
  expect(await client.recordUsage([call])).toEqual([{ event_id: "call-17", outcome: "recorded", charge_usd }]);
  expect(await client.recordUsage([call])).toEqual([{ event_id: "call-17", outcome: "duplicate", charge_usd }]);
  const asked = { from: "2026-11-29", to: "2026-11-29", by: "feature" } as const;
  const usage = await client.usage(asked);
  expect(usage.rows).toEqual([
    {
      key: "chat",
      entries: 1,
      estimated_entries: 0,
      unpriced_entries: 0,
      cost_usd: { exact: "0.0105", shown: "0.011" },
      charge_usd,
      quantities: { audio_ms: 0, characters: 0, input_tokens: 1_000, output_tokens: 500, calls: 0, byte_days: 0 },
    },
  ]);
  // Small calls are not rounded one by one: a thousand of them are ten dollars and not eleven.
  const many = Array.from({ length: 1_000 }, (_, n) => ({ ...call, event_id: `many-${n}` }));
  for (const half of [many.slice(0, 500), many.slice(500)]) await client.recordUsage(half);
  expect((await client.balance()).charged_usd).toEqual({ exact: "10.825815", shown: "10.826" });
  await client.topUp({ event_id: "invoice-7", amount_usd: "25" });
  await gateway.kill9();
  await gateway.start();
  const again = createResultsClient({ baseUrl: gateway.url });
  expect((await again.topUp({ event_id: "invoice-7", amount_usd: "25" })).outcome).toBe("duplicate");
  expect((await again.balance()).balance_usd).toEqual({ exact: "14.174185", shown: "14.174" });
});
