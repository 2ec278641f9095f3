/** `POST /v1/billing/record`: what a backend used elsewhere becomes entries of its tenant's ledger, each under its own id. */
import type { Context } from "hono";
import type { LedgerEntry } from "../../../../schemas/billing/ledger.ts";
import { chargeOf, maxEntryNanoUsd } from "../../../../schemas/billing/money.ts";
import { costAt, costOf } from "../../../../schemas/billing/prices.ts";
import { moneyOf, recordBodySchema, type RecordAnswer, type RecordEntry } from "../../../../schemas/http/billing.ts";
import { limits } from "../../../../schemas/limits.ts";
import type { AppEnv } from "../app-env.ts";
import { refusalWith } from "../speech/refusals.ts";
import { bodyOf, refuse, withLedger } from "./of-ledger.ts";

/** Apart from those of the gateway's own entries, which no backend can take. */
const recordedPrefix = "api:";

export async function recordRoute(c: Context<AppEnv>): Promise<Response> {
  const body = await bodyOf(c, recordBodySchema, limits.maxRecordBodyBytes);
  if (!body.ok) return refuse(c, body.error);
  const entries = body.value.entries.map(entryOf);
  const dear = entries.findIndex(({ cost_nano_usd: cost }) => cost !== null && cost > maxEntryNanoUsd);
  if (dear !== -1) return refuse(c, refusalWith(400, `entries.${dear}: costs more than a million dollars.`));
  return withLedger(c, async (ledger) => {
    const outcomes = await ledger.record(entries);
    const answer: RecordAnswer = {
      entries: entries.map(({ event_id, cost_nano_usd, multiplier }, n) => {
        const outcome = outcomes[n] ?? "conflicting";
        const charge = BigInt(chargeOf(cost_nano_usd ?? 0, multiplier));
        return {
          event_id: event_id.slice(recordedPrefix.length),
          outcome,
          charge_usd: outcome === "conflicting" ? null : moneyOf(charge),
        };
      }),
    };
    return Response.json(answer, { status: outcomes.includes("conflicting") ? 207 : 200 });
  });
}

function entryOf({ event_id, cost_usd, prices, ...entry }: RecordEntry): LedgerEntry {
  const { nanoUsd, date } = costOfEntry({ cost_usd, prices, ...entry });
  return {
    ...entry,
    event_id: `${recordedPrefix}${event_id}`,
    cost_nano_usd: nanoUsd,
    price_version: entry.price_version ?? date,
  };
}

/** As the backend says, else by the gateway's own price of the model. */
function costOfEntry({ cost_usd, prices, model, quantities, multiplier }: Omit<RecordEntry, "event_id">): {
  readonly nanoUsd: number | null;
  readonly date: string | null;
} {
  if (cost_usd !== undefined) return { nanoUsd: cost_usd, date: null };
  if (prices === undefined) return costOf(model ?? "", quantities, multiplier === "local");
  const priced = prices.map(({ unit, usd, per }) => ({ unit, nanoUsd: usd, per }));
  const cost = costAt(priced, quantities);
  return { nanoUsd: cost === undefined ? null : Number(cost), date: null };
}
