/** The live models of this installation: which one a conversation gets, and how it is talked with on behalf of a tenant. */
import type { ParticipantBody } from "../../../../schemas/http/participant-body.ts";
import { err, ok, type Result } from "../../../../schemas/lib/result.ts";
import {
  liveModelNameOf,
  type LiveModels,
  parseLiveModel,
  parseLiveModels,
} from "../../../shared/config/live-models.ts";
import { meterFor, openSpeech } from "../../ai/index.ts";
import type { Env } from "../../env.ts";
import { traceIdFrom } from "../../../shared/http/trace.ts";
import type { TalkMeterDeps } from "../talk-meter.ts";
import { type OpenTalk, talkWith } from "./open-talk.ts";

/** Nothing where the variables don't parse. */
export function liveModelsOf(env: Env): Partial<LiveModels> {
  const config = parseLiveModels(env);
  return config.ok ? config.value : {};
}

/** @returns the model's name, as `provider/model`. */
export function modelOf(env: Env, body: ParticipantBody): Result<string, "unknown_model"> {
  const names = (liveModelsOf(env).models ?? []).map(liveModelNameOf);
  const [usual] = names;
  const wanted = body.model ?? usual;
  return wanted !== undefined && names.includes(wanted) ? ok(wanted) : err("unknown_model");
}

/** @param keepAlive lets work go on that nobody waits for. */
export async function talkOf(
  env: Env,
  model: string,
  { tenant, session_id }: { readonly tenant: string; readonly session_id: string },
  keepAlive: (work: Promise<unknown>) => void,
): Promise<Result<OpenTalk, "not_set_up">> {
  const config = parseLiveModels(env);
  const speech = await openSpeech(env, tenant, keepAlive);
  const name = parseLiveModel(model);
  if (!config.ok || !speech.ok || !name) return err("not_set_up");
  return talkWith(name, { config: config.value, speech: speech.value, session: { tenant, session_id } });
}

const googleHost = "generativelanguage.googleapis.com";

/** The meter of one conversation: holds its minutes against the tenant's budgets, and records what the model used. */
export function countingOf(
  env: Env,
  { model, tenant, session_id, subject }: MeteredTalk,
  keepAlive: (work: Promise<unknown>) => void,
): TalkMeterDeps {
  const { googleBaseUrl } = liveModelsOf(env);
  const isGoogles = googleBaseUrl !== undefined && new URL(googleBaseUrl).hostname === googleHost;
  return {
    meter: meterFor(env, keepAlive),
    model: { name: model, kind: "live", isOwn: model.startsWith("embedded/"), isPriced: isGoogles },
    call: {
      tenant,
      subject: subject ?? undefined,
      sessionId: session_id,
      traceId: traceIdFrom(undefined),
      route: "participant",
      signal: new AbortController().signal,
    },
    now: Date.now,
  };
}

interface MeteredTalk {
  readonly model: string;
  readonly tenant: string;
  readonly session_id: string;
  readonly subject?: string | null;
}
