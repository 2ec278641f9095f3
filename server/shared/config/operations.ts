/** Variables on running an installation: where its lines go besides the console, and when somebody is told. Read by the app. */
import * as z from "zod";
import { err, ok, type Result } from "../../../schemas/lib/result.ts";
import { limits } from "../../../schemas/limits.ts";
import { eachOf } from "../http/issue-words.ts";
import { type ValuesOf, variable } from "./variable.ts";

const addressSchema = z
  .url({ protocol: /^https?$/ })
  .max(limits.maxWebhookUrlChars)
  .optional();

export const operationsVariables = {
  LOG_DRAIN_URL: variable(addressSchema).describe(
    "Where the lines of both Workers are posted besides the console, as JSON, one a line (docs/telemetry.md).",
  ),
  LOG_DRAIN_TOKEN: variable(z.string().optional()).describe("Sent there as `Authorization: Bearer …`. A secret."),
  ALERT_WEBHOOK_URL: variable(addressSchema).describe("Where alerts are posted when they fire and when they resolve."),
  ALERT_WEBHOOK_TOKEN: variable(z.string().optional()).describe("Sent there as `Authorization: Bearer …`. A secret."),
  ALERT_ARCHIVE_BEHIND_S: variable(z.coerce.number().int().min(1).default(120)).describe(
    "Alert `archive_behind`: a kept second has waited for R2 this long.",
  ),
  ALERT_INFERENCE_DOWN_S: variable(z.coerce.number().int().min(1).default(60)).describe(
    "Alert `inference_down`: windows have waited this long for a speaker-resolve service that fails.",
  ),
  ALERT_CAPTIONS_BEHIND_S: variable(z.coerce.number().int().min(1).default(120)).describe(
    "Alert `captions_behind`: what is kept of a meeting has waited this long for its captions.",
  ),
  ALERT_QUOTA_PERCENT: variable(z.coerce.number().int().min(1).max(100).default(80)).describe(
    "Alert `quota_near`: a tenant has used so many of a hundred parts of `AUDIO_QUOTA_S_PER_DAY`.",
  ),
  ALERT_DISK_FREE_MB: variable(z.coerce.number().int().min(0).default(2_000)).describe(
    "Alert `disk_near`: the disk of STATE_DIR has fewer megabytes left. On one machine; a deployment has no disk.",
  ),
  ALERT_ERROR_PERCENT: variable(z.coerce.number().min(0.1).max(100).default(5)).describe(
    "Alert `error_rate`: so many of a hundred requests of five minutes were answered 5xx, of twenty at least.",
  ),
  ALERT_STORE_ERRORS: variable(z.coerce.number().int().min(1).default(5)).describe(
    "Alert `store_errors`: so many calls of one store (D1, R2, KV, objects) failed in five minutes.",
  ),
  ALERT_WEBHOOKS_FAILING_S: variable(z.coerce.number().int().min(1).default(600)).describe(
    "Alert `webhooks_failing`: webhooks of a session have waited this long for a receiver that takes none.",
  ),
} as const;

export type OperationsConfig = ValuesOf<typeof operationsVariables>;
const schema = z.object(operationsVariables);

export function parseOperations(env: object): Result<OperationsConfig, string[]> {
  const parsed = schema.safeParse(env);
  return parsed.success ? ok(parsed.data) : err(eachOf(parsed.error, env));
}
