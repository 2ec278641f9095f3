/**
 * What the app's own parts ask for when audio is to be heard or text to be spoken: the models that hold for a tenant, in their
 * order. Whoever has an `Env` opens it for as long as a request or an alarm takes.
 */
import { err, ok, type Result } from "../../../schemas/lib/result.ts";
import type { HeardSegment, Transcription } from "../../../schemas/speech/transcription.ts";
import type { Quantities } from "../../../schemas/billing/prices.ts";
import { type Answered, askInTurn, type Candidate, outcomeOf } from "./ask-in-turn.ts";
import {
  type Audio,
  type Call,
  type Heard,
  type HearingOptions,
  ModelError,
  type ModelFault,
  type SpokenAudio,
  type Synthesizer,
  type Transcriber,
  type Utterance,
} from "./ports.ts";
import { withTimeout } from "../../../schemas/lib/timeout.ts";
import { log } from "../../shared/telemetry/log.ts";
import { charactersIn } from "./text.ts";
import { lookAt } from "./spoken-kind.ts";
import { begin, going } from "./spoken-stream.ts";
import type { Meter } from "./usage/meter.ts";

/** Until the answer is there, or begins: half an hour of audio takes minutes. */
const patienceMs = { transcribe: 300_000, speak: 30_000 } as const;
/** Between two parts of an answer. */
const silenceMs = { listen: 120_000, speak: 30_000 } as const;

export interface Spoken extends SpokenAudio {
  /** Who speaks, as `provider/model`. */
  readonly model: string;
}

/** Segments as they are heard; the whole when it returns. */
export interface Hearing {
  readonly model: string;
  /** Throws `ModelError` where it ends early; leaving it ends the model's work. */
  readonly segments: AsyncGenerator<HeardSegment, Transcription>;
}

/** @param candidates in their order; whoever calls has left out those that can't do what is asked. */
export class SpeechModels {
  readonly #meter: Meter;

  constructor(meter: Meter) {
    this.#meter = meter;
  }

  async transcribe(
    candidates: readonly Candidate<Transcriber>[],
    audio: Audio,
    options: HearingOptions,
    call: Call,
  ): Promise<Result<Transcription, ModelFault>> {
    const how = { meter: this.#meter, expected: expectedOf(audio), patienceMs: patienceMs.transcribe };
    const answer = await askInTurn(candidates, call, how, (model, own) => model.transcribe(audio, options, own));
    return answer.ok ? ok(settled(answer.value, answer.value.value, audio)) : answer;
  }

  async listen(
    candidates: readonly Candidate<Transcriber>[],
    audio: Audio,
    options: HearingOptions,
    call: Call,
  ): Promise<Result<Hearing, ModelFault>> {
    const how = { meter: this.#meter, expected: expectedOf(audio), patienceMs: patienceMs.transcribe, isStream: true };
    // The stream outlives the wait for its beginning: it ends with this.
    const end = new AbortController();
    const lasting = { ...call, signal: AbortSignal.any([call.signal, end.signal]) };
    const answer = await askInTurn(candidates, lasting, how, async (model) => {
      const segments = await (model.listen
        ? model.listen(audio, options, lasting)
        : heardAtOnce(model, audio, options, lasting));
      // Until its first segment, or its end, another model may still be asked.
      return segments.ok ? ok({ segments: segments.value, first: await segments.value.next() }) : segments;
    });
    if (!answer.ok) {
      end.abort();
      return answer;
    }
    return ok({ model: answer.value.candidate.name, segments: relayed(answer.value, audio, call.signal, end) });
  }

  async speak(
    candidates: readonly Candidate<Synthesizer>[],
    utterance: Utterance,
    call: Call,
  ): Promise<Result<Spoken, ModelFault>> {
    const expected: Quantities = { characters: charactersIn(utterance.text) };
    const how = { meter: this.#meter, expected, patienceMs: patienceMs.speak, isStream: true };
    const end = new AbortController();
    const lasting = { ...call, signal: AbortSignal.any([call.signal, end.signal]) };
    const answer = await askInTurn(candidates, call, how, async (model, own) => {
      const voice = utterance.voice === undefined ? undefined : model.voiceNamed(utterance.voice);
      const spoken = await model.speak({ ...utterance, voice }, lasting);
      if (!spoken.ok) return spoken;
      const { body: sound, contentType } = spoken.value;
      const begun = await begin(sound, own.signal, (bytes, isAll) => lookAt(bytes, isAll, contentType));
      if (begun) return ok({ contentType, begun });
      log.warn("model.answered_wrong", { model: model.name, trace_id: call.traceId, answer: `no ${contentType}` });
      return err({ reason: "failed" } as const);
    });
    if (!answer.ok) {
      end.abort();
      return answer;
    }
    const { candidate, value, reading } = answer.value;
    const body = going(value.begun, call.signal, silenceMs.speak, (outcome) => {
      if (outcome === "ok") candidate.circuit.succeeded();
      else end.abort();
      if (outcome === "failed") candidate.circuit.failed();
      reading.settle(outcome, expected);
    });
    return ok({ model: candidate.name, contentType: value.contentType, body });
  }
}

function expectedOf({ durationMs }: Audio): Quantities {
  return { audio_ms: durationMs };
}

/** @param answer settled with it. */
function settled({ candidate, reading }: Answered<Transcriber, unknown>, heard: Heard, audio: Audio): Transcription {
  const { text, language, segments, tokens } = heard;
  const durationMs = heard.durationMs ?? audio.durationMs ?? segments.at(-1)?.end_ms ?? 0;
  const taken = { audio_ms: durationMs, input_tokens: tokens?.input, output_tokens: tokens?.output };
  // A model that knows no times has said it somewhere in the audio.
  const whole = text === "" ? [] : [{ start_ms: 0, end_ms: durationMs, text }];
  return {
    text,
    language,
    duration_ms: durationMs,
    segments: segments.length > 0 ? [...segments] : whole,
    model: candidate.name,
    usage: reading.settle("ok", taken),
  };
}

async function heardAtOnce(
  model: Transcriber,
  audio: Audio,
  options: HearingOptions,
  call: Call,
): Promise<Result<AsyncGenerator<HeardSegment, Heard>, ModelFault>> {
  const heard = await model.transcribe(audio, options, call);
  return heard.ok ? ok(inParts(heard.value)) : heard;
}

async function* inParts(heard: Heard): AsyncGenerator<HeardSegment, Heard> {
  yield* heard.segments;
  return heard;
}

type Opened = {
  readonly segments: AsyncGenerator<HeardSegment, Heard>;
  readonly first: IteratorResult<HeardSegment, Heard>;
};

async function* relayed(
  answer: Answered<Transcriber, Opened>,
  audio: Audio,
  signal: AbortSignal,
  end: AbortController,
): AsyncGenerator<HeardSegment, Transcription> {
  const { segments, first } = answer.value;
  let fault: ModelFault = { reason: "aborted" };
  let isDone = false;
  try {
    for (let next = first; ; next = await withTimeout(segments.next(), silenceMs.listen, "the next segment")) {
      if (next.done) {
        isDone = true;
        answer.candidate.circuit.succeeded();
        return settled(answer, next.value, audio);
      }
      yield next.value;
    }
  } catch (cause) {
    if (!signal.aborted) {
      fault = cause instanceof ModelError ? cause.fault : { reason: "failed" };
      answer.candidate.circuit.failed();
    }
    throw new ModelError(fault);
  } finally {
    if (!isDone) answer.reading.settle(outcomeOf(fault), {});
    end.abort();
  }
}
