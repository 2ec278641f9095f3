/**
 * The variables of the deployment, parsed once into a frozen Config; one file an area. A value that doesn't parse stops the
 * gateway from serving (503 naming the variable, never its value): it does not run on a guess.
 */
import * as z from "zod";
import type { ResolveSettings } from "../../../schemas/http/sessions.ts";
import type { DeploymentLimits } from "../../../schemas/limits.ts";
import { err, ok, type Result } from "../../../schemas/lib/result.ts";
import { eachOf } from "../http/issue-words.ts";
import { type AccessConfig, accessConfigOf, accessVariables } from "./access.ts";
import { type LifecycleConfig, lifecycleConfigOf, lifecycleVariables } from "./lifecycle.ts";
import { limitsOf, limitVariables } from "./limits.ts";
import {
  type InferenceConfig,
  inferenceConfigOf,
  localInferenceConfigOf,
  reviewConfigOf,
  resolveDefaultsOf,
  resolveVariables,
} from "./resolve.ts";
import { operationsVariables } from "./operations.ts";
import { speechVariables } from "./speech.ts";
import type { Variables } from "./variable.ts";
import { type WebhookConfig, webhookConfigOf, webhookVariables } from "./webhooks.ts";

const areasSchema = z.object({
  ...accessVariables,
  ...resolveVariables,
  ...webhookVariables,
  ...lifecycleVariables,
});
const limitsSchema = z.object(limitVariables);

/** All variables of the deployment by name, each with its default and its meaning. */
export const allVariables: Variables = {
  ...areasSchema.shape,
  ...limitVariables,
  ...speechVariables,
  ...operationsVariables,
};

export interface Config {
  readonly access: AccessConfig;
  readonly limits: DeploymentLimits;
  readonly resolve: ResolveSettings;
  /** The speaker-resolve service; undefined for the embedded resolver. */
  readonly inference: InferenceConfig | undefined;
  /** The service beside the gateway, which may be gone. */
  readonly localInference: InferenceConfig | undefined;
  /** The service that looks at whole tracks again; undefined where none does. */
  readonly review: InferenceConfig | undefined;
  readonly webhooks: WebhookConfig;
  readonly lifecycle: LifecycleConfig;
  /** 0: tracks never stall. */
  readonly trackStalledAfterMs: number;
}

/** @returns the config, or the names of the variables that don't parse, each with what was expected. */
export function parseConfig(env: object): Result<Config, string[]> {
  const parsed = areasSchema.safeParse(env);
  const limitValues = limitsSchema.safeParse(env);
  if (!parsed.success || !limitValues.success) {
    return err([...eachOf(parsed.error, env), ...eachOf(limitValues.error, env)]);
  }
  const values = parsed.data;
  const access = accessConfigOf(values);
  const webhooks = webhookConfigOf(values, values.AUTH_MODE === "off");
  if (!access.ok) return access;
  if (!webhooks.ok) return webhooks;
  return ok(
    Object.freeze({
      access: access.value,
      limits: limitsOf(limitValues.data),
      resolve: resolveDefaultsOf(values),
      inference: inferenceConfigOf(values),
      localInference: localInferenceConfigOf(values),
      review: reviewConfigOf(values),
      webhooks: webhooks.value,
      lifecycle: lifecycleConfigOf(values),
      trackStalledAfterMs: values.TRACK_STALLED_AFTER_MS,
    }),
  );
}
