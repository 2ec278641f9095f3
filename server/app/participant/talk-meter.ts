/**
 * What a conversation takes of its model, minute by minute (SPEC B9): each minute is held against the tenant's budgets before it begins,
 * and is a call of its own in the ledger, so that one whose object is killed is counted up to its last minute. Where nothing is left
 * the conversation is told to end. Knows no provider and no turn.
 */
import type { Exhausted } from "../../../schemas/billing/budgets.ts";
import type { Quantities } from "../../../schemas/billing/prices.ts";
import type { CallOutcome } from "../../../schemas/billing/usage.ts";
import { err, ok, type Result } from "../../../schemas/lib/result.ts";
import { sampleRateHz } from "../../../schemas/wire/audio.ts";
import type { Call } from "../ai/ports.ts";
import type { Held, Meter, MeteredModel, Reading } from "../ai/usage/meter.ts";
import type { TalkEvent, TalkTokens } from "./models/live-model.ts";

export const minuteMs = 60_000;
/** What providers reckon a second of audio as, where they do not say what a turn took. */
const tokensPerSecond = 25;

export interface TalkMeterDeps {
  readonly meter: Pick<Meter, "hold" | "begin" | "free">;
  readonly model: MeteredModel;
  readonly call: Call;
  readonly now: () => number;
}

interface Minute {
  readonly reading: Reading;
  readonly from: number;
  tokens: TalkTokens | undefined;
  spokenSamples: number;
}

export class TalkMeter {
  readonly #deps: TalkMeterDeps;
  readonly #onExhausted: () => void;
  #minute: Minute | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #isOver = false;
  /** Whether the provider says what turns take. */
  #isCounted = false;

  private constructor(deps: TalkMeterDeps, onExhausted: () => void) {
    this.#deps = deps;
    this.#onExhausted = onExhausted;
  }

  /** @returns the meter with its first minute begun; which budget has no minute left. */
  static async begin(deps: TalkMeterDeps, onExhausted: () => void): Promise<Result<TalkMeter, Exhausted>> {
    const made = new TalkMeter(deps, onExhausted);
    const held = await made.#hold();
    if (!held.ok) return err(held.error);
    made.#begin(held.value, deps.now());
    return ok(made);
  }

  /** Call with all that the model's side of the conversation says. */
  note(event: TalkEvent): void {
    const minute = this.#minute;
    if (!minute) return;
    if (event.type === "audio") minute.spokenSamples += event.samples.length;
    if (event.type !== "usage") return;
    this.#isCounted = true;
    const { input = 0, output = 0, audioInput = 0, audioOutput = 0 } = minute.tokens ?? {};
    const { tokens } = event;
    minute.tokens = {
      input: input + tokens.input,
      output: output + tokens.output,
      audioInput: audioInput + tokens.audioInput,
      audioOutput: audioOutput + tokens.audioOutput,
    };
  }

  /** The conversation is over. */
  end(outcome: CallOutcome = "ok"): void {
    this.#isOver = true;
    clearTimeout(this.#timer);
    this.#settle(outcome);
  }

  #hold(): Promise<Result<Held, Exhausted>> {
    const { meter, model, call } = this.#deps;
    return meter.hold(model, call, this.#expected());
  }

  #begin(held: Held, from: number): void {
    const { meter, model, call } = this.#deps;
    const reading = meter.begin(model, call, this.#expected(), held);
    this.#minute = { reading, from, tokens: undefined, spokenSamples: 0 };
    this.#timer = setTimeout(() => void this.#next(), Math.max(0, from + minuteMs - this.#deps.now()));
  }

  async #next(): Promise<void> {
    const { meter, model, call, now } = this.#deps;
    const from = now();
    await this.#settle("ok")?.freed();
    const held = await this.#hold();
    if (this.#isOver) {
      if (held.ok) meter.free(model, call, held.value);
      return;
    }
    if (held.ok) return this.#begin(held.value, from);
    this.#isOver = true;
    this.#onExhausted();
  }

  #settle(outcome: CallOutcome): Reading | undefined {
    const minute = this.#minute;
    if (!minute) return undefined;
    this.#minute = undefined;
    const { from, reading, spokenSamples, tokens } = minute;
    const audioMs = Math.max(0, Math.round(this.#deps.now() - from));
    // What was heard in a minute without an answer is on the bill of the next turn, where the provider counts.
    const isGuess = !this.#deps.model.isOwn && !tokens && (!this.#isCounted || spokenSamples > 0);
    const spokenMs = (spokenSamples / sampleRateHz) * 1_000;
    const none = { input: 0, output: 0, audioInput: 0, audioOutput: 0 };
    reading.settle(
      outcome,
      this.#quantities(audioMs, tokens ?? (isGuess ? guessed(audioMs, spokenMs) : none)),
      isGuess,
    );
    return reading;
  }

  /** A minute in which both speak without a pause. */
  #expected(): Quantities {
    return this.#quantities(minuteMs, guessed(minuteMs, minuteMs));
  }

  #quantities(audio_ms: number, { input, output, audioInput, audioOutput }: TalkTokens): Quantities {
    // A model on a machine of the deployment is one of models that count by themselves.
    if (this.#deps.model.isOwn) return { audio_ms };
    return {
      audio_ms,
      input_tokens: input,
      output_tokens: output,
      text_input_tokens: input - audioInput,
      audio_input_tokens: audioInput,
      text_output_tokens: output - audioOutput,
      audio_output_tokens: audioOutput,
    };
  }
}

function guessed(heardMs: number, spokenMs: number): TalkTokens {
  const [input, output] = [heardMs, spokenMs].map((ms) => Math.ceil((ms / 1_000) * tokensPerSecond));
  return { input: input ?? 0, output: output ?? 0, audioInput: input ?? 0, audioOutput: output ?? 0 };
}
