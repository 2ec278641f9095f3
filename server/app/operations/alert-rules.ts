/** Which alerts there are, and what each goes by. Pure: what is known in, what is wrong out. */
import type { OperationsConfig } from "../../shared/config/operations.ts";
import type { MeetingSums } from "./meetings-store.ts";
import type { Rates } from "./series-store.ts";
import type { States } from "./states-store.ts";

export const alertNames = [
  "archive_behind",
  "captions_behind",
  "disk_near",
  "error_rate",
  "inference_down",
  "quota_near",
  "storage_full",
  "store_errors",
  "webhooks_failing",
] as const;
export type AlertName = (typeof alertNames)[number];

/** Fewer requests say nothing of a rate. */
const leastRequests = 20;

export interface Condition {
  readonly alert: AlertName;
  /** What is too much, and beyond what. */
  readonly value: number;
  readonly threshold: number;
  /** A sentence for whoever is paged. */
  readonly summary: string;
}

/** What is known of the installation at a time. */
export interface Known {
  readonly sums: MeetingSums;
  readonly rates: Rates;
  readonly states: States;
  /** Of the machine's disk; undefined where there is none. */
  readonly freeBytes: number | undefined;
}

const storeTitles: Readonly<Record<string, string>> = { d1: "D1", kv: "KV", object: "Durable Objects", r2: "R2" };
const bytesPerMb = 1_000_000;

export function conditionsOf(
  { sums, rates, states, freeBytes }: Known,
  thresholds: OperationsConfig,
  now: number,
): Condition[] {
  const since = (at: number | null): number => (at === null ? 0 : Math.max(0, now - at) / 1_000);
  const behind = since(sums.oldest_pending_at);
  const down = since(sums.inference_down_since);
  const percent = rates.requests < leastRequests ? 0 : (100 * rates.errors) / rates.requests;
  const lag = since(states.captions_behind_since);
  const untaken = since(states.webhooks_failing_since);
  const { store = "", errors: failed = 0 } = rates.store ?? {};
  const { tenant = "", percent: used = 0 } = states.quota ?? {};
  const all: Condition[] = [
    {
      alert: "archive_behind",
      value: Math.round(behind),
      threshold: thresholds.ALERT_ARCHIVE_BEHIND_S,
      summary: `Kept audio waits for R2: ${sums.pending} seconds of it, the oldest for ${Math.round(behind)} s. Nothing is lost while rooms can hold it.`,
    },
    {
      alert: "inference_down",
      value: Math.round(down),
      threshold: thresholds.ALERT_INFERENCE_DOWN_S,
      summary: `Speaker resolve fails in ${sums.inference_down} meetings, for ${Math.round(down)} s. Audio is kept, and resolved once the service is back.`,
    },
    {
      alert: "captions_behind",
      value: Math.round(lag),
      threshold: thresholds.ALERT_CAPTIONS_BEHIND_S,
      summary: `Captions are behind in ${states.captions_behind} meetings, for ${Math.round(lag)} s. Audio is kept, and said once the model answers.`,
    },
    {
      alert: "quota_near",
      value: used,
      threshold: thresholds.ALERT_QUOTA_PERCENT,
      summary: `Tenant ${tenant} has used ${used} % of the audio that it may store today (UTC). Beyond it seconds are refused until the next day.`,
    },
    {
      alert: "error_rate",
      value: Math.round(percent * 10) / 10,
      threshold: thresholds.ALERT_ERROR_PERCENT,
      summary: `${rates.errors} of ${rates.requests} requests of the last five minutes were answered 5xx.`,
    },
    {
      alert: "storage_full",
      value: rates.storage_full,
      threshold: 1,
      summary: `${rates.storage_full} requests or connections of the last five minutes were refused for want of space.`,
    },
    {
      alert: "store_errors",
      value: failed,
      threshold: thresholds.ALERT_STORE_ERRORS,
      summary: `${failed} calls of ${storeTitles[store] ?? store} failed in the last five minutes.`,
    },
    {
      alert: "webhooks_failing",
      value: Math.round(untaken),
      threshold: thresholds.ALERT_WEBHOOKS_FAILING_S,
      summary: `Webhooks of ${states.webhooks_failing} sessions have waited for ${Math.round(untaken)} s for a receiver that takes none.`,
    },
  ];
  const fired = all.filter(({ value, threshold }) => value >= threshold);
  const freeMb = freeBytes === undefined ? Number.POSITIVE_INFINITY : Math.floor(freeBytes / bytesPerMb);
  return freeMb < thresholds.ALERT_DISK_FREE_MB ? [...fired, diskNear(freeMb, thresholds.ALERT_DISK_FREE_MB)] : fired;
}

function diskNear(value: number, threshold: number): Condition {
  const summary = `The disk of STATE_DIR has ${value} MB left. Once it is full nothing more is kept; what is acked stays.`;
  return { alert: "disk_near", value, threshold, summary };
}
