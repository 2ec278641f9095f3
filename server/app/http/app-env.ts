import type { Principal } from "../../shared/access/principal.ts";
import type { Env } from "../env.ts";

/** What every route's context carries. */
export type AppEnv = {
  Bindings: Env;
  Variables: {
    /** W3C trace id, 32 hex digits: the gateway's own for this request. */
    traceId: string;
    /** Who asks, as the gateway found out; undefined for what anyone may have. */
    principal: Principal | undefined;
  };
};
