/** Which models a request is put to: the one that it names, where it is allowed here, or else those of the tenant. */
import { err, ok, type Result } from "../../../../schemas/lib/result.ts";
import { type ModelName, modelNameOf } from "../../../shared/config/speech.ts";
import type { Candidate } from "../../ai/ask-in-turn.ts";
import type { TenantSpeech } from "../../ai/index.ts";
import type { SpeechFormat, Synthesizer, Transcriber } from "../../ai/ports.ts";
import { notSetUp, type Refusal, refusalWith } from "./refusals.ts";

export interface ModelWish {
  readonly name: string | undefined;
  /** Clients of OpenAI's API must name one of its models: a name that is not known here means any. */
  readonly isLoose: boolean;
}

export function chooseTranscribers(speech: TenantSpeech, wish: ModelWish): Result<Candidate<Transcriber>[], Refusal> {
  return chosen(speech.allowed.stt, speech.transcribers(), speech.transcriber, wish);
}

export interface SpeechWish {
  readonly characters: number;
  readonly voice: string | undefined;
  readonly format: SpeechFormat | undefined;
  readonly speed: number;
}

export interface SpeechChoice {
  readonly candidates: readonly Candidate<Synthesizer>[];
  readonly format: SpeechFormat;
}

/** Leaves out those that can't do what is asked; where none can, says what there is. */
export function chooseSynthesizers(
  speech: TenantSpeech,
  wish: ModelWish,
  { characters, voice, format, speed }: SpeechWish,
): Result<SpeechChoice, Refusal> {
  const named = chosen(speech.allowed.tts, speech.synthesizers(), speech.synthesizer, wish);
  if (!named.ok) return named;
  let left = named.value;
  const narrow = (fits: (model: Synthesizer) => boolean, detail: () => string): Refusal | undefined => {
    left = left.filter(({ model }) => fits(model));
    return left.length > 0 ? undefined : refusalWith(400, detail());
  };
  const all = (of: (model: Synthesizer) => readonly string[]): string =>
    [...new Set(named.value.flatMap(({ model }) => of(model)))].join(", ");
  const wanted =
    format ?? (left.some(({ model }) => model.formats.includes("wav")) ? "wav" : left[0]?.model.formats[0]) ?? "wav";
  const refusal =
    narrow(
      ({ maxCharacters }) => characters <= maxCharacters,
      () =>
        `The text has ${characters} characters, of ${Math.max(...named.value.map(({ model }) => model.maxCharacters))}: send it in parts.`,
    ) ??
    narrow(
      ({ formats }) => formats.includes(wanted),
      () => `There is no ${wanted} here; there is ${all(({ formats }) => formats)}.`,
    ) ??
    narrow(
      (model) => voice === undefined || model.voiceNamed(voice) !== undefined,
      () => `There is no such voice; there are ${all(({ voices }) => voices.map(({ id }) => id))}.`,
    ) ??
    narrow(
      ({ hasSpeed }) => speed === 1 || hasSpeed,
      () => "The model speaks at its own speed alone: leave speed out.",
    );
  return refusal ? err(refusal) : ok({ candidates: left, format: wanted });
}

function chosen<M>(
  allowed: readonly ModelName[],
  preferred: Candidate<M>[],
  find: (name: ModelName) => Candidate<M> | undefined,
  { name: wished, isLoose }: ModelWish,
): Result<Candidate<M>[], Refusal> {
  if (wished !== undefined && wished !== "") {
    const name = allowed.find((one) => modelNameOf(one) === wished) ?? allowed.find(({ model }) => model === wished);
    const candidate = name && find(name);
    // A name of OpenAI's is what its client wants first, and no reason to go without an answer.
    if (candidate)
      return ok(isLoose ? [candidate, ...preferred.filter((one) => one.name !== candidate.name)] : [candidate]);
    if (name) return err(notSetUp);
    if (!isLoose) {
      const names = allowed.map(modelNameOf).join(", ");
      return err(refusalWith(400, `model is none that is offered here; there is ${names}.`));
    }
  }
  return preferred.length > 0 ? ok(preferred) : err(notSetUp);
}
