/**
 * Models that write, asked in their order (SPEC M12): the next one where one gives no first word in time, is busy, down or wrong. Once a
 * word is out an answer goes on or breaks off, and no other model is asked. Each call of a provider ends with its answer, in whatever way.
 */
import type { Quantities } from "../../../schemas/billing/prices.ts";
import { err, ok, type Result } from "../../../schemas/lib/result.ts";
import type { CallUsage } from "../../../schemas/speech/transcription.ts";
import { withTimeout, TimeoutError } from "../../../schemas/lib/timeout.ts";
import { type Answered, askInTurn, type Candidate, outcomeOf } from "./ask-in-turn.ts";
import type { ChatFinish, ChatModel, ChatRequest } from "./chat-port.ts";
import { type Call, ModelError, type ModelFault } from "./ports.ts";
import type { Meter } from "./usage/meter.ts";

export const chatTimes = {
  /** Until the first word. */
  firstMs: 25_000,
  /** Between two parts. */
  silenceMs: 30_000,
} as const;
/** About as many as make a token, where a model does not count. */
const charsPerToken = 4;
/** Tokens that an answer is expected to have, where a request does not bound it further. */
export const usualOutputTokens = 1_000;

export interface Written {
  readonly model: string;
  /** Throws `ModelError` where it ends early; leaving it ends the provider's call. */
  readonly parts: AsyncGenerator<string, { readonly reason: ChatFinish["reason"]; readonly usage: CallUsage }>;
}

type Opened = {
  readonly parts: AsyncGenerator<string, ChatFinish>;
  readonly first: IteratorResult<string, ChatFinish>;
  readonly end: AbortController;
};

export class ChatModels {
  readonly #meter: Meter;
  readonly #times: { readonly firstMs: number; readonly silenceMs: number };

  constructor(meter: Meter, times: { readonly firstMs: number; readonly silenceMs: number } = chatTimes) {
    this.#meter = meter;
    this.#times = times;
  }

  async write(
    candidates: readonly Candidate<ChatModel>[],
    request: ChatRequest,
    call: Call,
  ): Promise<Result<Written, ModelFault>> {
    const input = Math.ceil(request.messages.reduce((sum, { content }) => sum + content.length, 0) / charsPerToken);
    const { maxTokens = usualOutputTokens } = request;
    const how = {
      meter: this.#meter,
      expected: { input_tokens: input, output_tokens: Math.min(maxTokens, usualOutputTokens) },
      most: { input_tokens: input, output_tokens: maxTokens },
      unanswered: { output_tokens: 0 },
      patienceMs: this.#times.firstMs,
      isStream: true,
    };
    const answer = await askInTurn(candidates, call, how, async (model, own) => begun(model, request, call, own));
    if (!answer.ok) return answer;
    const parts = relayed(answer.value, input, call.signal, this.#times.silenceMs);
    return ok({ model: answer.value.candidate.name, parts });
  }
}

/** Each candidate has a call of its own, which ends where it gives no first word, and outlives the wait for one. */
async function begun(
  model: ChatModel,
  request: ChatRequest,
  call: Call,
  own: Call,
): Promise<Result<Opened, ModelFault>> {
  const end = new AbortController();
  const stop = (): void => end.abort();
  own.signal.addEventListener("abort", stop, { once: true });
  let isOpen = false;
  try {
    const parts = await model.chat(request, { ...call, signal: AbortSignal.any([call.signal, end.signal]) });
    if (!parts.ok) return parts;
    const first = await parts.value.next();
    // A model that ends without a word has not answered, unless it says that it must not.
    if (first.done && first.value.reason !== "content_filter") return err({ reason: "failed" });
    isOpen = true;
    return ok({ parts: parts.value, first, end });
  } catch (cause) {
    if (cause instanceof ModelError) return err(cause.fault);
    throw cause;
  } finally {
    own.signal.removeEventListener("abort", stop);
    if (!isOpen) end.abort();
  }
}

async function* relayed(
  { candidate, value, reading }: Answered<ChatModel, Opened>,
  input: number,
  signal: AbortSignal,
  silenceMs: number,
): Written["parts"] {
  const { parts, first, end } = value;
  let fault: ModelFault = { reason: "aborted" };
  let chars = 0;
  const taken = (): Quantities => ({ input_tokens: input, output_tokens: Math.ceil(chars / charsPerToken) });
  let isDone = false;
  try {
    for (
      let next = first;
      ;
      next = await unlessAborted(withTimeout(parts.next(), silenceMs, "the next word"), signal)
    ) {
      if (next.done) {
        isDone = true;
        candidate.circuit.succeeded();
        const { reason, tokens } = next.value;
        const counted = tokens ? { input_tokens: tokens.input, output_tokens: tokens.output } : taken();
        return { reason, usage: reading.settle("ok", counted, tokens === undefined) };
      }
      chars += next.value.length;
      yield next.value;
    }
  } catch (cause) {
    if (!signal.aborted) {
      fault =
        cause instanceof ModelError ? cause.fault : { reason: cause instanceof TimeoutError ? "timeout" : "failed" };
      candidate.circuit.failed();
    }
    throw new ModelError(fault);
  } finally {
    if (!isDone) reading.settle(outcomeOf(fault), taken(), true);
    end.abort();
  }
}

/** Not every binding heeds its signal. */
async function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  const aborted = Promise.withResolvers<never>();
  const stop = (): void => aborted.reject(new ModelError({ reason: "aborted" }));
  signal.addEventListener("abort", stop, { once: true });
  if (signal.aborted) stop();
  promise.catch(() => undefined);
  try {
    return await Promise.race([promise, aborted.promise]);
  } finally {
    signal.removeEventListener("abort", stop);
  }
}
