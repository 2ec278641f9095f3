/** Settings of wrangler for programs that load it: no metrics, no look-up of the machine's place, no log files at home. */
export function quietWrangler(): void {
  process.env["WRANGLER_SEND_METRICS"] = "false";
  process.env["CLOUDFLARE_CF_FETCH_ENABLED"] = "false";
  process.env["X_LOCAL_EXPLORER"] = "false";
  process.env["X_LOCAL_OBSERVABILITY"] = "false";
  process.env["WRANGLER_WRITE_LOGS"] ??= "false";
  process.env["WRANGLER_LOG"] ??= "warn";
}
