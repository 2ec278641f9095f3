/** The ledger's entries side by side with D1's. Pure. */
import type { ComparedEntry, EntrySide } from "../../../schemas/http/billing-entries.ts";
import type { StoredEntry } from "./ledger-store.ts";

/** @returns each id once, in the order of its number; one that stands under two numbers is found under both. */
export function compared(ledger: readonly StoredEntry[], d1: readonly StoredEntry[]): ComparedEntry[] {
  const pairs = new Map<string, ComparedEntry>();
  for (const [side, rows] of [
    ["ledger", ledger],
    ["d1", d1],
  ] as const) {
    for (const row of rows) {
      const { seq, event_id } = row;
      const key = `${seq} ${event_id}`;
      const known = pairs.get(key) ?? { seq, event_id, ledger: null, d1: null };
      pairs.set(key, { ...known, [side]: sideOf(row) });
    }
  }
  return [...pairs.values()].toSorted((a, b) => a.seq - b.seq);
}

function sideOf({ at, charge, credit, body }: StoredEntry): EntrySide {
  return { at, charge_nano_usd: charge, credit_nano_usd: credit, body };
}
