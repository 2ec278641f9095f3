/** The ledger over HTTP, as a backend and an administrator have it. */
import { describe, expect, test } from "vitest";
import type { Scope } from "../../schemas/access.ts";
import { balanceAnswerSchema, recordAnswerSchema, usageAnswerSchema } from "../../schemas/http/billing.ts";
import { limits } from "../../schemas/limits.ts";
import type { BillingLedgerDO } from "../../server/app/billing/index.ts";
import { bindings } from "./support/bindings.ts";
import { bearer, guarded, keyFor } from "./support/doors.ts";

const { BILLING_LEDGER, DB } = bindings as unknown as {
  BILLING_LEDGER: DurableObjectNamespace<BillingLedgerDO>;
  DB: D1Database;
};
const at = "2026-11-29T09:00:00Z";
const days = "from=2026-11-01&to=2026-11-30";

type Ask = (path: string, body?: object) => Promise<{ readonly status: number; readonly json: unknown }>;

/** A tenant of its own, asked with a key of these scopes. */
async function newTenant(scopes: readonly Scope[] = ["admin"]): Promise<{ tenant: string; ask: Ask }> {
  const tenant = `billed-${crypto.randomUUID()}`;
  return { tenant, ask: asking(await keyFor(tenant, scopes)) };
}

function asking({ key }: { key: string }): Ask {
  return async (path, body) => {
    const init = body === undefined ? {} : { method: "POST", body: JSON.stringify(body) };
    const answer = await guarded(path, { ...init, headers: bearer(key) });
    return { status: answer.status, json: await answer.json() };
  };
}

const entry = (event_id: string, more: object = {}) => ({ event_id, at, feature: "chat", cost_usd: "0.0105", ...more });
const record = async (ask: Ask, ...entries: object[]) => {
  const { status, json } = await ask("/v1/billing/record", { entries });
  return { status, entries: recordAnswerSchema.parse(json).entries };
};
const codeOf = ({ status, json }: Awaited<ReturnType<Ask>>): string => `${status} ${(json as { code: string }).code}`;
const detailOf = ({ json }: Awaited<ReturnType<Ask>>): string => (json as { detail: string }).detail;

const titles = async (asked: Ask, by: string) => {
  const { rows } = usageAnswerSchema.parse((await asked(`/v1/usage?by=${by}&${days}`)).json);
  return rows.map(({ key, title }) => [key, title]);
};

test("[B7][B1] each entry is told its outcome; one of the same id and other words stays out, and the others count", async () => {
  const { ask } = await newTenant(["billing"]);
  const first = await record(ask, entry("a"), entry("a"), entry("b", { multiplier: "local" }));
  expect(first.status).toBe(200);
  expect(first.entries.map(({ outcome }) => outcome)).toEqual(["recorded", "duplicate", "recorded"]);
  expect(first.entries[0]).toEqual({
    event_id: "a",
    outcome: "recorded",
    charge_usd: { exact: "0.010815", shown: "0.011" },
  });
  const next = await record(ask, entry("a", { cost_usd: "9" }), entry("c"));
  expect(next.status).toBe(207);
  expect(next.entries.map(({ outcome, charge_usd }) => [outcome, charge_usd?.exact])).toEqual([
    ["conflicting", undefined],
    ["recorded", "0.010815"],
  ]);
  const balance = balanceAnswerSchema.parse((await ask("/v1/billing/balance")).json);
  expect(balance).toMatchObject({ entries: 3, charged_usd: { exact: "0.03213", shown: "0.033" } });
  expect(balance.balance_usd).toEqual({ exact: "-0.03213", shown: "-0.033" });
});

test("[B3][B7] a cost is given, or reckoned with the prices that are given, or with the gateway's own; else nothing is charged", async () => {
  const { ask } = await newTenant(["billing"]);
  const reckoned = { cost_usd: undefined, quantities: { input_tokens: 1_000, output_tokens: 500 } };
  const prices = [
    { unit: "input_tokens", usd: "3", per: 1_000_000 },
    { unit: "output_tokens", usd: "15", per: 1_000_000 },
  ];
  const whisper = { cost_usd: undefined, model: "openai/whisper-1", quantities: { audio_ms: 60_000 } };
  const { entries } = await record(
    ask,
    entry("given"),
    entry("priced", { ...reckoned, prices }),
    entry("known", whisper),
    entry("own", { ...whisper, multiplier: "local" }),
    entry("unknown", { ...reckoned, model: "nobody/knows" }),
  );
  const charges = ["0.010815", "0.010815", "0.00618", "0", "0"];
  expect(entries.map(({ charge_usd }) => charge_usd?.exact)).toEqual(charges);
  const usage = usageAnswerSchema.parse((await ask(`/v1/usage?by=model&${days}`)).json);
  expect(usage.total).toMatchObject({
    entries: 5,
    unpriced_entries: 1,
    charge_usd: { exact: "0.02781", shown: "0.028" },
  });
});

