/** The models of a tenant that write, opened for as long as a request takes. The model that quotes is none of them: it is `chat/`'s own. */
import { ok, type Result } from "../../../schemas/lib/result.ts";
import { type ModelName, modelNameOf, parseSpeechConfig } from "../../shared/config/speech.ts";
import type { Env } from "../env.ts";
import type { Candidate } from "./ask-in-turn.ts";
import { ChatModels } from "./chat-models.ts";
import type { ChatModel } from "./chat-port.ts";
import { chatModelOf, type Providers } from "./models.ts";
import { namesFor, preferencesOf } from "./preferences.ts";
import { Meter } from "./usage/meter.ts";
import { usageStore } from "./usage/usage-store.ts";

export interface TenantChat {
  readonly models: ChatModels;
  readonly meter: Meter;
  /** In order of preference; the model that quotes is among them by its name. */
  readonly preferred: readonly ModelName[];
  /** What a request or a tenant may choose, the preferred ones first. */
  readonly allowed: readonly ModelName[];
  /** One that is allowed; undefined where it is not set up, and for the one that quotes. */
  readonly model: (name: ModelName) => Candidate<ChatModel> | undefined;
}

/**
 * @param route whose own order of models holds, where it has one.
 * @returns the variables that don't parse, where any does not.
 */
export async function openChat(
  env: Env,
  tenant: string,
  route: string,
  keepAlive: (work: Promise<unknown>) => void,
): Promise<Result<TenantChat, string[]>> {
  const config = parseSpeechConfig(env);
  if (!config.ok) return config;
  const providers: Providers = { tenant, config: config.value, ai: env.AI };
  const own = await preferencesOf(env.DB, tenant);
  const { preferred, allowed } = namesFor(config.value.chat, own.chat);
  const ofRoute = config.value.chatRoutes.get(route) ?? [];
  const allowedNames = new Set(allowed.map(modelNameOf));
  const ofRouteAllowed = ofRoute.filter((name) => allowedNames.has(modelNameOf(name)));
  const meter = new Meter(usageStore(env), keepAlive);
  return ok({
    models: new ChatModels(meter),
    meter,
    // A tenant's own choice goes before a route's, which the deployment makes.
    preferred: own.chat === undefined && ofRouteAllowed.length > 0 ? ofRouteAllowed : preferred,
    allowed,
    model: (name) => chatModelOf(providers, name),
  });
}
