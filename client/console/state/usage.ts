/** What the tenant used, and what it costs: asked for by the view that shows it. */
import { signal } from "@preact/signals";
import type { Balance, BudgetInUse, Usage } from "../../index.ts";
import { RoomtoneHttpError } from "../../index.ts";
import { gateway, withAccess } from "../api/gateway.ts";
import { plainWords } from "../api/plain-words.ts";
import { csvOf } from "./csv.ts";

export type UsageRow = Usage["rows"][number];

export interface Spent {
  readonly from: string;
  readonly to: string;
  readonly total: Usage["total"];
  /** Every day of the time, those of no use included. */
  readonly days: readonly UsageRow[];
  readonly features: readonly UsageRow[];
  /** Those that cost most first. */
  readonly meetings: readonly UsageRow[];
  /** Whether there are meetings beyond these. */
  readonly hasMore: boolean;
  readonly balance: Balance;
  /** Undefined where the key may not see them. */
  readonly budgets: readonly BudgetInUse[] | undefined;
}

/** What the ledger's own features are to people; a backend's own word stays as it is. */
const featureNames: Readonly<Record<string, string>> = {
  all: "Everything",
  chat: "Questions",
  stt: "Speech to text",
  tts: "Text to speech",
  live: "Talks with an AI",
  ingest: "Audio taken in",
  resolve: "Who speaks",
  storage: "Storage",
};

export function featureWords(feature: string): string {
  return featureNames[feature] ?? feature;
}

export const spans = [7, 30, 90] as const;
export const span = signal<(typeof spans)[number]>(30);
export const spent = signal<Spent | undefined>(undefined);
export const usageProblem = signal<string | undefined>(undefined);

const dayMs = 86_400_000;
const pageRows = 1_000;
/** Of meetings: beyond them the page says that there are more. */
const mostPages = 20;
const dateOf = (ms: number): string => new Date(ms).toISOString().slice(0, 10);

export async function lookAtUsage(ending: AbortSignal): Promise<void> {
  const now = Date.now();
  const [from, to] = [dateOf(now - (span.value - 1) * dayMs), dateOf(now)];
  try {
    spent.value = await withAccess(async () => {
      const by = (dimension: Usage["by"]) =>
        gateway.usage({ by: dimension, from, to, limit: pageRows, signal: ending });
      const [days, features, meetings, balance, budgets] = await Promise.all([
        by("day"),
        by("feature"),
        meetingsBetween(from, to, ending),
        gateway.balance({ signal: ending }),
        gateway.budgets({ signal: ending }).catch(unlessForbidden),
      ]);
      const byCost = meetings.rows.filter(({ key }) => key !== "").toSorted((a, b) => usdOf(b) - usdOf(a));
      const { total } = days;
      return {
        from,
        to,
        total,
        days: filled(days.rows, now),
        features: features.rows,
        meetings: byCost,
        hasMore: meetings.hasMore,
        balance,
        budgets,
      };
    });
    usageProblem.value = undefined;
  } catch (cause) {
    if (!ending.aborted) usageProblem.value = plainWords(cause);
  }
}

/** All of them, in the order of their ids: what costs most may be on any page. */
async function meetingsBetween(
  from: string,
  to: string,
  ending: AbortSignal,
): Promise<Pick<Usage, "rows"> & { hasMore: boolean }> {
  const rows: UsageRow[] = [];
  let after: string | undefined;
  for (let pages = 0; pages < mostPages; pages += 1) {
    const page = await gateway.usage({ by: "session", from, to, after, limit: pageRows, signal: ending });
    rows.push(...page.rows);
    if (page.next_after === null) return { rows, hasMore: false };
    after = page.next_after;
  }
  return { rows, hasMore: true };
}

function unlessForbidden(cause: unknown): undefined {
  if (cause instanceof RoomtoneHttpError && cause.status === 403) return undefined;
  throw cause;
}

export function usdOf({ charge_usd }: Pick<UsageRow, "charge_usd">): number {
  return Number(charge_usd.exact);
}

const nothing: Omit<UsageRow, "key"> = {
  entries: 0,
  estimated_entries: 0,
  unpriced_entries: 0,
  cost_usd: { exact: "0", shown: "0.000" },
  charge_usd: { exact: "0", shown: "0.000" },
  quantities: { audio_ms: 0, characters: 0, input_tokens: 0, output_tokens: 0, calls: 0, byte_days: 0 },
};

function filled(rows: readonly UsageRow[], now: number): UsageRow[] {
  const known = new Map(rows.map((row) => [row.key, row]));
  return Array.from({ length: span.value }, (_, n) => {
    const key = dateOf(now - (span.value - 1 - n) * dayMs);
    return known.get(key) ?? { key, ...nothing };
  });
}

/** Days, features and meetings, a line each. */
export function usageCsv({ days, features, meetings }: Spent): string {
  const head = ["what", "key", "charge_usd", "cost_usd", "entries", "estimated_entries", "unpriced_entries"] as const;
  const units = ["audio_ms", "characters", "input_tokens", "output_tokens", "calls", "byte_days"] as const;
  const lines = (what: string, rows: readonly UsageRow[]) =>
    rows.map((row) => [
      what,
      row.key,
      usdOf(row),
      Number(row.cost_usd.exact),
      row.entries,
      row.estimated_entries,
      row.unpriced_entries,
      ...units.map((unit) => row.quantities[unit]),
      row.title ?? "",
    ]);
  return csvOf([
    [...head, ...units, "title"],
    ...lines("day", days),
    ...lines("feature", features),
    ...lines("meeting", meetings),
  ]);
}
