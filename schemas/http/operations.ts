/**
 * Every route of the deployment, once: what it takes, what it answers, and who may use it. The routers of both Workers,
 * the gateway's checks and `openapi.json` are made from this table, so that none of them can know another contract. One file
 * a resource, merged here.
 */
import type { HttpErrorCode } from "../wire/errors.ts";
import type { Operation } from "./operation.ts";
import { contractOperations } from "./operations/contract.ts";
import { serviceOperations } from "./operations/service.ts";
import { ingestOperations } from "./operations/ingest.ts";
import { sessionsOperations } from "./operations/sessions.ts";
import { eventsOperations } from "./operations/events.ts";
import { speakersOperations } from "./operations/speakers.ts";
import { participantOperations } from "./operations/participant.ts";
import { resultsOperations } from "./operations/results.ts";
import { speechOperations } from "./operations/speech.ts";
import { telemetryOperations } from "./operations/telemetry.ts";
import { billingOperations } from "./operations/billing.ts";
import { chatOperations } from "./operations/chat.ts";
import { syncOperations } from "./operations/sync.ts";
import { transcriptionsOperations } from "./operations/transcriptions.ts";
import { webhooksOperations } from "./operations/webhooks.ts";

export type { Access, Operation } from "./operation.ts";

/** Routes that the gateway answers itself. */
export const gatewayOperations = {
  ...serviceOperations,
  ...ingestOperations,
  ...sessionsOperations,
  ...eventsOperations,
  ...speakersOperations,
  ...resultsOperations,
  ...webhooksOperations,
} as const satisfies Record<string, Operation>;

/**
 * Routes that the app answers. The gateway checks each request as its row says, and passes it on with the principal. Where no
 * app is installed they are 404.
 */
export const appOperations = {
  ...contractOperations,
  ...speechOperations,
  ...transcriptionsOperations,
  ...chatOperations,
  ...participantOperations,
  ...billingOperations,
  ...telemetryOperations,
  ...syncOperations,
} as const satisfies Record<string, Operation>;

/**
 * Files that the app's pages load, below this path: anyone may have them. Each has a hash of its content in its name, so
 * that it may be kept for ever. They are no part of `openapi.json`.
 */
export const pageFilesPath = "/assets/";

export const operations = { ...gatewayOperations, ...appOperations } as const;

export type GatewayOperationId = keyof typeof gatewayOperations;
export type AppOperationId = keyof typeof appOperations;
export type OperationId = keyof typeof operations;

/** The errors of a route that go without saying. */
export function commonErrors(operation: Operation): readonly HttpErrorCode[] {
  const always = ["misconfigured", "internal", "storage_full", "gateway_unavailable", "origin_not_allowed"] as const;
  const inPath = operation.path.includes(":session_id") ? (["invalid_session_id"] as const) : [];
  const upgrade = operation.isSocket ? (["upgrade_required", "unauthorized"] as const) : [];
  const strict = operation.takesAnything === true ? [] : (["bad_request"] as const);
  const noBody = operation.method !== "GET" && operation.body === undefined ? (["body_too_large"] as const) : [];
  // On a socket these come as one `error` message (SPEC W7), but for who brings no credential at all.
  const guarded =
    operation.access === "public" || operation.isSocket
      ? []
      : (["unauthorized", "token_expired", "forbidden", "rate_limited", "keys_unavailable"] as const);
  const keyed = operation.underKey === undefined ? [] : (["invalid_idempotency_key", "idempotency_mismatch"] as const);
  const switched = operation.switchedBy === undefined || operation.isSocket ? [] : (["switched_off"] as const);
  return [...always, ...switched, ...inPath, ...strict, ...noBody, ...upgrade, ...guarded, ...keyed];
}
