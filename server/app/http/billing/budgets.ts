/** `GET` and `PUT /v1/billing/budgets`: how much a tenant may use. They are heeded where models are asked (SPEC B8). */
import type { Context } from "hono";
import { type BudgetsAnswer, budgetsBodySchema, moneyOf } from "../../../../schemas/http/billing.ts";
import { limits } from "../../../../schemas/limits.ts";
import type { BudgetUse } from "../../billing/index.ts";
import type { AppEnv } from "../app-env.ts";
import { bodyOf, refuse, withLedger } from "./of-ledger.ts";

export function budgetsRoute(c: Context<AppEnv>): Promise<Response> {
  return withLedger(c, async (ledger) => Response.json(answerOf(await ledger.budgets())));
}

export async function setBudgetsRoute(c: Context<AppEnv>): Promise<Response> {
  const body = await bodyOf(c, budgetsBodySchema, limits.maxCorrectionBodyBytes);
  if (!body.ok) return refuse(c, body.error);
  const budgets = body.value.budgets.map(({ usd_per_day, ...budget }) => ({
    ...budget,
    nano_usd_per_day: usd_per_day,
  }));
  return withLedger(c, async (ledger) => Response.json(answerOf(await ledger.setBudgets(budgets))));
}

function answerOf(all: readonly BudgetUse[]): BudgetsAnswer {
  return {
    budgets: all.map(({ budget, tokens, charged, held }) => {
      const { feature, tokens_per_minute, audio_seconds_per_minute, nano_usd_per_day } = budget;
      const perDay = nano_usd_per_day === null ? null : moneyOf(BigInt(nano_usd_per_day));
      return {
        feature,
        tokens_per_minute: tokens_per_minute === null ? null : { limit: tokens_per_minute, used: tokens },
        audio_seconds_per_minute: audio_seconds_per_minute === null ? null : { limit: audio_seconds_per_minute },
        usd_per_day: perDay && { limit: perDay, charged: moneyOf(charged), held: moneyOf(held) },
      };
    }),
  };
}