test("[B7] an id of a backend is none of the gateway's own, and a payment's is none of an entry", async () => {
  const { tenant, ask } = await newTenant();
  await record(ask, entry("feed:weekly:2"), entry("call:00000000-0000-4000-8000-000000000001"), entry("x"));
  const ledger = BILLING_LEDGER.getByName(tenant);
  const own = { at: Date.parse(at), feature: "stt", model: null, subject: null, session_id: null, quantities: {} };
  const rest = { cost_nano_usd: 1, multiplier: "local", price_version: null, is_estimated: false, meta: {} } as const;
  const ids = ["feed:weekly:2", "call:00000000-0000-4000-8000-000000000001"];
  const outcomes = await ledger.record(ids.map((event_id) => ({ event_id, ...own, ...rest })));
  expect(outcomes).toEqual(["recorded", "recorded"]);
  expect((await ask("/v1/billing/topup", { event_id: "x", amount_usd: "5" })).json).toMatchObject({
    outcome: "recorded",
  });
});

test("[B7][B1] a payment counts once; another under its id is refused, and what was paid stays", async () => {
  const { ask } = await newTenant();
  const pay = (amount_usd: string) => ask("/v1/billing/topup", { event_id: "invoice-7", amount_usd });
  expect((await pay("25")).json).toMatchObject({ outcome: "recorded", amount_usd: { exact: "25", shown: "25.000" } });
  expect((await pay("25.00")).json).toMatchObject({ outcome: "duplicate" });
  expect(codeOf(await pay("26"))).toBe("409 event_id_taken");
  expect((await ask("/v1/billing/balance")).json).toMatchObject({ balance_usd: { exact: "25" } });
});

test("[B6][B7] a flush takes all that is pending to D1, or says that it did not", async () => {
  const { tenant, ask } = await newTenant();
  await record(ask, entry("a"), entry("b"));
  expect((await ask("/v1/billing/flush", {})).json).toEqual({
    flushed_entries: 2,
    flushed_usd: { exact: "0.02163", shown: "0.022" },
    pending_entries: 0,
    pending_usd: { exact: "0", shown: "0.000" },
  });
  const rows = await DB.prepare("SELECT event_id, charge FROM billing_entries WHERE tenant = ?").bind(tenant).all();
  expect(rows.results).toEqual([
    { event_id: "api:a", charge: 10_815_000 },
    { event_id: "api:b", charge: 10_815_000 },
  ]);
  await DB.prepare("INSERT INTO billing_entries VALUES (?, 'api:c', 3, 'other', 1, 5, 0, '{}')").bind(tenant).run();
  await record(ask, entry("c"));
  expect(codeOf(await ask("/v1/billing/flush", {}))).toBe("503 index_unavailable");
  expect((await ask("/v1/billing/balance")).json).toMatchObject({ pending_entries: 1 });
});

