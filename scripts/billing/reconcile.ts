/**
 * Adds a tenant's entries up again, out of the ledger and out of D1, and says what is not as it must be (SPEC B11): each entry that one of
 * them lacks or has otherwise, each charge that is not its cost times its multiplier, and each sum that is not that of its entries. Changes nothing.
 */
import { type ComparedEntry, entriesAnswerSchema } from "../../schemas/http/billing-entries.ts";
import { balanceAnswerSchema, type UsageAnswer, usageAnswerSchema } from "../../schemas/http/billing.ts";
import { ledgerEntrySchema } from "../../schemas/billing/ledger.ts";
import { chargeOf, exactUsd } from "../../schemas/billing/money.ts";
import { parseJson } from "../../schemas/lib/parse-json.ts";

/** A GET of the gateway's API, with an admin key. @returns the answer's JSON. */
export type Ask = (path: string) => Promise<unknown>;

export interface Difference {
  /** Undefined where it is of a sum. */
  readonly eventId: string | undefined;
  readonly what: string;
}

export interface Reconciled {
  readonly entries: number;
  readonly pending: number;
  readonly chargedUsd: string;
  readonly differences: readonly Difference[];
}

const bodySchema = ledgerEntrySchema.omit({ event_id: true });
const mostDifferences = 1_000;
const pageRows = 1_000;
/** While entries come the sums are others when the last page is read: then all is read again. */
const tries = 5;

export async function reconcile(ask: Ask): Promise<Reconciled> {
  for (let attempt = 1; ; attempt += 1) {
    const before = balanceAnswerSchema.parse(await ask("/v1/billing/balance"));
    const sums = new Sums();
    let after: number | null = 0;
    let flushedSeq = 0;
    while (after !== null) {
      const page = entriesAnswerSchema.parse(await ask(`/v1/billing/entries?after=${after}&limit=${pageRows}`));
      flushedSeq = Math.max(flushedSeq, page.flushed_seq);
      for (const entry of page.entries) sums.add(entry, page.flushed_seq);
      after = page.next_after;
    }
    await sums.compareUsage(ask);
    const balance = balanceAnswerSchema.parse(await ask("/v1/billing/balance"));
    if (balance.entries !== before.entries && attempt < tries) continue;
    sums.expect("entries of the ledger", String(sums.entries), String(balance.entries));
    sums.expect("charged", exactUsd(sums.charged), balance.charged_usd.exact);
    sums.expect("paid in", exactUsd(sums.credited), balance.topped_up_usd.exact);
    const flushed = exactUsd(sums.charged - sums.pending);
    sums.expect("charged in D1", exactUsd(sums.chargedInD1), flushed);
    sums.expect("pending", exactUsd(sums.pending), balance.pending_usd.exact);
    return {
      entries: sums.entries,
      pending: balance.pending_entries,
      chargedUsd: exactUsd(sums.charged),
      differences: sums.differences,
    };
  }
}

class Sums {
  readonly differences: Difference[] = [];
  entries = 0;
  charged = 0n;
  credited = 0n;
  pending = 0n;
  chargedInD1 = 0n;
  readonly #byFeature = new Map<string, bigint>();
  readonly #days: number[] = [];

  add({ seq, event_id: eventId, ledger, d1 }: ComparedEntry, flushedSeq: number): void {
    const isFlushed = seq <= flushedSeq;
    const say = (what: string): void => this.#say(eventId, what);
    // What D1 took of a batch whose answer was lost is in it before the ledger counts it there.
    if (d1 && isFlushed) this.chargedInD1 += BigInt(d1.charge_nano_usd);
    if (!ledger) return say("D1 has it, and the ledger has not");
    this.entries += 1;
    this.charged += BigInt(ledger.charge_nano_usd);
    this.credited += BigInt(ledger.credit_nano_usd);
    if (!isFlushed) this.pending += BigInt(ledger.charge_nano_usd);
    if (!d1 && isFlushed) say("the ledger has it, and counts it as one that D1 has, which has not");
    if (d1) {
      for (const name of ["at", "charge_nano_usd", "credit_nano_usd", "body"] as const) {
        if (ledger[name] !== d1[name]) say(`${name} is ${ledger[name]} in the ledger and ${d1[name]} in D1`);
      }
    }
    this.#reckon(ledger, say);
    return undefined;
  }

  /** Whether the sums by feature, over all days of entries, are those of the entries. */
  async compareUsage(ask: Ask): Promise<void> {
    if (this.#days.length === 0) return;
    const [from, to] = [Math.min(...this.#days), Math.max(...this.#days)].map(dateOf);
    const shown = new Map<string, string>();
    for (let after: string | null = ""; after !== null;) {
      const next: string = after === "" ? "" : `&after=${encodeURIComponent(after)}`;
      const page: UsageAnswer = usageAnswerSchema.parse(
        await ask(`/v1/usage?by=feature&from=${from}&to=${to}&limit=${pageRows}${next}`),
      );
      for (const { key, charge_usd } of page.rows) shown.set(key, charge_usd.exact);
      after = page.next_after;
    }
    for (const feature of new Set([...shown.keys(), ...this.#byFeature.keys()])) {
      this.expect(`usage of ${feature}`, exactUsd(this.#byFeature.get(feature) ?? 0n), shown.get(feature) ?? "0");
    }
  }

  expect(name: string, ofEntries: string, said: string): void {
    if (ofEntries !== said) this.#say(undefined, `${name} is ${said}, and ${ofEntries} by the entries`);
  }

  /** By the entry's own words. */
  #reckon(side: NonNullable<ComparedEntry["ledger"]>, say: (what: string) => void): void {
    const said = parseJson(side.body);
    if (typeof said === "object" && said !== null && "top_up" in said) {
      if (said.top_up !== side.credit_nano_usd)
        say(`credit is ${side.credit_nano_usd}, and ${String(said.top_up)} was paid`);
      return;
    }
    const entry = bodySchema.safeParse(said);
    if (!entry.success) return say("what it says can't be read");
    const { cost_nano_usd, multiplier, feature, at } = entry.data;
    const charge = chargeOf(cost_nano_usd ?? 0, multiplier);
    if (charge !== side.charge_nano_usd) say(`charge is ${side.charge_nano_usd}, and ${charge} by its cost`);
    this.#byFeature.set(feature, (this.#byFeature.get(feature) ?? 0n) + BigInt(side.charge_nano_usd));
    const day = Math.floor(at / 86_400_000);
    const [first = day, last = day] = this.#days;
    this.#days.splice(0, 2, Math.min(first, day), Math.max(last, day));
  }

  #say(eventId: string | undefined, what: string): void {
    if (this.differences.length < mostDifferences) this.differences.push({ eventId, what });
  }
}

function dateOf(day: number): string {
  return new Date(day * 86_400_000).toISOString().slice(0, 10);
}
