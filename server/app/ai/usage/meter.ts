/**
 * One record for each call of a model, whatever becomes of it. It is noted as begun while the call is made, and settled when the
 * call's end is known, so that a call whose app is killed is not forgotten. Noting it never fails a call: what can't be
 * kept is in the log.
 */
import type { Exhausted, ExpectedCall } from "../../../../schemas/billing/budgets.ts";
import { costOf, type Quantities } from "../../../../schemas/billing/prices.ts";
import type { CallKind, CallOutcome, UsageRecord } from "../../../../schemas/billing/usage.ts";
import { ok, type Result } from "../../../../schemas/lib/result.ts";
import type { CallUsage } from "../../../../schemas/speech/transcription.ts";
import { describeError, log } from "../../../shared/telemetry/log.ts";
import type { Call } from "../ports.ts";

/** The names under which calls begin and end in the log. */
const callEvents = {
  stt: { start: "stt_stream_start", stop: "stt_stream_stop" },
  tts: { start: "tts_start", stop: "tts_stop" },
  chat: { start: "model_infer_start", stop: "model_infer_stop" },
  live: { start: "model_infer_start", stop: "model_infer_stop" },
} as const satisfies Record<CallKind, { readonly start: string; readonly stop: string }>;

/** Where records are kept: by their id, each once. */
export interface UsageStore {
  begin(record: UsageRecord): Promise<void>;
  settle(record: UsageRecord): Promise<void>;
  /** Against the tenant's budgets. @returns whether there are any that bound it, so that something is held. */
  hold(tenant: string, call: ExpectedCall): Promise<Result<boolean, Exhausted>>;
  /** What a call took that was held: the rest is free at once. Its record settles it. */
  used(tenant: string, call: ExpectedCall): Promise<void>;
}

export interface MeteredModel {
  readonly name: string;
  readonly kind: CallKind;
  /** On a machine of the deployment: it costs nothing. */
  readonly isOwn: boolean;
  /** Whether the table of prices is of the server that is asked. */
  readonly isPriced: boolean;
}

export interface Reading {
  /** Says how the call ended; the first word counts. @param isGuess the provider did not count. @returns what it took. */
  settle(outcome: CallOutcome, quantities: Quantities, isGuess?: boolean): CallUsage;
  /** Resolves when budgets know of what it took instead of what it might have taken. Never rejects. */
  freed(): Promise<void>;
}

/** A call that may be made. */
export interface Held {
  readonly usageId: string;
  /** Whether budgets bound it. */
  readonly isBounded: boolean;
}

/** @param keepAlive lets the work go on after the answer is out. */
export class Meter {
  readonly #store: UsageStore;
  readonly #keepAlive: (work: Promise<unknown>) => void;

  constructor(store: UsageStore, keepAlive: (work: Promise<unknown>) => void) {
    this.#store = store;
    this.#keepAlive = keepAlive;
  }

