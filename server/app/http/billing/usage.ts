/** `GET /v1/usage` and `GET /v1/billing/balance`: the ledger's sums, in words of the wire. */
import type { Context } from "hono";
import {
  type BalanceAnswer,
  moneyLeftOf,
  moneyOf,
  type UsageAnswer,
  usageQuerySchema,
} from "../../../../schemas/http/billing.ts";
import { withTimeout } from "../../../../schemas/lib/timeout.ts";
import { mayRead } from "../../../shared/access/principal.ts";
import { wordsOf } from "../../../shared/http/issue-words.ts";
import { describeError, log } from "../../../shared/telemetry/log.ts";
import { type Balance, dateOf, dayOf, titlesInD1, type UsageSums } from "../../billing/index.ts";
import type { AppEnv } from "../app-env.ts";
import { refusalWith } from "../speech/refusals.ts";
import { refuse, withLedger } from "./of-ledger.ts";

const daysBefore = 29;
const titlesTimeoutMs = 2_000;

export async function usageRoute(c: Context<AppEnv>): Promise<Response> {
  const query = c.req.query();
  const asked = usageQuerySchema.safeParse(query);
  if (!asked.success) {
    const { field, message } = wordsOf(asked.error, usageQuerySchema, query, "query");
    return refuse(c, refusalWith(400, `${field}: ${message}.`));
  }
  const { from: first, to: last, by, after, limit } = asked.data;
  const to = last === undefined ? dayOf(Date.now()) : dayOf(Date.parse(last));
  const from = first === undefined ? to - daysBefore : dayOf(Date.parse(first));
  if (from > to) return refuse(c, refusalWith(400, "from: is after to; give the first day, and the last."));
  return withLedger(c, async (ledger) => {
    // One more than is shown tells whether there is another page.
    const { rows, total } = await ledger.usage(by, { from, to }, { after, limit: limit + 1 });
    const shown = rows.slice(0, limit);
    const titles = by === "session" ? await titlesOf(c, shown) : undefined;
    const answer: UsageAnswer = {
      by,
      from: dateOf(from),
      to: dateOf(to),
      rows: shown.map(({ key, ...sums }) => {
        const title = titles?.get(key);
        return { key, ...(title === undefined ? {} : { title }), ...sumsOf(sums) };
      }),
      total: sumsOf(total),
      next_after: rows.length > limit ? (shown.at(-1)?.key ?? null) : null,
    };
    return Response.json(answer);
  });
}

/** Of meetings, for who may read them. Money is told also where the list does not answer. */
async function titlesOf(
  c: Context<AppEnv>,
  rows: readonly { readonly key: string }[],
): Promise<ReadonlyMap<string, string> | undefined> {
  const { principal, traceId } = c.var;
  if (!principal || !mayRead(principal)) return undefined;
  const ids = rows.map(({ key }) => key);
  try {
    return await withTimeout(titlesInD1(c.env.DB, principal.tenant, ids), titlesTimeoutMs, "D1");
  } catch (cause) {
    log.warn("billing.titles_unknown", { tenant: principal.tenant, trace_id: traceId, error: describeError(cause) });
    return undefined;
  }
}

export function balanceRoute(c: Context<AppEnv>): Promise<Response> {
  return withLedger(c, async (ledger) => Response.json(balanceOf(await ledger.balance())));
}

function balanceOf({ toppedUp, charged, pending, entries, pendingEntries }: Balance): BalanceAnswer {
  return {
    balance_usd: moneyLeftOf(toppedUp - charged),
    topped_up_usd: moneyOf(toppedUp),
    charged_usd: moneyOf(charged),
    entries,
    pending_usd: moneyOf(pending),
    pending_entries: pendingEntries,
  };
}

function sumsOf({ entries, estimated, unpriced, cost, charge, quantities }: UsageSums): UsageAnswer["total"] {
  return {
    entries,
    estimated_entries: estimated,
    unpriced_entries: unpriced,
    cost_usd: moneyOf(cost),
    charge_usd: moneyOf(charge),
    quantities,
  };
}
