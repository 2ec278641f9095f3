/**
 * The routes, one table. From it come the handlers, and for every path the 405 with its `Allow`.
 */
import { Hono } from "hono";
import type { Context } from "hono";
import { parseConfig } from "../config.ts";
import { describeError, log } from "../telemetry/log.ts";
import { type ExportName, exports } from "../exports/exports.ts";
import type { AppEnv } from "./app-env.ts";
import { audioRoute } from "./audio-route.ts";
import { bindRoute, mergeRoute, turnRoute, unbindRoute } from "./correction-routes.ts";
import { eventsRoute, liveRoute } from "./event-routes.ts";
import { exportRoute } from "./export-routes.ts";
import { healthRoute } from "./health-route.ts";
import { ingestRoute } from "./ingest-route.ts";
import { invalidSessionId } from "./parameters.ts";
import { deleteSessionRoute, listSessionsRoute } from "./list-routes.ts";
import { problem } from "./problem.ts";
import { SessionDeletedError } from "./rooms.ts";
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
import { traceIdFrom } from "./trace.ts";
import { deliveriesRoute, resendRoute } from "./webhook-routes.ts";

interface Route {
  readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  readonly path: string;
  readonly handle: (c: Context<AppEnv>) => Response | Promise<Response>;
}

const publicRoutes: readonly Route[] = [{ method: "GET", path: "/health", handle: healthRoute }];
const guardedRoutes: readonly Route[] = [
  { method: "GET", path: "/v1/audio/ws/:session_id", handle: ingestRoute },
  { method: "GET", path: "/v1/audio/ws/:session_id/:track", handle: ingestRoute },
  { method: "GET", path: "/v1/sessions", handle: listSessionsRoute },
  { method: "POST", path: "/v1/sessions", handle: createSessionRoute },
  { method: "PATCH", path: "/v1/sessions/:session_id", handle: configureSessionRoute },
  { method: "DELETE", path: "/v1/sessions/:session_id", handle: deleteSessionRoute },
  { method: "GET", path: "/v1/sessions/:session_id/state", handle: stateRoute },
  { method: "GET", path: "/v1/sessions/:session_id/events", handle: eventsRoute },
  { method: "GET", path: "/v1/sessions/:session_id/live", handle: liveRoute },
  { method: "POST", path: "/v1/sessions/:session_id/utterances", handle: utterancesRoute },
  { method: "PUT", path: "/v1/sessions/:session_id/bindings/:cluster_id", handle: bindRoute },
  { method: "DELETE", path: "/v1/sessions/:session_id/bindings/:cluster_id", handle: unbindRoute },
  { method: "POST", path: "/v1/sessions/:session_id/clusters/:cluster_id/merge", handle: mergeRoute },
  { method: "PATCH", path: "/v1/sessions/:session_id/turns/:event_id", handle: turnRoute },
  { method: "POST", path: "/v1/sessions/:session_id/resolve/retry", handle: retryResolvesRoute },
  { method: "POST", path: "/v1/sessions/:session_id/resolve", handle: resolveRoute },
  ...(Object.keys(exports) as ExportName[]).map((name): Route => ({
    method: "GET",
    path: `/v1/sessions/:session_id/${name}`,
    handle: exportRoute(name),
  })),
  { method: "GET", path: "/v1/sessions/:session_id/webhooks", handle: deliveriesRoute },
  { method: "POST", path: "/v1/sessions/:session_id/webhooks/:delivery_id/resend", handle: resendRoute },
  { method: "POST", path: "/v1/sessions/:session_id/finalize", handle: finalizeRoute },
  { method: "GET", path: "/v1/sessions/:session_id/result", handle: resultRoute },
  { method: "GET", path: "/v1/sessions/:session_id/audio.wav", handle: audioRoute },
];

export function createApp(): Hono<AppEnv> {
  const app = new Hono<AppEnv>();
  app.use(async (c, next) => {
    c.set("traceId", traceIdFrom(c.req.header("traceparent")));
    const config = parseConfig(c.env);
    if (!config.ok)
      return problem(c, "misconfigured", `These variables are not set right: ${config.error.join("; ")}.`);
    c.set("config", config.value);
    await next();
    // A 101's headers can't be changed any more; its route sets this one itself.
    if (c.res.status !== 101) c.header("x-trace-id", c.var.traceId);
    return undefined;
  });
  register(app, publicRoutes);
  app.use("/v1/*", async (c, next) => {
    if (c.var.config.access.authMode === "required") {
      return problem(
        c,
        "misconfigured",
        'AUTH_MODE is "required", and this version can\'t check credentials yet. It serves only with AUTH_MODE=off, on a private network.',
      );
    }
    // No name of the protocol needs an escape. Decoding one would give a session a second spelling.
    if (new URL(c.req.url).pathname.includes("%")) return invalidSessionId(c);
    await next();
    return undefined;
  });
  register(app, guardedRoutes);
  app.notFound((c) => problem(c, "not_found", "No such route."));
  app.onError((cause, c) => {
    if (cause instanceof SessionDeletedError) {
      return problem(c, "session_deleted", "The session was deleted. Its id can't be used again.");
    }
    log.error("http.failed", { trace: c.var.traceId, error: describeError(cause) });
    return problem(c, "internal", "The gateway failed on this request. Try again; quote the trace id if it stays.");
  });
  return app;
}

function register(app: Hono<AppEnv>, routes: readonly Route[]): void {
  for (const { method, path, handle } of routes) app.on(method, path, handle);
  const paths = Map.groupBy(routes, ({ path }) => path);
  for (const [path, entries] of paths) {
    const methods = entries.flatMap(({ method }) => (method === "GET" ? ["GET", "HEAD"] : [method]));
    const allow = methods.join(", ");
    app.all(path, (c) => problem(c, "method_not_allowed", `This route takes ${allow}.`, { allow }));
  }
}
