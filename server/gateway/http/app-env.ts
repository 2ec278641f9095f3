import type { Principal } from "../../shared/access/principal.ts";
import type { RateAnswer } from "../../shared/limits/sliding-window.ts";
import type { Config } from "../../shared/config/config.ts";
import type { Env } from "../env.ts";
import type { KeyedRequest } from "../core/idempotent-requests.ts";

/** What every route's context carries. */
export type AppEnv = {
  Bindings: Env;
  Variables: {
    /** W3C trace id, 32 hex digits. */
    traceId: string;
    /** Of this request, for what it calls. */
    spanId: string;
    /** The operation that answers; unset where none of the table does. */
    route?: string;
    config: Config;
    /** Who asks; set by the guard of every route that is not public. */
    principal: Principal;
    /** The idempotency key, where the request has one and the route goes by it. */
    idempotency?: Pick<KeyedRequest, "key" | "answer">;
    /** The body that was read, for the digest of a request under a key. */
    askedBody?: unknown;
    /** The answer was given before, to the same request under the same key. */
    isReplay?: true;
    /** How much of the caller's request limit is left, for the answer's headers; unset where no limit holds. */
    rate?: RateAnswer;
  };
};
