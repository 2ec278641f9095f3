/** `POST /v1/billing/topup` and `POST /v1/billing/flush`, for who runs a tenant. */
import type { Context } from "hono";
import type * as z from "zod";
import {
  type flushAnswerSchema,
  moneyOf,
  topUpBodySchema,
  type TopUpAnswer,
} from "../../../../schemas/http/billing.ts";
import { limits } from "../../../../schemas/limits.ts";
import type { AppEnv } from "../app-env.ts";
import { bodyOf, later, refuse, withLedger } from "./of-ledger.ts";

/** Apart from those of entries: what was paid never stands in the way of what was used. */
const paidPrefix = "paid:";

export async function topUpRoute(c: Context<AppEnv>): Promise<Response> {
  const body = await bodyOf(c, topUpBodySchema, limits.maxCorrectionBodyBytes);
  if (!body.ok) return refuse(c, body.error);
  const { event_id, amount_usd, note } = body.value;
  return withLedger(c, async (ledger) => {
    const outcome = await ledger.topUp({ event_id: `${paidPrefix}${event_id}`, amount_nano_usd: amount_usd, note });
    if (outcome === "conflicting") {
      const detail = "Something else was paid under this event_id, and counts. Give what you add an id of its own.";
      return refuse(c, { code: "event_id_taken", detail });
    }
    const answer: TopUpAnswer = { event_id, outcome, amount_usd: moneyOf(BigInt(amount_usd)) };
    return Response.json(answer);
  });
}

export function flushRoute(c: Context<AppEnv>): Promise<Response> {
  return withLedger(c, async (ledger) => {
    const done = await ledger.flush();
    if (!done.ok) return later(c, "index_unavailable", "D1 did not take all that is pending, which stays. Try again.");
    const { flushed, pending, pendingEntries } = await ledger.balance();
    const answer: z.infer<typeof flushAnswerSchema> = {
      flushed_entries: flushed.entries,
      flushed_usd: moneyOf(flushed.charged),
      pending_entries: pendingEntries,
      pending_usd: moneyOf(pending),
    };
    return Response.json(answer);
  });
}