  /**
   * Holds what a call is about to take against the tenant's budgets, before anybody is asked. While they can't be read, calls are made:
   * each has its record, and counts once they can.
   * @param most that the call may take.
   * @returns the call's id, for `begin`.
   */
  async hold(model: MeteredModel, call: Call, most: Quantities): Promise<Result<Held, Exhausted>> {
    const usageId = crypto.randomUUID();
    const asked = expectedCall(model, call, usageId, usageFor(model, "ok", most).usage);
    const held = await this.#store.hold(call.tenant, asked).catch((cause: unknown) => {
      log.error("budget.not_held", { tenant: call.tenant, trace_id: call.traceId, error: describeError(cause) });
      return ok(false);
    });
    return held.ok ? ok({ usageId, isBounded: held.value }) : held;
  }

  /** A call that was held is not made. */
  free(model: MeteredModel, call: Call, { usageId, isBounded }: Held): void {
    if (!isBounded) return;
    const taken = expectedCall(model, call, usageId, { cost_nano_usd: 0, is_estimated: false });
    void this.#keep((store) => store.used(call.tenant, taken), usageId);
  }

  /** @param expected what the call is about to take, as far as it is known. @param held as `hold` gave it. */
  begin(
    model: MeteredModel,
    call: Call,
    expected: Quantities,
    { usageId, isBounded }: Held = { usageId: crypto.randomUUID(), isBounded: false },
  ): Reading {
    const at = Date.now();
    const record = (outcome: CallOutcome, usage: CallUsage, date: string | null): UsageRecord => ({
      usage_id: usageId,
      at,
      tenant: call.tenant,
      subject: call.subject ?? null,
      session_id: call.sessionId ?? null,
      trace_id: call.traceId,
      route: call.route,
      kind: model.kind,
      model: model.name,
      outcome,
      latency_ms: Math.max(0, Date.now() - at),
      ...usage,
      price_date: date,
    });
    const about = {
      tenant: call.tenant,
      session_id: call.sessionId,
      trace_id: call.traceId,
      route: call.route,
      model: model.name,
      usage_id: usageId,
    };
    log.info(callEvents[model.kind].start, about);
    const begun = usageFor(model, "unknown", expected);
    const isBegun = this.#keep((store) => store.begin(record("unknown", begun.usage, begun.date)), usageId);
    let settled: CallUsage | undefined;
    let isFreed: Promise<void> = Promise.resolve();
    return {
      freed: () => isFreed,
      settle: (outcome, quantities, isGuess = false) => {
        if (settled) return settled;
        const { usage: counted, date } = usageFor(model, outcome, { ...expected, ...known(quantities) });
        const usage = { ...counted, is_estimated: counted.is_estimated || isGuess };
        settled = usage;
        const last = record(outcome, usage, date);
        if (isBounded) {
          isFreed = this.#keep((store) => store.used(call.tenant, expectedCall(model, call, usageId, usage)), usageId);
        }
        log[outcome === "ok" || outcome === "aborted" ? "info" : "warn"](callEvents[model.kind].stop, {
          ...about,
          status: outcome,
          duration_ms: last.latency_ms,
          input_tokens: usage.input_tokens,
          output_tokens: usage.output_tokens,
          audio_ms: usage.audio_ms,
          cost_nano_usd: usage.cost_nano_usd ?? undefined,
        });
        void this.#keep(async (store) => {
          await isBegun;
          await store.settle(last);
        }, usageId);
        return usage;
      },
    };
  }

  /** Writes a record. A failure is logged and never rejects: no call fails for want of its record. */
  #keep(work: (store: UsageStore) => Promise<void>, usageId: string): Promise<void> {
    const done = work(this.#store).catch((cause: unknown) => {
      log.error("usage.not_kept", { usage_id: usageId, error: describeError(cause) });
    });
    this.#keepAlive(done);
    return done;
  }
}

function expectedCall(model: MeteredModel, call: Call, usageId: string, usage: CallUsage): ExpectedCall {
  const { input_tokens: input = 0, output_tokens: output = 0, audio_ms = 0, cost_nano_usd } = usage;
  return {
    usage_id: usageId,
    kind: model.kind,
    model: model.name,
    subject: call.subject ?? null,
    tokens: input + output,
    audio_ms,
    cost_nano_usd,
  };
}

/** What a provider refuses or fails costs nothing; of a call that was left, all that was asked for is reckoned. */
const freeOutcomes: ReadonlySet<CallOutcome> = new Set(["failed", "refused", "unavailable"]);

function usageFor(
  { name, isOwn, isPriced }: MeteredModel,
  outcome: CallOutcome,
  quantities: Quantities,
): { readonly usage: CallUsage; readonly date: string | null } {
  const priced = isOwn || isPriced ? name : "";
  const cost = freeOutcomes.has(outcome)
    ? { nanoUsd: 0, date: null, isEstimate: false }
    : costOf(priced, quantities, isOwn);
  const isEstimated = cost.isEstimate || (!isOwn && outcome !== "ok" && !freeOutcomes.has(outcome));
  const usage = { ...recorded(quantities), cost_nano_usd: cost.nanoUsd, is_estimated: isEstimated };
  return { usage, date: cost.date };
}

function known(quantities: Quantities): Quantities {
  return Object.fromEntries(Object.entries(quantities).filter(([, quantity]) => quantity !== undefined));
}

/** What is kept of it: parts of a quantity matter to its price alone. */
function recorded({ audio_ms, characters, input_tokens, output_tokens }: Quantities): Partial<CallUsage> {
  return known({ audio_ms, characters, input_tokens, output_tokens });
}
