/** `GET /metrics` and `GET /admin/edge-health`: for who runs the installation, since they are about all tenants (SPEC Z6). */
import type { Context } from "hono";
import type { EdgeHealth } from "../../../../schemas/http/telemetry.ts";
import { defaultTenant } from "../../../../schemas/names.ts";
import { type SwitchName, switchNameSchema } from "../../../../schemas/switches.ts";
import { switchesOf } from "../../../shared/switches/of-installation.ts";
import { problemResponse } from "../../../shared/http/problem-response.ts";
import type { GaugeName } from "../../../shared/telemetry/metrics.ts";
import { exposition, expositionType, type Health, installation } from "../../operations/index.ts";
import type { AppEnv } from "../app-env.ts";

export function metricsRoute(c: Context<AppEnv>): Promise<Response> {
  return withHealth(c, (health) => {
    const headers = { "content-type": expositionType, "cache-control": "no-store" };
    return new Response(exposition([...health.samples, ...gaugesOf(health)]), { headers });
  });
}

export function edgeHealthRoute(c: Context<AppEnv>): Promise<Response> {
  return withHealth(c, async (health) => {
    const switched_off = await offNow(c);
    return c.json({ ...answerOf(health), switched_off } satisfies EdgeHealth, 200, { "cache-control": "no-store" });
  });
}

async function offNow(c: Context<AppEnv>): Promise<SwitchName[]> {
  const switches = switchesOf(c.env.DB);
  const all = await Promise.all(
    switchNameSchema.options.map(async (name) => ((await switches.isOff(name)) ? name : [])),
  );
  return all.flat();
}

async function withHealth(
  c: Context<AppEnv>,
  answer: (health: Health) => Response | Promise<Response>,
): Promise<Response> {
  if (c.var.principal?.tenant !== defaultTenant) {
    const detail = "This is about all tenants: it needs an API key of the tenant default.";
    return problemResponse("forbidden", detail, c.var.traceId);
  }
  return answer(await c.env.OPERATIONS.getByName(installation).health());
}

function gaugesOf({ sums, states, freeBytes, alerts, at }: Health): Health["samples"] {
  return [
    gauge("roomtone_sessions", sums.open, "open"),
    gauge("roomtone_sessions", sums.finalizing, "finalizing"),
    gauge("roomtone_archive_pending_chunks", sums.pending),
    gauge("roomtone_archive_oldest_pending_seconds", secondsSince(sums.oldest_pending_at, at)),
    gauge("roomtone_inference_circuits_open", sums.inference_down),
    gauge("roomtone_webhooks_pending", sums.webhooks_pending),
    gauge("roomtone_webhooks_dead", sums.webhooks_dead),
    gauge("roomtone_webhooks_failing_seconds", secondsSince(states.webhooks_failing_since, at)),
    gauge("roomtone_captions_behind", states.captions_behind),
    gauge("roomtone_captions_lag_seconds", secondsSince(states.captions_behind_since, at)),
    gauge("roomtone_quota_used_percent", states.quota?.percent ?? 0),
    ...(freeBytes === undefined ? [] : [gauge("roomtone_disk_free_bytes", freeBytes)]),
    ...[...Map.groupBy(states.circuits, ({ model }) => model)].map(([model, open]) =>
      gauge("roomtone_model_circuits_open", open.length, model),
    ),
    ...alerts.map(({ alert }) => gauge("roomtone_alert_firing", 1, alert)),
  ];
}

type Sample = Health["samples"][number];

function gauge(name: GaugeName, value: number, ...labels: readonly string[]): Sample {
  return { name, labels, value };
}

function answerOf({ sums, rates, states, freeBytes, alerts, troubled, at }: Health): Omit<EdgeHealth, "switched_off"> {
  return {
    status: alerts.length > 0 ? "alerting" : "ok",
    at: dateOf(at),
    sessions: { open: sums.open, finalizing: sums.finalizing },
    archive: { pending_chunks: sums.pending, oldest_pending_s: Math.round(secondsSince(sums.oldest_pending_at, at)) },
    inference: { meetings_down: sums.inference_down, down_since: nullableDate(sums.inference_down_since) },
    captions: {
      meetings_behind: states.captions_behind,
      lag_s: Math.round(secondsSince(states.captions_behind_since, at)),
    },
    models: states.circuits.map(({ since, ...circuit }) => ({ ...circuit, since: dateOf(since) })),
    quota: states.quota ?? null,
    disk: freeBytes === undefined ? null : { free_bytes: freeBytes },
    webhooks: { pending: sums.webhooks_pending, dead: sums.webhooks_dead },
    requests: { total: rates.requests, errors: rates.errors, storage_full: rates.storage_full },
    alerts: alerts.map(({ alert, since, summary }) => ({ alert, since: dateOf(since), summary })),
    troubled: troubled.map(({ oldest_pending_at: oldest, ...meeting }) => ({
      ...meeting,
      oldest_pending_at: nullableDate(oldest),
    })),
  };
}

function secondsSince(at: number | null, now: number): number {
  return at === null ? 0 : Math.max(0, now - at) / 1_000;
}

function dateOf(at: number): string {
  return new Date(at).toISOString();
}

function nullableDate(at: number | null): string | null {
  return at === null ? null : dateOf(at);
}
