/**
 * One random life of a budget: calls that are held, end with less than they might have taken, and become entries, once or twice, in any
 * order, with kills in between and time that passes. Checked against a model that counts each call once: by its hold until its entry is
 * there, by that from then on.
 */
import type { HoldRequest } from "../../../schemas/billing/budgets.ts";
import { chargeOf } from "../../../schemas/billing/money.ts";
import { holdLimits } from "../../../server/app/billing/budgets.ts";
import type { Ledger } from "../../../server/app/billing/ledger.ts";
import { randomOf } from "./schedule.ts";
import { entry, newWorld } from "./support.ts";

/** Faults of other budgets, which this has to find. */
export type HoldPlant = "hold_never_released" | "settled_twice" | "free_before_its_entry" | "held_again_after_a_kill";

interface Made {
  readonly id: string;
  readonly at: number;
  tokens: number;
  cost: number;
  /** When its entry says that it was; undefined while there is none. */
  enteredAt?: number;
}

const limits = { tokens: 6_000, nanoUsd: 40_000 } as const;
const secondOf = (ms: number): number => Math.floor(ms / 1_000) * 1_000;
const chargeOfCost = (cost: number): number => chargeOf(cost, "cloud");

/** @returns the first thing that is not as it must be; undefined where all is well. */
export function runHolds(seed: number, plant?: HoldPlant): string | undefined {
  const random = randomOf(seed);
  const below = (most: number): number => Math.floor(random() * most);
  const world = newWorld(random);
  const { clock } = world;
  let kills = 0;
  const wake = (): Ledger => (plant ? planted(world.wake(), plant, (kills += 1)) : world.wake());
  let ledger = wake();
  ledger.budgets.set([
    {
      feature: "chat",
      tokens_per_minute: limits.tokens,
      audio_seconds_per_minute: null,
      nano_usd_per_day: limits.nanoUsd,
    },
  ]);
  const made: Made[] = [];
  const any = (): Made | undefined => made[below(made.length)];
  for (let step = 0; step < 60; step += 1) {
    const dice = below(10);
    const one = any();
    if (dice < 4) {
      const call: Made = { id: `${seed}-${step}`, at: clock.now, tokens: 1 + below(2_000), cost: below(3_000) };
      const fits = tokensOf(made, clock.now) + call.tokens <= limits.tokens;
      const isPaid = call.cost === 0 || moneyOf(made) + chargeOfCost(call.cost) <= limits.nanoUsd;
      if (ledger.budgets.hold(askedOf(call)).ok !== (fits && isPaid)) return `held otherwise (step ${step})`;
      if (fits && isPaid) made.push(call);
    } else if (dice < 6 && one && one.enteredAt === undefined) {
      one.tokens = below(one.tokens + 1);
      one.cost = below(one.cost + 1);
      ledger.budgets.used(askedOf(one));
    } else if (dice < 8 && one) {
      // The same entry comes again as often as it likes.
      one.enteredAt ??= clock.now;
      const quantities = { input_tokens: one.tokens };
      ledger.record([entry(one.id, { at: one.enteredAt, quantities, cost_nano_usd: one.cost })]);
    } else if (dice === 8) clock.now += below(12_000);
    else {
      ledger = wake();
      // Who lost the answer asks to hold the same call again.
      if (one && one.enteredAt === undefined) ledger.budgets.hold(askedOf(one));
    }
    const [use] = ledger.budgets.use();
    if (use?.tokens !== tokensOf(made, clock.now)) return `${use?.tokens} tokens are used (step ${step})`;
    if (Number(use.held + use.charged) !== moneyOf(made)) return `${use.held + use.charged} are used (step ${step})`;
  }
  return undefined;
}

function askedOf({ id, tokens, cost }: Made): HoldRequest {
  return { id, feature: "chat", subject: "token:ada", tokens, audio_ms: 0, charge: chargeOfCost(cost) };
}

function tokensOf(made: readonly Made[], now: number): number {
  const since = now - holdLimits.windowMs;
  return made.reduce((sum, { at, enteredAt, tokens }) => {
    return (enteredAt === undefined ? at : secondOf(enteredAt)) > since ? sum + tokens : sum;
  }, 0);
}

function moneyOf(made: readonly Made[]): number {
  return made.reduce((sum, { cost }) => sum + chargeOfCost(cost), 0);
}

function planted(ledger: Ledger, plant: HoldPlant, kill: number): Ledger {
  const { budgets } = ledger;
  const settle = budgets.settle.bind(budgets);
  const hold = budgets.hold.bind(budgets);
  switch (plant) {
    case "hold_never_released":
      budgets.settle = (one) => settle({ ...one, event_id: `other:${one.event_id}` });
      break;
    case "settled_twice":
      budgets.settle = (one) => {
        settle(one);
        settle(one);
      };
      break;
    case "free_before_its_entry":
      budgets.used = (call) => settle(entry(call.id, { at: 0, quantities: {} }));
      break;
    case "held_again_after_a_kill":
      budgets.hold = (call) => hold({ ...call, id: `${call.id}/${kill}` });
      break;
  }
  return ledger;
}
