/**
 * The front of both Workers: the table of operations, each behind its guard, and for every path the 405 with its `Allow`. The
 * app's operations, the files of its pages and whatever else is in no table go to the app, where one is bound.
 */
import { Hono } from "hono";
import type { Context } from "hono";
import {
  appOperations,
  type GatewayOperationId,
  gatewayOperations,
  type Operation,
  type OperationId,
  operations,
  pageFilesPath,
} from "../../../schemas/http/operations.ts";
import { parseConfig } from "../../shared/config/config.ts";
import { isStorageFull, storageFullRetryMs } from "../../shared/lib/storage-full.ts";
import { describeError, log } from "../../shared/telemetry/log.ts";
import type { AppEnv } from "./app-env.ts";
import { audioRoute } from "./audio.ts";
import { peaksRoute } from "./peaks.ts";
import { eventsRoute, liveRoute } from "./events.ts";
import { forwardToApp } from "./forward-to-app.ts";
import { guardOf, unlistedGuard } from "./guards/credentials.ts";
import { originGuard } from "./guards/origins.ts";
import { pathGuard } from "./guards/parameters.ts";
import { rateHeaders } from "./guards/rate.ts";
import { healthRoute } from "./health.ts";
import { observed, routeNamed } from "./observed.ts";
import { conversationRoute, ingestRoute } from "./ingest.ts";
import { quotaRoute } from "./quota.ts";
import { readyRoute } from "./ready.ts";
import { problem } from "./problems.ts";
import { rebuildRoute } from "./rebuild.ts";
import { exportRoute } from "./exports.ts";
import { finalizeRoute, resultRoute, resultsRoute } from "./results.ts";
import { IdempotencyMismatchError, SessionDeletedError } from "./rooms.ts";
import { isUpgrade, refuseUpgrade } from "./sockets.ts";
import { secured } from "./secure-headers.ts";
import {
  configureSessionRoute,
  createSessionRoute,
  deleteSessionRoute,
  getSessionRoute,
  listSessionsRoute,
  stateRoute,
} from "./sessions.ts";
import {
  bindRoute,
  mergeRoute,
  originRoute,
  resolveRoute,
  retryResolvesRoute,
  reviewSpeakersRoute,
  turnRoute,
  unbindRoute,
  undoRoute,
} from "./speakers.ts";
import { mintTokenRoute } from "./tokens.ts";
import { canonicalPath } from "../../shared/http/path.ts";
import { utterancesRoute } from "./utterances.ts";
import { deliveriesRoute, resendRoute, testWebhookRoute } from "./webhooks.ts";

type Handler = (c: Context<AppEnv>) => Response | Promise<Response>;

const handlers: Readonly<Record<GatewayOperationId, Handler>> = {
  health: healthRoute,
  ready: readyRoute,
  getQuota: quotaRoute,
  rebuildSessions: rebuildRoute,
  ingest: ingestRoute,
  ingestTrack: ingestRoute,
  listSessions: listSessionsRoute,
  createSession: createSessionRoute,
  getSession: getSessionRoute,
  configureSession: configureSessionRoute,
  deleteSession: deleteSessionRoute,
  mintToken: mintTokenRoute,
  getState: stateRoute,
  getEvents: eventsRoute,
  live: liveRoute,
  addUtterances: utterancesRoute,
  bindSpeaker: bindRoute,
  unbindSpeaker: unbindRoute,
  mergeSpeakers: mergeRoute,
  correctTurn: turnRoute,
  setTrackOrigin: originRoute,
  undoCorrection: undoRoute,
  resolve: resolveRoute,
  retryResolves: retryResolvesRoute,
  reviewSpeakers: reviewSpeakersRoute,
  finalize: finalizeRoute,
  getResult: resultRoute,
  listResults: resultsRoute,
  getAudio: audioRoute,
  getPeaks: peaksRoute,
  exportRttm: exportRoute("speakers.rttm"),
  exportVtt: exportRoute("transcript.vtt"),
  exportSrt: exportRoute("transcript.srt"),
  exportText: exportRoute("transcript.txt"),
  listDeliveries: deliveriesRoute,
  testWebhook: testWebhookRoute,
  resendDelivery: resendRoute,
};

export function createApp(): Hono<AppEnv> {
  const app = new Hono<AppEnv>({ getPath: canonicalPath });
  app.use(observed);
  app.use(secured);
  app.use(async (c, next) => {
    const config = parseConfig(c.env);
    if (!config.ok) return problem(c, { reason: "misconfigured", issues: config.error });
    c.set("config", config.value);
    await next();
    // A 101's headers can't be changed any more; its route sets the trace id itself.
    if (c.res.status === 101) return undefined;
    c.header("x-trace-id", c.var.traceId);
    if (c.var.isReplay) c.header("x-idempotent-replay", "true");
    for (const [name, value] of Object.entries(rateHeaders(c.var.rate))) c.header(name, value);
    return undefined;
  });
  app.use(originGuard);
  for (const [id, operation] of Object.entries(gatewayOperations) as [GatewayOperationId, Operation][]) {
    app.on(operation.method, operation.path, routeNamed(id), guardOf(operation), handlers[id]);
  }
  for (const [id, operation] of Object.entries<Operation>(appOperations)) {
    app.on(operation.method, operation.path, routeNamed(id), guardOf(operation), forwardToApp);
  }
  const rows = Object.entries(operations) as [OperationId, Operation][];
  for (const [path, entries] of Map.groupBy(rows, ([, operation]) => operation.path)) {
    const methods = entries.flatMap(([, { method }]) => (method === "GET" ? ["GET", "HEAD"] : [method]));
    const allow = methods.join(", ");
    app.all(path, (c) => problem(c, { reason: "wrong_method", allow }));
  }
  // What a browser asks for by itself, or a person types: no page of a slash too many, and no error in the log for an icon.
  for (const { method, path, access } of rows.map(([, operation]) => operation)) {
    if (method === "GET" && access === "public" && path !== "/") app.get(`${path}/`, (c) => c.redirect(path, 308));
  }
  app.get("/favicon.ico", (c) => c.body(null, 204));
  app.get("/:session_id", conversationRoute);
  app.get(`${pageFilesPath}:name`, routeNamed("pageFile"), forwardToApp);
  app.use(pathGuard);
  app.all("*", unlistedGuard, forwardToApp);
  app.onError((cause, c) => {
    if (cause instanceof SessionDeletedError) return problem(c, "session_deleted");
    if (isStorageFull(cause)) return refuseFull(c);
    if (cause instanceof IdempotencyMismatchError) return problem(c, "idempotency_mismatch");
    log.error("cf_error", { route: c.get("route"), error: describeError(cause) });
    return problem(c, "bug");
  });
  return app;
}

/** One line in the log for each request would take what space is left. */
function refuseFull(c: Context<AppEnv>): Response {
  const full = { reason: "storage_full", retryAfterMs: storageFullRetryMs } as const;
  return isUpgrade(c) ? refuseUpgrade(c, full) : problem(c, full);
}
