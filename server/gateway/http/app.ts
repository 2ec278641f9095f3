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
import { describeError, log } from "../../shared/telemetry/log.ts";
import type { AppEnv } from "./app-env.ts";
import { audioRoute } from "./audio-route.ts";
import { bindRoute, mergeRoute, turnRoute, unbindRoute } from "./correction-routes.ts";
import { doorOf, unlistedDoor } from "./guards/guards.ts";
import { eventsRoute, liveRoute } from "./event-routes.ts";
import { exportRoute } from "./export-routes.ts";
import { forwardToApp } from "./forward-to-app.ts";
import { healthRoute } from "./health-route.ts";
import { ingestRoute } from "./ingest-route.ts";
import { deleteSessionRoute, listSessionsRoute } from "./list-routes.ts";
import { originDoor } from "./guards/origin-guard.ts";
import { invalidSessionId } from "./guards/parameters.ts";
import { problem } from "./problem.ts";
import { rateHeaders } from "./guards/request-rate.ts";
import { SessionDeletedError } from "./rooms.ts";
import { secured } from "./secure-headers.ts";
import {
  configureSessionRoute,
  createSessionRoute,
  finalizeRoute,
  resolveRoute,
  resultRoute,
  retryResolvesRoute,
  stateRoute,
  utterancesRoute,
} from "./session-routes.ts";
import { mintTokenRoute } from "./token-route.ts";
import { traceIdFrom } from "../../shared/http/trace.ts";
import { deliveriesRoute, resendRoute } from "./webhook-routes.ts";

type Handler = (c: Context<AppEnv>) => Response | Promise<Response>;

const handlers: Readonly<Record<GatewayOperationId, Handler>> = {
  health: healthRoute,
  ingest: ingestRoute,
  ingestTrack: ingestRoute,
  listSessions: listSessionsRoute,
  createSession: createSessionRoute,
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
  resolve: resolveRoute,
  retryResolves: retryResolvesRoute,
  finalize: finalizeRoute,
  getResult: resultRoute,
  getAudio: audioRoute,
  exportRttm: exportRoute("speakers.rttm"),
  exportVtt: exportRoute("transcript.vtt"),
  exportSrt: exportRoute("transcript.srt"),
  exportText: exportRoute("transcript.txt"),
  listDeliveries: deliveriesRoute,
  resendDelivery: resendRoute,
};

export function createApp(): Hono<AppEnv> {
  const app = new Hono<AppEnv>();
  app.use(secured);
  app.use(async (c, next) => {
    c.set("traceId", traceIdFrom(c.req.header("traceparent")));
    const config = parseConfig(c.env);
    if (!config.ok)
      return problem(c, "misconfigured", `These variables are not set right: ${config.error.join("; ")}.`);
    c.set("config", config.value);
    await next();
    // A 101's headers can't be changed any more; its route sets the trace id itself.
    if (c.res.status === 101) return undefined;
    c.header("x-trace-id", c.var.traceId);
    for (const [name, value] of Object.entries(rateHeaders(c.var.rate))) c.header(name, value);
    return undefined;
  });
  app.use(originDoor);
  app.use("/v1/*", async (c, next) => {
    // No name of the protocol needs an escape. Decoding one would give a session a second spelling.
    if (new URL(c.req.url).pathname.includes("%")) return invalidSessionId(c);
    await next();
    return undefined;
  });
  for (const [id, operation] of Object.entries(gatewayOperations) as [GatewayOperationId, Operation][]) {
    app.on(operation.method, operation.path, doorOf(operation), handlers[id]);
  }
  for (const operation of Object.values<Operation>(appOperations)) {
    app.on(operation.method, operation.path, doorOf(operation), forwardToApp);
  }
  const rows = Object.entries(operations) as [OperationId, Operation][];
  for (const [path, entries] of Map.groupBy(rows, ([, operation]) => operation.path)) {
    const methods = entries.flatMap(([, { method }]) => (method === "GET" ? ["GET", "HEAD"] : [method]));
    const allow = methods.join(", ");
    app.all(path, (c) => problem(c, "method_not_allowed", `This route takes ${allow}.`, { allow }));
  }
  app.get(`${pageFilesPath}:name`, forwardToApp);
  app.all("*", unlistedDoor, forwardToApp);
  app.onError((cause, c) => {
    if (cause instanceof SessionDeletedError) {
      return problem(c, "session_deleted", "The session was deleted. Its id can't be used again.");
    }
    log.error("http.failed", { trace_id: c.var.traceId, error: describeError(cause) });
    return problem(c, "internal", "The gateway failed on this request. Try again; quote the trace id if it stays.");
  });
  return app;
}
