import type { Config } from "../config.ts";
import type { Env } from "../env.ts";

/** What every route's context carries. */
export type AppEnv = {
  Bindings: Env;
  Variables: {
    /** W3C trace id, 32 hex digits. */
    traceId: string;
    config: Config;
  };
};
