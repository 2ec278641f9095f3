/**
 * The models of a tenant, for every part of the app that hears or speaks: opened for as long as a request or an alarm takes.
 * ```ts
 * const speech = await openSpeech(env, tenant, (work) => ctx.waitUntil(work));
 * if (speech.ok) await speech.value.models.transcribe(speech.value.transcribers(), audio, {}, call);
 * ```
 */
import { ok, type Result } from "../../../schemas/lib/result.ts";
import { type ModelChoice, type ModelName, modelNameOf, parseSpeechConfig } from "../../shared/config/speech.ts";
import type { Env } from "../env.ts";
import type { Candidate } from "./ask-in-turn.ts";
import { type Providers, synthesizerOf, transcriberOf } from "./models.ts";
import type { Synthesizer, Transcriber } from "./ports.ts";
import { preferencesOf } from "./preferences.ts";
import { SpeechModels } from "./speech-models.ts";
import { Meter } from "./usage/meter.ts";
import { usageStore } from "./usage/usage-store.ts";

export interface TenantSpeech {
  readonly models: SpeechModels;
  /** Those that are set up, in order of preference. */
  readonly transcribers: () => Candidate<Transcriber>[];
  readonly synthesizers: () => Candidate<Synthesizer>[];
  /** What a request or a tenant may choose, by kind: the preferred ones first. */
  readonly allowed: { readonly stt: readonly ModelName[]; readonly tts: readonly ModelName[] };
  /** One that is allowed, by its name; undefined where it is not set up. */
  readonly transcriber: (name: ModelName) => Candidate<Transcriber> | undefined;
  readonly synthesizer: (name: ModelName) => Candidate<Synthesizer> | undefined;
}

/**
 * @param keepAlive lets work go on after the answer is out.
 * @returns the variables that don't parse, where any does not.
 */
export async function openSpeech(
  env: Env,
  tenant: string,
  keepAlive: (work: Promise<unknown>) => void,
): Promise<Result<TenantSpeech, string[]>> {
  const config = parseSpeechConfig(env);
  if (!config.ok) return config;
  const providers: Providers = { config: config.value, ai: env.AI };
  const own = await preferencesOf(env.DB, tenant);
  const stt = namesFor(config.value.stt, own.stt);
  const tts = namesFor(config.value.tts, own.tts);
  return ok({
    models: new SpeechModels(new Meter(usageStore(env), keepAlive)),
    transcribers: () => stt.preferred.flatMap((name) => transcriberOf(providers, name) ?? []),
    synthesizers: () => tts.preferred.flatMap((name) => synthesizerOf(providers, name) ?? []),
    allowed: { stt: stt.allowed, tts: tts.allowed },
    transcriber: (name) => transcriberOf(providers, name),
    synthesizer: (name) => synthesizerOf(providers, name),
  });
}

/** A tenant's own choice holds as far as the deployment still allows it. */
function namesFor({ preferred, allowed }: ModelChoice, own: readonly ModelName[] | undefined): ModelChoice {
  const allowedNames = new Set(allowed.map(modelNameOf));
  const chosen = (own ?? []).filter((name) => allowedNames.has(modelNameOf(name)));
  if (chosen.length === 0) return { preferred, allowed };
  const chosenNames = new Set(chosen.map(modelNameOf));
  return { preferred: chosen, allowed: [...chosen, ...allowed.filter((name) => !chosenNames.has(modelNameOf(name)))] };
}
