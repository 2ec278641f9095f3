import type { Context } from "hono";
import type { AppEnv } from "./app-env.ts";

/** Whether a request asks for a WebSocket (RFC 6455 §4.2.1). */
export function isUpgrade(c: Context<AppEnv>): boolean {
  return c.req.method === "GET" && c.req.header("upgrade")?.toLowerCase() === "websocket";
}
