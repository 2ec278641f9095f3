/** Whether a tenant's ledger, its sums and D1 say the same: a difference that is planted on either side is named by its entry. */
import { runInDurableObject } from "cloudflare:test";
import { expect, test } from "vitest";
import { limits } from "../../schemas/limits.ts";
import { type Reconciled, reconcile } from "../../scripts/billing/reconcile.ts";
import type { BillingLedgerDO } from "../../server/app/billing/index.ts";
import { bindings } from "./support/bindings.ts";
import { bearer, guarded, keyFor } from "./support/doors.ts";

const { BILLING_LEDGER, DB } = bindings as unknown as {
  BILLING_LEDGER: DurableObjectNamespace<BillingLedgerDO>;
  DB: D1Database;
};

const entry = (event_id: string, feature: string) => ({
  event_id,
  feature,
  at: "2026-11-29T09:00:00Z",
  cost_usd: "0.0105",
});

/** A tenant with three entries and a payment in D1, and one that is pending. */
async function paying() {
  const tenant = `billed-${crypto.randomUUID()}`;
  const { key } = await keyFor(tenant, ["admin"]);
  const send = async (path: string, body?: object): Promise<Response> =>
    guarded(path, {
      ...(body === undefined ? {} : { method: "POST", body: JSON.stringify(body) }),
      headers: bearer(key),
    });
  const record = async (...entries: object[]) =>
    expect((await send("/v1/billing/record", { entries })).status).toBe(200);
  await record(entry("a", "chat"), entry("b", "stt"), entry("c", "chat"));
  expect((await send("/v1/billing/topup", { event_id: "p", amount_usd: "5" })).status).toBe(200);
  expect((await send("/v1/billing/flush", {})).status).toBe(200);
  await record(entry("late", "chat"));
  const said = async (): Promise<string[]> => linesOf(await reconcile(async (path) => (await send(path)).json()));
  const inLedger = async (query: string): Promise<void> =>
    runInDurableObject(BILLING_LEDGER.getByName(tenant), (_, { storage }) => void storage.sql.exec(query));
  const inD1 = async (query: string): Promise<unknown> => DB.prepare(query.replaceAll("TENANT", `'${tenant}'`)).run();
  return { send, said, inLedger, inD1 };
}

const linesOf = ({ differences }: Reconciled): string[] =>
  differences.map(({ eventId, what }) => (eventId === undefined ? what : `${eventId}: ${what}`));

test("[B11] where all is as it must be nothing is said, also of what is pending", async () => {
  const { send } = await paying();
  const result = await reconcile(async (path) => (await send(path)).json());
  expect(result).toEqual({ entries: 5, pending: 1, chargedUsd: "0.04326", differences: [] });
});

test.each([
  [
    "D1 lost an entry",
    "DELETE FROM billing_entries WHERE tenant = TENANT AND event_id = 'api:b'",
    /^api:b: the ledger has it/,
  ],
  [
    "D1 has another charge",
    "UPDATE billing_entries SET charge = 1 WHERE tenant = TENANT AND event_id = 'api:c'",
    /^api:c: charge_nano_usd is 10815000 in the ledger and 1 in D1/,
  ],
  [
    "D1 has other words",
    "UPDATE billing_entries SET body = '{}' WHERE tenant = TENANT AND event_id = 'api:a'",
    /^api:a: body is .* and {} in D1/,
  ],
  [
    "D1 has one that is none",
    "UPDATE billing_entries SET event_id = 'forged' WHERE tenant = TENANT AND event_id = 'api:a'",
    /^forged: D1 has it/,
  ],
  [
    "D1 has one behind the last",
    "UPDATE billing_entries SET seq = 99 WHERE tenant = TENANT AND event_id = 'paid:p'",
    /^paid:p: (D1 has it|the ledger has it)/,
  ],
])("[B11] %s: it is named", async (_, query, line) => {
  const { said, inD1 } = await paying();
  await inD1(query);
  expect(await said()).toContainEqual(expect.stringMatching(line));
});

test.each([
  [
    "the ledger lost an entry",
    "DELETE FROM entries WHERE event_id = 'api:b'",
    /^api:b: D1 has it, and the ledger has not/,
  ],
  [
    "an entry's charge is not its cost's",
    "UPDATE entries SET charge = 7 WHERE event_id = 'api:late'",
    /^api:late: charge is 7, and 10815000 by its cost/,
  ],
  [
    "an entry that is flushed was changed",
    "UPDATE entries SET charge = 7 WHERE event_id = 'api:a'",
    /^api:a: charge_nano_usd is 7 in the ledger/,
  ],
  [
    "the sum of all is another",
    "UPDATE sums SET nanos = nanos + 1 WHERE name = 'charged'",
    /^charged is 0\.043260001, and 0\.04326 by the entries/,
  ],
  [
    "the sum of payments is another",
    "UPDATE sums SET dollars = 6 WHERE name = 'topped_up'",
    /^paid in is 6, and 5 by the entries/,
  ],
  [
    "a sum of usage is another",
    "UPDATE usage_days SET charge_nanos = 0 WHERE dimension = 'feature' AND key = 'stt'",
    /^usage of stt is 0, and 0\.010815 by the entries/,
  ],
  [
    "more counts as flushed than is",
    "UPDATE flush SET flushed_seq = last_seq",
    /^api:late: the ledger has it, and counts it as one that D1 has/,
  ],
])("[B11] %s: it is named", async (_, query, line) => {
  const { said, inLedger } = await paying();
  await inLedger(query);
  expect(await said()).toContainEqual(expect.stringMatching(line));
});

test("[B11] a page has as many entries as may be, and the pages are all of them", async () => {
  const { send } = await paying();
  const page = async (query: string) =>
    (await send(`/v1/billing/entries?${query}`)).json<{ entries: object[]; next_after: number | null }>();
  const first = await page("limit=3");
  expect([first.entries.length, first.next_after]).toEqual([3, 3]);
  const rest = await page("limit=3&after=3");
  expect([rest.entries.length, rest.next_after]).toEqual([2, null]);
  expect((await send(`/v1/billing/entries?limit=${limits.maxUsageRowsPerPage}`)).status).toBe(200);
  for (const wrong of [`limit=${limits.maxUsageRowsPerPage + 1}`, "after=-1", "after=x", "from=d1"]) {
    expect((await send(`/v1/billing/entries?${wrong}`)).status).toBe(400);
  }
});
