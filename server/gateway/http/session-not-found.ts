import type { Context } from "hono";
import type { AppEnv } from "./app-env.ts";
import { problem } from "./problem.ts";

export function sessionNotFound(c: Context<AppEnv>): Response {
  return problem(c, "session_not_found", "No session with this id was ever opened.");
}
