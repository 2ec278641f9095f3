/** `npm run billing -- reconcile` as a shell sees it: its exit code, against a gateway that says what the test wants. */
import { execFile } from "node:child_process";
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, expect, test } from "vitest";

let said: Readonly<Record<string, unknown>> = {};
const server: Server = createServer((request, response) => {
  const { pathname } = new URL(request.url ?? "/", "http://gateway");
  const body = said[pathname];
  response.writeHead(body === undefined ? 503 : 200, { "content-type": "application/json" });
  response.end(JSON.stringify(body ?? { code: "ledger_unavailable" }));
});
beforeAll(async () => {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
});
afterAll(() => {
  server.close();
  server.closeAllConnections();
});

interface Ended {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

function billing(...args: readonly string[]): Promise<Ended> {
  return new Promise((resolve) => {
    execFile(process.execPath, ["scripts/billing.ts", ...args], (error, out, err) =>
      resolve({ code: error === null ? 0 : Number(error.code), out, err }),
    );
  });
}
const reconciled = (): Promise<Ended> =>
  billing("reconcile", "--url", `http://127.0.0.1:${(server.address() as AddressInfo).port}`);

const money = (exact: string) => ({ exact, shown: exact });
const body = JSON.stringify({
  at: 0,
  feature: "chat",
  cost_nano_usd: 10_500_000,
  multiplier: "cloud",
  quantities: { calls: 1 },
});
const side = { at: 0, charge_nano_usd: 10_815_000, credit_nano_usd: 0, body };
/** A ledger with one entry. @param d1 what D1 has of it. */
const ledgerWith = (d1: typeof side | null) => ({
  "/v1/billing/balance": {
    balance_usd: money("-0.010815"),
    topped_up_usd: money("0"),
    charged_usd: money("0.010815"),
    entries: 1,
    pending_usd: money("0"),
    pending_entries: 0,
  },
  "/v1/billing/entries": {
    entries: [{ seq: 1, event_id: "call:a", ledger: side, d1 }],
    last_seq: 1,
    flushed_seq: 1,
    next_after: null,
  },
  "/v1/usage": {
    by: "feature",
    from: "1970-01-01",
    to: "1970-01-01",
    rows: [{ key: "chat", ...sums }],
    total: sums,
    next_after: null,
  },
});
const sums = {
  entries: 1,
  estimated_entries: 0,
  unpriced_entries: 0,
  cost_usd: money("0.0105"),
  charge_usd: money("0.010815"),
  quantities: { audio_ms: 0, characters: 0, input_tokens: 0, output_tokens: 0, calls: 1, byte_days: 0 },
};

test("[B11] 0 where ledger, sums and D1 are one", async () => {
  said = ledgerWith(side);
  const { code, out, err } = await reconciled();
  expect([code, err]).toEqual([0, ""]);
  expect(out).toContain("1 entries, $0.010815 charged, 0 not in D1 yet, 0 differences");
}, 60_000);

test.each([
  ["D1 lacks an entry", null, "call:a: the ledger has it"],
  [
    "D1 has another charge",
    { ...side, charge_nano_usd: 1 },
    "call:a: charge_nano_usd is 10815000 in the ledger and 1 in D1",
  ],
])(
  "[B11] 1 where %s, which is named",
  async (_, d1, words) => {
    said = ledgerWith(d1);
    const { code, err } = await reconciled();
    expect(code).toBe(1);
    expect(err).toContain(words);
  },
  60_000,
);

test("[B11] 2 where it can't be known: nobody answers, or nobody was asked for", async () => {
  said = {};
  expect(await reconciled()).toMatchObject({ code: 2, out: "", err: expect.stringContaining("503") as string });
  expect(await billing("reconsile")).toMatchObject({
    code: 2,
    err: expect.stringContaining("npm run billing") as string,
  });
}, 60_000);
