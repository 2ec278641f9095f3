/**
 * Asks one model after the other until one answers (SPEC M12): each behind its circuit, with a deadline, and with its own record of
 * what it took. A caller's own mistake is nobody else's to find, and who left is not asked for. Knows no provider.
 */
import type { Exhausted } from "../../../schemas/billing/budgets.ts";
import type { Quantities } from "../../../schemas/billing/prices.ts";
import type { CallOutcome } from "../../../schemas/billing/usage.ts";
import { err, ok, type Result } from "../../../schemas/lib/result.ts";
import { deadlineIn } from "../../../schemas/lib/timeout.ts";
import { describeError, log } from "../../shared/telemetry/log.ts";
import type { Circuit } from "./circuits.ts";
import { type Call, ModelError, type ModelFault } from "./ports.ts";
import type { Meter, MeteredModel, Reading } from "./usage/meter.ts";

/** A model that may be asked, with what stands around it. */
export interface Candidate<M> extends MeteredModel {
  readonly model: M;
  readonly circuit: Circuit;
}

export interface Answered<M, T> {
  readonly candidate: Candidate<M>;
  readonly value: T;
  /** Of the call that answered; whoever has the answer settles it. */
  readonly reading: Reading;
}

export interface Asking {
  readonly meter: Meter;
  /** What a call is about to take, as far as it is known: what it is reckoned with where nobody hears of its end. */
  readonly expected: Quantities;
  /** The most that it may take, held against budgets; what is expected without it. */
  readonly most?: Quantities;
  /** What differs from `expected` where a model gave no answer. */
  readonly unanswered?: Quantities;
  readonly patienceMs: number;
  /**
   * Whether an answer goes on after it was given, and may break off: whoever has it tells the circuit how it ended. One that always breaks off
   * would else begin well each time, and be asked for ever.
   */
  readonly isStream?: boolean;
}

const soonSeconds = 5;

/** @param ask with a call whose signal also ends with the deadline: it throws where the model can't be reached. */
export async function askInTurn<M, T>(
  candidates: readonly Candidate<M>[],
  call: Call,
  { meter, expected, most = expected, unanswered = {}, patienceMs, isStream = false }: Asking,
  ask: (model: M, call: Call) => Promise<Result<T, ModelFault>>,
): Promise<Result<Answered<M, T>, ModelFault>> {
  let last: ModelFault = { reason: "unavailable", retryAfterSeconds: soonSeconds };
  for (const candidate of candidates) {
    const { circuit, isOwn } = candidate;
    if (call.givesWay?.aborted) return err({ reason: "aborted" });
    if (!circuit.enter()) {
      last = worse(last, { reason: "unavailable", retryAfterSeconds: circuit.retryAfterSeconds });
      continue;
    }
    const held = await meter.hold(candidate, call, most);
    if (!held.ok) {
      circuit.left();
      return err(exhausted(held.error));
    }
    const reading = meter.begin(candidate, call, expected, held.value);
    const until = isOwn && call.givesWay ? AbortSignal.any([call.signal, call.givesWay]) : call.signal;
    const lasting = { ...call, signal: until };
    const answer = await inTime(lasting, call.timeoutMs ?? patienceMs, candidate.name, (own) =>
      ask(candidate.model, own),
    );
    if (answer.ok && isStream) circuit.left();
    else note(circuit, answer);
    if (answer.ok) return ok({ candidate, value: answer.value, reading });
    reading.settle(outcomeOf(answer.error), unanswered);
    last = worse(last, answer.error);
    if (answer.error.reason === "refused" || answer.error.reason === "aborted") return answer;
    // What this one did not take is there for the next.
    await reading.freed();
  }
  return err(last);
}

/** What was found out about a model says more than that another was not asked. */
function worse(before: ModelFault, now: ModelFault): ModelFault {
  return now.reason === "unavailable" && before.reason !== "unavailable" ? before : now;
}

const budgetWords: Readonly<Record<Exhausted["budget"], string>> = {
  tokens_per_minute: "tokens of a minute",
  audio_seconds_per_minute: "seconds of audio of a minute",
  nano_usd_per_day: "dollars of the day",
  calls_under_way: "calls under way",
};

export function exhausted({ feature, budget, retryAfterSeconds }: Exhausted): ModelFault {
  const detail = `The budget of ${feature} has not enough ${budgetWords[budget]} left for this. Try again in ${retryAfterSeconds} s, or raise it.`;
  return { reason: "exhausted", detail, retryAfterSeconds };
}

function note(circuit: Circuit, answer: Result<unknown, ModelFault>): void {
  if (answer.ok || answer.error.reason === "refused") circuit.succeeded();
  else if (answer.error.reason === "aborted") circuit.left();
  else circuit.failed();
}

export function outcomeOf(fault: ModelFault): CallOutcome {
  return fault.reason === "exhausted" ? "refused" : fault.reason;
}

async function inTime<T>(
  call: Call,
  patienceMs: number,
  model: string,
  ask: (call: Call) => Promise<Result<T, ModelFault>>,
): Promise<Result<T, ModelFault>> {
  if (isOver(call)) return err({ reason: "aborted" });
  const deadline = deadlineIn(patienceMs);
  const signal = AbortSignal.any([call.signal, deadline.signal]);
  const end = Promise.withResolvers<never>();
  const stop = (): void => end.reject(new Error("the call was ended"));
  signal.addEventListener("abort", stop, { once: true });
  try {
    // Not every binding heeds its signal: nobody waits for it longer than for one that does.
    const asked = ask({ ...call, signal });
    asked.catch(() => undefined);
    return await Promise.race([asked, end.promise]);
  } catch (cause) {
    if (isOver(call)) return err({ reason: "aborted" });
    if (deadline.signal.aborted) return err({ reason: "timeout" });
    if (cause instanceof ModelError) return err(cause.fault);
    log.warn("model.unreachable", { model, trace_id: call.traceId, error: describeError(cause) });
    return err({ reason: "unavailable", retryAfterSeconds: undefined });
  } finally {
    deadline.clear();
    signal.removeEventListener("abort", stop);
  }
}

function isOver({ signal }: Call): boolean {
  return signal.aborted;
}
