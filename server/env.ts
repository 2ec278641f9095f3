/** The Worker's bindings (wrangler.jsonc). The variables beside them are read by `config.ts` alone. */
export interface Env extends Cloudflare.Env {
  readonly MEETING_SESSION: DurableObjectNamespace;
  readonly RESULT_BUCKET: R2Bucket;
  /** The index of sessions. */
  readonly DB: D1Database;
}
