/**
 * `GET /ready`: whether what the gateway stands on works, by using it. Anybody may ask, so a look is taken every few seconds at
 * most, and no answer holds an address. `GET /health` asks nothing of the kind.
 */
import type { Context } from "hono";
import type { Ready } from "../../../schemas/http/health.ts";
import { defaultTenant } from "../../../schemas/names.ts";
import { withTimeout } from "../../../schemas/lib/timeout.ts";
import { readyLookEveryMs, readyTimeoutMs } from "../../shared/config/timings.ts";
import type { Config } from "../../shared/config/config.ts";
import { tryAgain } from "../../shared/d1/try-again.ts";
import { isWithin } from "../../shared/lib/cooldown.ts";
import { describeError, log } from "../../shared/telemetry/log.ts";
import type { Env } from "../env.ts";
import type { AppEnv } from "./app-env.ts";
import { reachRoom } from "./rooms.ts";

type Checks = Ready["checks"];
type Check = Checks[keyof Checks];

/** A room that is asked whether it was opened, and never is. */
const probeSession = "readiness.probe";
const absent: Check = { status: "absent" };

/** The last look of this isolate, by what it looked at: a Worker's answer may not wait for another request's. */
const looks = new WeakMap<object, { readonly ready: Ready; readonly at: number }>();

export async function readyRoute(c: Context<AppEnv>): Promise<Response> {
  const known = looks.get(c.env.MEETING_SESSION);
  const isFresh = known !== undefined && isWithin(readyLookEveryMs, known.at, Date.now());
  const ready = isFresh ? known.ready : await look(c.env, c.var.config, c.var.traceId);
  if (!isFresh) looks.set(c.env.MEETING_SESSION, { ready, at: Date.now() });
  return c.json(ready, ready.status === "not_ready" ? 503 : 200, { "cache-control": "no-store" });
}

async function look(env: Env, { localInference, inference = localInference }: Config, traceId: string): Promise<Ready> {
  const ask = async (what: keyof Checks, asking: () => Promise<unknown>): Promise<Check> => {
    try {
      await withTimeout(asking(), readyTimeoutMs, what);
      return { status: "ok" };
    } catch (cause) {
      log.warn("ready.check_failed", { trace_id: traceId, check: what, error: describeError(cause) });
      return { status: "down", reason: reasonOf(cause) };
    }
  };
  const { APP } = env;
  const [rooms, storage, index, inferenceCheck, app] = await Promise.all([
    ask("rooms", () => reachRoom(env.MEETING_SESSION, defaultTenant, probeSession, traceId).call("exists")),
    ask("storage", () => env.RESULT_BUCKET.head("readiness-probe")),
    ask("index", () =>
      tryAgain(() =>
        env.DB.prepare("SELECT (SELECT count(*) FROM sessions WHERE 0), (SELECT 1 FROM api_keys)").first(),
      ),
    ),
    // Without audio there is nothing to resolve: any answer but a failure of its own says that the service is there.
    inference ? ask("inference", () => answered(fetch(inference.url, { method: "HEAD", redirect: "manual" }))) : absent,
    APP ? ask("app", () => answered(APP.fetch(new Request("https://app/assets/readiness-probe")))) : absent,
  ]);
  const isReady = [rooms, storage, index].every(({ status }) => status === "ok");
  const isWhole = [inferenceCheck, app].every(({ status }) => status !== "down");
  return {
    status: isReady ? (isWhole ? "ready" : "degraded") : "not_ready",
    checked_at: new Date().toISOString(),
    checks: { rooms, storage, index, inference: inferenceCheck, app },
  };
}

async function answered(asked: Promise<Response>): Promise<void> {
  const { body, status } = await asked;
  await body?.cancel();
  if (status >= 500) throw new StatusError(`It answered ${status}.`);
}

/** Says nothing that must not be shown. */
class StatusError extends Error {}

/** What a platform throws may hold an address or a key: it is for the log alone. */
function reasonOf(cause: unknown): string {
  if (cause instanceof StatusError) return cause.message;
  const isLate = cause instanceof Error && cause.name === "TimeoutError";
  return isLate ? `It did not answer within ${readyTimeoutMs} ms.` : "It could not be asked.";
}
