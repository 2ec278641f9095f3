/** `PUT /v1/models`: an administrator of a tenant says which models it prefers, among those that the deployment allows. */
import type { Context } from "hono";
import { chooseModelsBodySchema } from "../../../../schemas/http/speech.ts";
import { limits } from "../../../../schemas/limits.ts";
import { readJsonBody } from "../../../shared/http/read-json-body.ts";
import { modelNameOf } from "../../../shared/config/speech.ts";
import { describeError, log } from "../../../shared/telemetry/log.ts";
import type { TenantSpeech } from "../../ai/index.ts";
import { setPreference } from "../../ai/preferences.ts";
import type { AppEnv } from "../app-env.ts";
import { bodyRefusal } from "./body-refusal.ts";
import { callOf, speechOf } from "./caller.ts";
import { modelsRoute } from "./models.ts";
import { misconfigured, refusalWith, refuse } from "./refusals.ts";

const kinds = ["stt", "tts", "chat"] as const;

export async function chooseModelsRoute(c: Context<AppEnv>): Promise<Response> {
  const body = await readJsonBody(c.req.raw, chooseModelsBodySchema, limits.maxCorrectionBodyBytes);
  if (!body.ok) return refuse(c, bodyRefusal(body.error));
  const speech = await speechOf(c);
  if (!speech.ok) return misconfigured(c, speech.error);
  for (const kind of kinds) {
    const unknown = body.value[kind]?.find((name) => !isAllowed(speech.value, kind, name));
    if (unknown === undefined) continue;
    const names = speech.value.allowed[kind].map(modelNameOf).join(", ");
    return refuse(c, refusalWith(400, `${kind} names a model that is not offered here; there is ${names}.`));
  }
  try {
    for (const kind of kinds) {
      const names = body.value[kind];
      if (names === undefined) continue;
      const chosen = names?.flatMap((name) => speech.value.allowed[kind].filter((one) => modelNameOf(one) === name));
      await setPreference(c.env.DB, callOf(c).tenant, kind, chosen ?? null);
    }
  } catch (cause) {
    log.error("models.preferences_unwritten", { trace_id: c.var.traceId, error: describeError(cause) });
    return refuse(c, {
      code: "index_unavailable",
      detail: "The choice can't be kept now. Try again.",
      retryAfterSeconds: 5,
    });
  }
  return modelsRoute(c);
}

function isAllowed(speech: TenantSpeech, kind: (typeof kinds)[number], name: string): boolean {
  return speech.allowed[kind].some((one) => modelNameOf(one) === name);
}
