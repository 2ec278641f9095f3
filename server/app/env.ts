/** The app's bindings (server/app/wrangler.jsonc). */
export interface Env {
  /** The files of `dist/app`. */
  readonly ASSETS: Pick<Fetcher, "fetch">;
}
