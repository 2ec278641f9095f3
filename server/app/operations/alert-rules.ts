/** Which alerts there are, and what each goes by. Pure: what is known in, what is wrong out. */
import type { OperationsConfig } from "../../shared/config/operations.ts";
import type { MeetingSums } from "./meetings-store.ts";
import type { Rates } from "./series-store.ts";

export const alertNames = ["archive_behind", "inference_down", "error_rate", "storage_full"] as const;
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

type Thresholds = Pick<OperationsConfig, "ALERT_ARCHIVE_BEHIND_S" | "ALERT_INFERENCE_DOWN_S" | "ALERT_ERROR_PERCENT">;

export function conditionsOf(sums: MeetingSums, rates: Rates, thresholds: Thresholds, now: number): Condition[] {
  const since = (at: number | null): number => (at === null ? 0 : Math.max(0, now - at) / 1_000);
  const behind = since(sums.oldest_pending_at);
  const down = since(sums.inference_down_since);
  const percent = rates.requests < leastRequests ? 0 : (100 * rates.errors) / rates.requests;
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
  ];
  return all.filter(({ value, threshold }) => value >= threshold);
}
