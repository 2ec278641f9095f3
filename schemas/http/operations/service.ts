/** What the gateway says of itself. */
import { healthSchema, readySchema } from "../health.ts";
import { bySessions, type Operation } from "../operation.ts";
import { limits } from "../../limits.ts";
import { quotaSchema } from "../quota.ts";
import { rebuildAnswerSchema, rebuildBodySchema } from "../rebuild.ts";

export const serviceOperations = {
  health: {
    method: "GET",
    path: "/health",
    summary: "Whether the gateway lives, and what runs here. Asks nothing else.",
    access: "public",
    answers: { 200: { description: "The gateway serves.", schema: healthSchema } },
    errors: [],
  },
  ready: {
    method: "GET",
    path: "/ready",
    summary: "Whether what the gateway stands on works, and if not, what.",
    access: "public",
    answers: {
      200: { description: "`ready`, or `degraded`: meetings are kept.", schema: readySchema },
      503: { description: "`not_ready`: send no meetings here.", schema: readySchema },
    },
    errors: [],
  },
  getQuota: {
    method: "GET",
    path: "/v1/quota",
    summary: "What the tenant has used of its audio of the day and of its open sessions, and the limits.",
    access: bySessions("sessions:read"),
    answers: { 200: { description: "As counted now.", schema: quotaSchema } },
    errors: ["quota_unavailable"],
  },
  rebuildSessions: {
    method: "POST",
    path: "/admin/sessions/rebuild",
    summary:
      "Brings back from R2 what storage lost: the list, rooms, what is found in them. A page at a time, for keys of the tenant `default` with the scope `admin`.",
    access: bySessions("admin"),
    body: { schema: rebuildBodySchema, maxBytes: limits.maxRebuildBodyBytes },
    answers: { 200: { description: "What became of each session.", schema: rebuildAnswerSchema } },
    errors: ["body_too_large", "result_unavailable"],
  },
} as const satisfies Record<string, Operation>;
