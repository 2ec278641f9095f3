/**
 * The models of a tenant, for every part of the app that hears or speaks: opened for as long as a request or an alarm takes.
 * ```ts
 * const speech = await openSpeech(env, tenant, (work) => ctx.waitUntil(work));
 * if (speech.ok) await speech.value.models.transcribe(speech.value.transcribers(), audio, {}, call);
 * ```
 */
import { ok, type Result } from "../../../schemas/lib/result.ts";
import { type ModelName, modelNameOf, parseSpeechConfig, quotingModel } from "../../shared/config/speech.ts";
import type { Env } from "../env.ts";
import type { Candidate } from "./ask-in-turn.ts";
import type { CircuitState } from "./circuits.ts";
import { chatModelOf, type Providers, synthesizerOf, transcriberOf } from "./models.ts";
import type { Synthesizer, Transcriber } from "./ports.ts";
import { namesFor, preferencesOf } from "./preferences.ts";
import { SpeechModels } from "./speech-models.ts";
import { Meter } from "./usage/meter.ts";
import { usageStore } from "./usage/usage-store.ts";

/** Where calls are counted that go neither through `SpeechModels` nor through chat. */
export function meterFor(env: Env, keepAlive: (work: Promise<unknown>) => void): Meter {
  return new Meter(usageStore(env), keepAlive);
}

export interface TenantSpeech {
  readonly models: SpeechModels;
  /** Those that are set up, in order of preference. */
  readonly transcribers: () => Candidate<Transcriber>[];
  readonly synthesizers: () => Candidate<Synthesizer>[];
  /** What a request or a tenant may choose, by kind: the preferred ones first. */
  readonly allowed: {
    readonly stt: readonly ModelName[];
    readonly tts: readonly ModelName[];
    readonly chat: readonly ModelName[];
  };
  /** Those that answer chat and are set up, as they are listed. */
  readonly answering: () => readonly ListedModel[];
  /** One that is allowed, by its name; undefined where it is not set up. */
  readonly transcriber: (name: ModelName) => Candidate<Transcriber> | undefined;
  readonly synthesizer: (name: ModelName) => Candidate<Synthesizer> | undefined;
}

export interface ListedModel {
  readonly name: string;
  readonly isPreferred: boolean;
  readonly circuit: CircuitState;
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
  const providers: Providers = { tenant, config: config.value, ai: env.AI };
  const own = await preferencesOf(env.DB, tenant);
  const stt = namesFor(config.value.stt, own.stt);
  const tts = namesFor(config.value.tts, own.tts);
  const chat = namesFor(config.value.chat, own.chat);
  return ok({
    models: new SpeechModels(meterFor(env, keepAlive)),
    transcribers: () => stt.preferred.flatMap((name) => transcriberOf(providers, name) ?? []),
    synthesizers: () => tts.preferred.flatMap((name) => synthesizerOf(providers, name) ?? []),
    allowed: { stt: stt.allowed, tts: tts.allowed, chat: chat.allowed },
    answering: () =>
      chat.allowed.flatMap((one) => {
        const name = modelNameOf(one);
        const isPreferred = chat.preferred.some((other) => modelNameOf(other) === name);
        if (name === modelNameOf(quotingModel)) return [{ name, isPreferred, circuit: "closed" }];
        const candidate = chatModelOf(providers, one);
        return candidate ? [{ name, isPreferred, circuit: candidate.circuit.state }] : [];
      }),
    transcriber: (name) => transcriberOf(providers, name),
    synthesizer: (name) => synthesizerOf(providers, name),
  });
}
