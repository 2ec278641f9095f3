import type { Principal } from "../../shared/access/principal.ts";
import type { RateAnswer } from "../../shared/limits/sliding-window.ts";
import type { Config } from "../../shared/config/config.ts";
import type { Env } from "../env.ts";

/** What every route's context carries. */
export type AppEnv = {
  Bindings: Env;
  Variables: {
    /** W3C trace id, 32 hex digits. */
    traceId: string;
    config: Config;
    /** Who asks; set by the guard of every route that is not public. */
    principal: Principal;
    /** How much of the caller's request limit is left, for the answer's headers; unset where no limit holds. */
    rate?: RateAnswer;
  };
};
