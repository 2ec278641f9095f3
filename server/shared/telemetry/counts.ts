/** What the lines count as: metrics are made of them, so that no place has to say a thing twice. Pure. */
import type { LogFields, LogLine } from "./log.ts";
import type { CounterName, HistogramName, StoreName } from "./metrics.ts";

export type Counted =
  | { readonly counter: CounterName; readonly labels: readonly string[]; readonly by: number }
  | { readonly histogram: HistogramName; readonly value: number };

const one = (counter: CounterName, ...labels: readonly string[]): Counted => ({ counter, labels, by: 1 });

/** Which store a failure is of. */
const stores: Readonly<Record<string, StoreName>> = {
  "keys.not_read": "d1",
  "keys.not_rechecked": "d1",
  "index.read_failed": "d1",
  "index.write_failed": "d1",
  "switches.not_read": "d1",
  "billing.not_flushed": "d1",
  "billing.not_compared": "d1",
  "models.preferences_unread": "d1",
  "models.preferences_unwritten": "d1",
  "speech_cache.unread": "kv",
  "speech_cache.unwritten": "kv",
  "chat_cache.unread": "kv",
  "chat_cache.unwritten": "kv",
  "archive.put_failed": "r2",
  "result.not_read": "r2",
  "session.not_read": "r2",
  "audio.not_opened": "r2",
  "peaks.not_read": "r2",
  "resolve.audio_unavailable": "r2",
  "review.audio_unavailable": "r2",
  "sync.trash_left": "r2",
  "rate_limiter.unreachable": "object",
  "rate_limiter.not_kept": "object",
  "tenant_quota.unreachable": "object",
  "quota.not_read": "object",
  "quota.not_leased": "object",
  "idempotency.unavailable": "object",
  "billing.unavailable": "object",
  "budget.not_held": "object",
  "usage.not_kept": "object",
  "sync.unavailable": "object",
};
/** What `GET /ready` looks at: where nothing else goes on, it alone sees that a store is away. */
const checkedStores: Readonly<Record<string, StoreName>> = { index: "d1", storage: "r2", rooms: "object" };

export function countsOf(line: LogLine): Counted[] {
  const counts = [one("roomtone_log_lines_total", line.level), ...byEvent(line)];
  const store = storeOf(line);
  return store === undefined ? counts : [...counts, one("roomtone_store_errors_total", store)];
}

function storeOf(line: LogLine): StoreName | undefined {
  if (line.event === "ready.check_failed") {
    const { check }: LogFields = line;
    return typeof check === "string" && Object.hasOwn(checkedStores, check) ? checkedStores[check] : undefined;
  }
  return Object.hasOwn(stores, line.event) ? stores[line.event] : undefined;
}

function byEvent(line: LogLine): Counted[] {
  const fields: LogFields = line;
  const status = String(fields["status"]);
  switch (line.event) {
    case "cf_request":
      return [
        one("roomtone_http_requests_total", String(fields["route"]), status),
        // An upgrade's or a stream's time is not its answer's.
        ...(status === "101" ? [] : took("roomtone_http_request_seconds", fields)),
        ...(typeof fields["code"] === "string" ? [one("roomtone_refusals_total", fields["code"])] : []),
        ...(status === "429" ? [one("roomtone_rate_limited_total")] : []),
      ];
    case "connection_opened":
      return [one("roomtone_connections_opened_total", String(fields["role"]))];
    case "connection_closed":
      return [one("roomtone_connections_closed_total", String(fields["role"]), closeClass(fields["status"]))];
    case "archive.put_failed":
      return [one("roomtone_archive_failures_total")];
    case "resolve":
      return [one("roomtone_resolve_calls_total", status), ...took("roomtone_resolve_seconds", fields)];
    case "review":
      return [one("roomtone_review_calls_total", status), ...took("roomtone_review_seconds", fields)];
    case "finalize_step":
      return [one("roomtone_finalize_steps_total", String(fields["step"]), status)];
    case "webhook":
      return [one("roomtone_webhook_tries_total", fields["error"] === undefined ? "delivered" : "failed")];
    case "webhook.dead":
      return [one("roomtone_webhooks_given_up_total")];
    case "ledger_flush":
      return [one("roomtone_ledger_flushes_total", status)];
    case "model_infer_stop":
    case "stt_stream_stop":
    case "tts_stop":
      return ofModel(fields, status);
    default:
      return [];
  }
}

function ofModel(fields: LogFields, status: string): Counted[] {
  const model = String(fields["model"]);
  return [
    one("roomtone_model_calls_total", model, status),
    ...took("roomtone_model_seconds", fields),
    ...added("roomtone_model_tokens_total", [model, "input"], numberOf(fields["input_tokens"])),
    ...added("roomtone_model_tokens_total", [model, "output"], numberOf(fields["output_tokens"])),
    ...added("roomtone_model_audio_seconds_total", [model], numberOf(fields["audio_ms"]) / 1_000),
    ...added("roomtone_model_cost_usd_total", [model], numberOf(fields["cost_nano_usd"]) / 1e9),
  ];
}

function added(counter: CounterName, labels: readonly string[], by: number): Counted[] {
  return by > 0 ? [{ counter, labels, by }] : [];
}

function took(histogram: HistogramName, fields: LogFields): Counted[] {
  const ms = fields["duration_ms"];
  return typeof ms === "number" ? [{ histogram, value: ms / 1_000 }] : [];
}

/** Close codes are a client's to choose: those that are not the platform's or ours are one. */
function closeClass(code: LogFields[string]): string {
  return typeof code === "number" && ((code >= 1_000 && code <= 1_015) || (code >= 4_400 && code <= 4_499))
    ? String(code)
    : "other";
}

function numberOf(value: LogFields[string]): number {
  return typeof value === "number" ? value : 0;
}
