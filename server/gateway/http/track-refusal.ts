import type { Context } from "hono";
import { tracksOf } from "../../shared/access/principal.ts";
import type { AppEnv } from "./app-env.ts";
import { problem } from "./problem.ts";

/**
 * Why a caller whose token names its tracks can't have what is asked for; undefined where it can.
 * @param tracks that are asked for; undefined: all that there are.
 */
export function trackRefusal(c: Context<AppEnv>, tracks: readonly string[] | undefined): Response | undefined {
  const allowed = tracksOf(c.var.principal);
  if (!allowed || (tracks && tracks.every((track) => allowed.includes(track)))) return undefined;
  return problem(c, "forbidden", `The token is for these tracks alone: ${allowed.join(", ")}.`);
}
