/**
 * Every metric of an installation: its kind, its labels, what it says. The exposition, the alert rules and the dashboard go by this
 * table. No label holds an id of a session, a trace or a caller: their number is bounded by the code and by what the deployment names.
 */
export interface Metric {
  readonly type: "counter" | "gauge" | "histogram";
  readonly help: string;
  readonly labels: readonly string[];
  /** Of a histogram: upper bounds, in the metric's unit. */
  readonly buckets?: readonly number[];
  /**
   * Of a counter with one label: those of its values that an alert goes by. They are shown as 0 before they are counted, since Prometheus
   * sees no growth in a series that begins above it.
   */
  readonly fromZero?: readonly string[];
}

const storeNames = ["d1", "kv", "object", "r2"] as const;
export type StoreName = (typeof storeNames)[number];

const seconds = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 15, 60] as const;

export const metrics = {
  roomtone_http_requests_total: {
    type: "counter",
    labels: ["route", "status"],
    help: "Requests, by operation and status.",
  },
  roomtone_http_request_seconds: { type: "histogram", labels: [], buckets: seconds, help: "How long requests took." },
  roomtone_refusals_total: {
    type: "counter",
    labels: ["code"],
    fromZero: ["storage_full"],
    help: "Requests and connections that were refused, by code.",
  },
  roomtone_rate_limited_total: { type: "counter", labels: [], help: "Requests that were answered 429." },
  roomtone_connections_opened_total: { type: "counter", labels: ["role"], help: "WebSockets that rooms took." },
  roomtone_connections_closed_total: {
    type: "counter",
    labels: ["role", "status"],
    help: "WebSockets that ended, by close code.",
  },
  roomtone_chunks_kept_total: { type: "counter", labels: [], help: "Seconds of audio that were acked as stored." },
  roomtone_chunk_bytes_kept_total: { type: "counter", labels: [], help: "Their bytes." },
  roomtone_chunks_duplicate_total: { type: "counter", labels: [], help: "Chunks that came again." },
  roomtone_chunks_archived_total: { type: "counter", labels: [], help: "Kept chunks that R2 has." },
  roomtone_frames_rejected_total: {
    type: "counter",
    labels: [],
    help: "Frames that rooms refused and counted on a track.",
  },
  roomtone_ack_seconds: {
    type: "histogram",
    labels: [],
    buckets: seconds,
    help: "From a chunk that was taken to its commit, which lets the ack out. One in ten is measured.",
  },
  roomtone_archive_failures_total: { type: "counter", labels: [], help: "Puts to R2 that failed and are tried again." },
  roomtone_resolve_calls_total: { type: "counter", labels: ["status"], help: "Calls of speaker resolve." },
  roomtone_resolve_seconds: { type: "histogram", labels: [], buckets: seconds, help: "How long they took." },
  roomtone_review_calls_total: { type: "counter", labels: ["status"], help: "Calls that look at a whole track again." },
  roomtone_review_seconds: { type: "histogram", labels: [], buckets: seconds, help: "How long they took." },
  roomtone_finalize_steps_total: { type: "counter", labels: ["step", "status"], help: "Steps of finalizes." },
  roomtone_webhook_tries_total: { type: "counter", labels: ["result"], help: "Tries to deliver webhooks." },
  roomtone_webhooks_given_up_total: { type: "counter", labels: [], help: "Webhooks that are tried no more." },
  roomtone_model_calls_total: { type: "counter", labels: ["model", "status"], help: "Calls of models that ended." },
  roomtone_model_seconds: { type: "histogram", labels: [], buckets: seconds, help: "How long they took." },
  roomtone_model_tokens_total: {
    type: "counter",
    labels: ["model", "direction"],
    help: "Tokens that models read and wrote.",
  },
  roomtone_model_audio_seconds_total: {
    type: "counter",
    labels: ["model"],
    help: "Seconds of audio that models heard or spoke.",
  },
  roomtone_model_cost_usd_total: {
    type: "counter",
    labels: ["model"],
    help: "What the calls cost, as far as prices are known.",
  },
  roomtone_ledger_flushes_total: { type: "counter", labels: ["status"], help: "Flushes of tenants' ledgers to D1." },
  roomtone_store_errors_total: {
    type: "counter",
    labels: ["store"],
    fromZero: storeNames,
    help: "Calls of D1, KV, R2 and of objects that failed.",
  },
  roomtone_log_lines_total: { type: "counter", labels: ["level"], help: "Lines that were logged." },
  roomtone_log_lines_dropped_total: {
    type: "counter",
    labels: ["where"],
    help: "Lines that were printed and got no further.",
  },
  roomtone_sessions: { type: "gauge", labels: ["status"], help: "Sessions that are open or being finalized." },
  roomtone_archive_pending_chunks: { type: "gauge", labels: [], help: "Kept chunks that R2 lacks." },
  roomtone_archive_oldest_pending_seconds: { type: "gauge", labels: [], help: "Since when the oldest of them waits." },
  roomtone_inference_circuits_open: {
    type: "gauge",
    labels: [],
    help: "Meetings whose windows wait for a speaker-resolve service that fails.",
  },
  roomtone_webhooks_pending: { type: "gauge", labels: [], help: "Webhooks that wait." },
  roomtone_webhooks_dead: {
    type: "gauge",
    labels: [],
    help: "Webhooks of sessions not yet over that are tried no more.",
  },
  roomtone_webhooks_failing_seconds: {
    type: "gauge",
    labels: [],
    help: "For how long webhooks of a session have waited for a receiver that takes none, where they wait longest.",
  },
  roomtone_captions_lag_seconds: {
    type: "gauge",
    labels: [],
    help: "For how long what is kept has waited for its captions, where it waits longest. 0 below ten seconds.",
  },
  roomtone_captions_behind: { type: "gauge", labels: [], help: "Meetings whose captions are behind." },
  roomtone_model_circuits_open: {
    type: "gauge",
    labels: ["model"],
    help: "Tenants for whom a model is left alone because it failed.",
  },
  roomtone_quota_used_percent: {
    type: "gauge",
    labels: [],
    help: "How much of the audio of a day is used by the tenant that has used most of its own.",
  },
  roomtone_disk_free_bytes: {
    type: "gauge",
    labels: [],
    help: "What the disk of STATE_DIR has left. Absent where there is none.",
  },
  roomtone_alert_firing: { type: "gauge", labels: ["alert"], help: "1 while an alert fires." },
} as const satisfies Record<string, Metric>;

export type MetricName = keyof typeof metrics;
type NamesOf<T extends Metric["type"]> = {
  [K in MetricName]: (typeof metrics)[K]["type"] extends T ? K : never;
}[MetricName];
export type CounterName = NamesOf<"counter">;
export type HistogramName = NamesOf<"histogram">;
export type GaugeName = NamesOf<"gauge">;

export function metricNamed(name: string): Metric | undefined {
  return Object.hasOwn(metrics, name) ? metrics[name as MetricName] : undefined;
}
