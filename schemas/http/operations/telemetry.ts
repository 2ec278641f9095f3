/** How the installation runs, and what happened to a meeting. */
import { bySessions, type Operation, session } from "../operation.ts";
import { edgeHealthSchema, traceAnswerSchema, traceQuerySchema } from "../telemetry.ts";

const errors = ["app_unavailable"] as const;

export const telemetryOperations = {
  getMetrics: {
    method: "GET",
    path: "/metrics",
    summary:
      "Metrics of the whole installation, for Prometheus. For keys of the tenant `default` with the scope `metrics:read`.",
    access: bySessions("metrics:read"),
    answers: { 200: { description: "As known now.", contentType: "text/plain; version=0.0.4; charset=utf-8" } },
    errors,
  },
  getEdgeHealth: {
    method: "GET",
    path: "/admin/edge-health",
    summary:
      "How the whole installation runs, and which alerts fire. For keys of the tenant `default` with the scope `admin`.",
    access: bySessions("admin"),
    answers: { 200: { description: "As known now.", schema: edgeHealthSchema } },
    errors,
  },
  getTrace: {
    method: "GET",
    path: `${session}/trace`,
    summary: "What happened to a meeting: the lines of its requests, connections, calls and webhooks around a time.",
    access: bySessions("admin"),
    query: traceQuerySchema,
    answers: { 200: { description: "By time; of seven days at most.", schema: traceAnswerSchema } },
    errors,
  },
} as const satisfies Record<string, Operation>;