describe("usage", () => {
  test("[B5][B7] comes in pages that leave nothing out, entries without a name first, and a total of all of it", async () => {
    const { ask } = await newTenant(["billing"]);
    const named = ["weekly", "board-7", "weekly", "hallway-2"].map((session_id, n) => entry(`e${n}`, { session_id }));
    await record(ask, ...named, entry("none"));
    const keys: string[] = [];
    for (let after: string | null | undefined; after !== null;) {
      const query = `by=session&${days}&limit=1${after === undefined ? "" : `&after=${after}`}`;
      const page = usageAnswerSchema.parse((await ask(`/v1/usage?${query}`)).json);
      expect(page.total).toMatchObject({ entries: 5, charge_usd: { exact: "0.054075" } });
      keys.push(...page.rows.map(({ key }) => key));
      after = page.next_after;
    }
    expect(keys).toEqual(["", "board-7", "hallway-2", "weekly"]);
  });

  test("[B7] a meeting is called by its title, for who may read meetings, and by nobody else's", async () => {
    const { tenant, ask } = await newTenant(["billing", "sessions:read"]);
    const [blind, other] = [asking(await keyFor(tenant, ["billing"])), await newTenant()];
    const insert = DB.prepare(
      `INSERT INTO sessions (tenant, session_id, status, created_at, updated_at, tracks, kept_seconds, duration_ms, coverage, revision, title)
       VALUES (?, ?, 'open', 1, 1, 0, 0, 0, 1, 1, ?)`,
    );
    await insert.bind(tenant, "board-7", "The board, July").run();
    await insert.bind(tenant, "board-8", null).run();
    await insert.bind(other.tenant, "board-9", "Theirs").run();
    await record(ask, ...["board-7", "board-8", "board-9"].map((session_id, n) => entry(`e${n}`, { session_id })));
    const untitled = [
      ["board-7", undefined],
      ["board-8", undefined],
      ["board-9", undefined],
    ];
    expect(await titles(ask, "session")).toEqual([["board-7", "The board, July"], ...untitled.slice(1)]);
    expect(await titles(blind, "session")).toEqual(untitled);
    expect(await titles(ask, "feature")).toEqual([["chat", undefined]]);
  });

  test("[B5][B7] a day is of UTC, and both days that are named are in", async () => {
    const { ask } = await newTenant(["billing"]);
    const times = [
      "2026-11-28T23:59:59.999Z",
      "2026-11-29T00:00:00Z",
      "2026-11-29T23:59:59+01:00",
      "2026-11-30T00:30:00+01:00",
    ];
    await record(ask, ...times.map((time, n) => entry(`e${n}`, { at: time })));
    const usage = async (query: string) => usageAnswerSchema.parse((await ask(`/v1/usage?${query}`)).json);
    const { rows } = await usage("from=2026-11-28&to=2026-11-29");
    expect(rows.map(({ key, entries }) => [key, entries])).toEqual([
      ["2026-11-28", 1],
      ["2026-11-29", 3],
    ]);
    expect((await usage("from=2026-11-29&to=2026-11-29")).total.entries).toBe(3);
    // Without days: the last thirty.
    const { from, to } = await usage("");
    expect(Date.parse(to) - Date.parse(from)).toBe(29 * 86_400_000);
  });

  test.each([
    ["from=2026-11-02&to=2026-11-01", "from: is after to; give the first day, and the last."],
    ["from=yesterday", "from: is a date as in 2026-01-31."],
    ["by=price", "by: is one of day, model, feature, user, session."],
  ])("[B7] %s is refused in words", async (query, detail) => {
    const { ask } = await newTenant(["billing"]);
    const answer = await ask(`/v1/usage?${query}`);
    expect(codeOf(answer)).toBe("400 bad_request");
    expect(detailOf(answer)).toBe(detail);
  });
});

test("[B7][T1] another tenant has none of it", async () => {
  const [one, other] = [await newTenant(), await newTenant()];
  await record(one.ask, entry("a"));
  expect((await other.ask("/v1/billing/balance")).json).toMatchObject({ entries: 0 });
  expect((await record(other.ask, entry("a"))).entries[0]?.outcome).toBe("recorded");
});

describe("bounds", () => {
  test.each<[string, (ask: Ask, count: number) => ReturnType<Ask>, number]>([
    [
      "[limit:maxEntriesPerRecord] entries",
      (ask, count) => ask("/v1/billing/record", { entries: Array.from({ length: count }, (_, n) => entry(`e${n}`)) }),
      limits.maxEntriesPerRecord,
    ],
    [
      "[limit:maxUsageRowsPerPage] rows of a page",
      (ask, count) => ask(`/v1/usage?limit=${count}`),
      limits.maxUsageRowsPerPage,
    ],
  ])("[L7] %s: as many as may be, and one more", async (_, asked, max) => {
    const { ask } = await newTenant();
    expect((await asked(ask, max)).status).toBe(200);
    expect(codeOf(await asked(ask, max + 1))).toBe("400 bad_request");
  });

  test.each<[string, object]>([
    ["entries.0.cost_usd", { cost_usd: "0.0000000001" }],
    ["entries.0.cost_usd", { cost_usd: "-1" }],
    ["entries.0.cost_usd", { cost_usd: 1 }],
    ["entries.0.cost_usd", { cost_usd: "1000000.000000001" }],
    ["entries.0.prices", { prices: [{ unit: "calls", usd: "1", per: 1 }] }],
    ["entries.0.prices", { cost_usd: undefined, prices: [{ unit: "calls", usd: "1", per: 1 }] }],
    ["entries.0.at", { at: 1_790_000_000_000 }],
    ["entries.0.at", { at: "1969-12-31T23:59:59Z" }],
    ["entries.0.event_id", { event_id: "a b" }],
    ["entries.0.quantities.calls", { quantities: { calls: -1 } }],
    ["entries.0.meta", { meta: Object.fromEntries(Array.from({ length: 17 }, (_, n) => [`m${n}`, "x"])) }],
    [
      "entries.0",
      {
        cost_usd: undefined,
        quantities: { calls: 1_000_000_000_000 },
        prices: [{ unit: "calls", usd: "1000000", per: 1 }],
      },
    ],
  ])("[B7] nothing is recorded where %s is not right: %j", async (field, more) => {
    const { ask } = await newTenant();
    const answer = await ask("/v1/billing/record", { entries: [entry("a", more)] });
    expect(codeOf(answer)).toBe("400 bad_request");
    expect(detailOf(answer)).toMatch(new RegExp(`^${field.replaceAll(".", "\\.")}: `));
    expect((await ask("/v1/billing/balance")).json).toMatchObject({ entries: 0 });
  });
});
