/**
 * One random life of a ledger: entries that come twice, late and in any order, top-ups, flushes, kills between any two steps, a D1
 * that is down, half there or silent, a clock that jumps. Checked against a model that knows what was sent and nothing else.
 */
import { type LedgerEntry } from "../../../schemas/billing/ledger.ts";
import { multipliers } from "../../../schemas/billing/money.ts";
import type { Ledger } from "../../../server/app/billing/ledger.ts";
import { dayOf } from "../../../server/app/billing/usage-sums.ts";
import { entry, newWorld, startMs, type World } from "./support.ts";

/** Faults of another ledger, which this has to find. */
export type Plant = "flush_clears_first" | "multiplier_twice" | "dedupe_by_name" | "id_per_kind" | "counts_again";

/** What was sent, each once: the truth. */
interface Model {
  readonly charges: Map<string, bigint>;
  readonly topUps: Map<string, bigint>;
}

export function randomOf(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

const moods = ["up", "up", "down", "half", "answer_lost"] as const;
const days = { from: dayOf(startMs) - 40, to: dayOf(startMs) + 40 };

/** @returns the first thing that is not as it must be; undefined where all is well. */
export async function runSchedule(seed: number, plant?: Plant): Promise<string | undefined> {
  const random = randomOf(seed);
  const below = (most: number): number => Math.floor(random() * most);
  const world = newWorld(random);
  const { d1, clock } = world;
  d1.mood = () => moods[below(moods.length)] ?? "up";
  const wake = (): Ledger => (plant ? planted(world, plant) : world.wake());
  const model: Model = { charges: new Map(), topUps: new Map() };
  const sent: LedgerEntry[] = [];
  let ledger = wake();
  for (let step = 0; step < 30; step += 1) {
    const dice = below(10);
    if (dice < 4) {
      const fresh = Array.from({ length: 1 + below(4) }, (_, n) => anyEntry(`${seed}-${step}-${n}`, below, clock.now));
      const again = sent.filter(() => random() < 0.2);
      const together = [...fresh, ...again].toSorted(() => random() - 0.5);
      ledger.record(together);
      sent.push(...fresh);
      for (const one of fresh) model.charges.set(one.event_id, exactCharge(one));
    } else if (dice === 4) {
      const id = `paid-${below(5)}`;
      const amount = 1 + below(1_000_000_000);
      if (ledger.topUp({ event_id: id, amount_nano_usd: amount, note: null }) === "recorded") {
        model.topUps.set(id, BigInt(amount));
      }
    } else if (dice === 5) clock.now += below(2) === 0 ? below(7_200_000) : -below(7_200_000);
    else if (dice === 6) await ledger.run();
    else if (dice === 7) {
      // A kill in the middle of a flush: what it does afterwards is lost with it, or is not.
      const flushing = ledger.flush();
      ledger.record([anyEntry(`${seed}-${step}-mid`, below, clock.now)].map((one) => note(one, sent, model)));
      await flushing;
    } else if (dice === 8) await ledger.flush();
    else ledger = wake();
    const wrong = check(ledger, model, world, random() < 0.2);
    if (wrong !== undefined) return `${wrong} (step ${step})`;
  }
  d1.mood = () => "up";
  for (let tries = 0; tries < 5 && ledger.balance().pendingEntries > 0; tries += 1) {
    const next = ledger.nextRunAt;
    if (next === undefined) return "entries are pending, and no alarm is set";
    clock.now = Math.max(clock.now, next);
    await ledger.run();
  }
  if (ledger.balance().pendingEntries > 0) return "entries stay pending although D1 is there";
  return check(ledger, model, world, true) ?? atTheEnd(model, world);
}

function note(one: LedgerEntry, sent: LedgerEntry[], model: Model): LedgerEntry {
  sent.push(one);
  model.charges.set(one.event_id, exactCharge(one));
  return one;
}

function anyEntry(id: string, below: (most: number) => number, now: number): LedgerEntry {
  const multiplier = (["local", "cloud", "knowledge"] as const)[below(3)] ?? "local";
  const cost = below(4) === 0 ? below(3_000_000_000) : below(1_000);
  return entry(id, {
    at: now - below(86_400_000),
    feature: below(2) === 0 ? "chat" : "stt",
    session_id: `meeting-${below(3)}`,
    cost_nano_usd: below(10) === 0 ? null : cost,
    multiplier,
    is_estimated: below(5) === 0,
  });
}

function exactCharge({ cost_nano_usd, multiplier }: LedgerEntry): bigint {
  const { of, per } = multipliers[multiplier];
  const exact = BigInt(cost_nano_usd ?? 0) * of;
  return exact / per + (exact % per === 0n ? 0n : 1n);
}

function sum(amounts: Iterable<bigint>): bigint {
  return [...amounts].reduce((all, one) => all + one, 0n);
}

function check(ledger: Ledger, model: Model, { d1 }: World, looksAtUsage: boolean): string | undefined {
  const { charged, toppedUp, entries, pending, pendingEntries, flushed } = ledger.balance();
  const truth = sum(model.charges.values());
  if (charged !== truth) return `charged ${charged}, of ${truth}`;
  if (toppedUp !== sum(model.topUps.values())) return `topped up ${toppedUp}`;
  if (entries !== model.charges.size + model.topUps.size) return `${entries} entries`;
  for (const by of looksAtUsage ? (["day", "model", "feature", "user", "session"] as const) : []) {
    const { rows, total } = ledger.usage(by, days, { after: undefined, limit: 1_000 });
    if (sum(rows.map(({ charge }) => charge)) !== truth || total.charge !== truth)
      return `usage by ${by} is another sum`;
  }
  if (pending !== charged - flushed.charged) return "pending is another sum";
  // What is not pending any more is in D1: it may have more, of a batch whose answer was lost.
  if (d1.entries.size < entries - pendingEntries) return `D1 lacks ${entries - pendingEntries - d1.entries.size}`;
  return undefined;
}

function atTheEnd(model: Model, { d1 }: World): string | undefined {
  const missing = [...model.charges.keys(), ...model.topUps.keys()].filter((id) => !d1.entries.has(id));
  if (missing.length > 0) return `D1 lacks ${missing.join(", ")}`;
  if (d1.sum("charge") !== sum(model.charges.values())) return "D1 has another sum";
  return d1.sum("credit") === sum(model.topUps.values()) ? undefined : "D1 has other top-ups";
}

function planted(world: World, plant: Plant): Ledger {
  const { d1 } = world;
  const { write } = d1;
  if (plant === "flush_clears_first") {
    return world.wake(async (batch) => {
      await write(batch).catch(() => 0);
      return batch.entries.length;
    });
  }
  const ledger = world.wake();
  const record = ledger.record.bind(ledger);
  let copies = 0;
  ledger.record = (entries) => {
    switch (plant) {
      case "multiplier_twice":
        return record(entries.map((one) => ({ ...one, cost_nano_usd: one.cost_nano_usd && Number(exactCharge(one)) })));
      case "dedupe_by_name":
        return record(entries.map((one) => ({ ...one, event_id: `${one.session_id}/${one.feature}` })));
      case "id_per_kind":
        return record(entries.map((one) => ({ ...one, event_id: one.feature })));
      case "counts_again":
        return record(entries.map((one) => ({ ...one, event_id: `${one.event_id}/${(copies += 1)}` })));
      default:
        return record(entries);
    }
  };
  return ledger;
}
