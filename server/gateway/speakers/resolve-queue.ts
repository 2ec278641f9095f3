/**
 * Speaker resolves of one room, by hand and automatic: one at a time, so that no answer is computed from a state
 * that another answer is about to replace (S1). What an answer changes is committed in one step, after it has been
 * checked; any failure leaves everything as it was.
 */
import { limits } from "../../../schemas/limits.ts";
import { err, ok, type Result } from "../../../schemas/lib/result.ts";
import {
  type ResolveAnswer,
  resolveAnswerSchema,
  type ResolveBody,
  type ResolveRequest,
  type SpeakerState,
} from "../../../schemas/speech/speakers.ts";
import { SerialQueue } from "../../../schemas/lib/serial-queue.ts";
import type { Database } from "../../shared/lib/sql.ts";
import type { Place } from "./absorb-answer.ts";
import type { Circuit } from "./circuit.ts";
import type { IdempotentRequests, KeyedRequest } from "../core/idempotent-requests.ts";
import type { Inference, InferenceFailure } from "./inference-client.ts";
import type { SpeakerBook } from "./speaker-book.ts";

/** Why a resolve by hand came to nothing. `speakers_sealed`: the session is past the point where its speakers change. */
export type ResolveFailure =
  | "resolve_queue_full"
  | "speakers_sealed"
  | "log_full"
  | "idempotency_mismatch"
  | { readonly reason: "inference_failed" | "inference_timeout"; readonly detail: string }
  /** The service is there, and does not take this audio: whoever sent it can do something about that. */
  | { readonly reason: "inference_refused"; readonly detail: string; readonly status: number }
  | { readonly reason: "inference_unavailable"; readonly retryAfterMs: number };

export interface Resolved {
  readonly answer: ResolveAnswer;
  /** Whether this is the first answer to the idempotency key, given again. */
  readonly replay: boolean;
}

/** Why an automatic resolve came to nothing. */
export type WindowFailure = InferenceFailure | { readonly reason: "circuit_open"; readonly retryAfterMs: number };

export interface ResolverDeps {
  readonly db: Database;
  readonly requests: IdempotentRequests;
  readonly sessionId: string;
  readonly inference: Inference;
  readonly circuit: Circuit;
  readonly speakers: SpeakerBook;
  /** Whether the session still takes resolves by hand. */
  readonly isOpen: () => boolean;
  /** Whether the result is already being made from the state, which then must not move. */
  readonly isSealed: () => boolean;
  /** Whether the log has no room for what an answer would say. */
  readonly isLogFull: () => boolean;
  /** Runs the step that commits an answer to a caller of `resolve` as that caller's. */
  readonly onBehalfOf: <T>(subject: string | undefined, step: () => T) => T;
  /** Called inside the committing step. */
  readonly onCommit: () => void;
}

type Asked = { readonly answer: ResolveAnswer; readonly sent: SpeakerState };

export class Resolver {
  readonly #deps: ResolverDeps;
  readonly #queue = new SerialQueue({ maxTasks: limits.maxQueuedResolves });
  /** Base64 held by the queue: audio that waits must not fill the isolate. */
  #queuedChars = 0;

  constructor(deps: ResolverDeps) {
    this.#deps = deps;
  }

  /**
   * @param asked under its key the first successful answer is given again, without another call.
   * @param subject who asks, as limits tell callers apart.
   */
  async resolve(
    body: ResolveBody,
    asked: KeyedRequest | undefined,
    subject?: string,
  ): Promise<Result<Resolved, ResolveFailure>> {
    const size = body.audio.content_b64.length;
    const earlier = this.#answered(asked);
    if (earlier) return earlier;
    if (!this.#queue.hasRoom || this.#queuedChars + size > limits.maxQueuedResolveChars) {
      return err("resolve_queue_full");
    }
    this.#queuedChars += size;
    try {
      return await this.#queue.run(() => this.#resolveNow(body, asked, subject));
    } finally {
      this.#queuedChars -= size;
    }
  }

  /**
   * Resolves a window of kept audio.
   * @param alongside runs inside the committing step.
   * @param isWanted asked once the answer is there: what was given up meanwhile takes none.
   */
  resolveWindow(
    body: ResolveBody,
    place: Place,
    alongside: () => void,
    isWanted: () => boolean,
  ): Promise<Result<undefined, WindowFailure>> {
    return this.#queue.run(async () => {
      const asked = await this.#ask(body);
      if (!asked.ok) return asked;
      if (isWanted()) this.#commit(asked.value, place, alongside);
      return ok(undefined);
    });
  }

  /** Asks about audio that was resolved before and keeps nothing: whether the service works, whatever the circuit says. */
  probe(body: ResolveBody): Promise<boolean> {
    return this.#queue.run(async () => (await this.#call(body)).ok);
  }

  /** Whether the service failed so often in a row that it is left alone. */
  get isServiceOut(): boolean {
    return !this.#deps.circuit.isOver;
  }

  /** Whether the last calls failed, more than are tolerated: it may be tried again, and has not answered since. */
  get isServiceFailing(): boolean {
    return this.#deps.circuit.isFailing;
  }

  /** Resolves when no resolve is under way or waiting. */
  idle(): Promise<void> {
    return this.#queue.idle();
  }

  async #resolveNow(
    body: ResolveBody,
    asked: KeyedRequest | undefined,
    subject: string | undefined,
  ): Promise<Result<Resolved, ResolveFailure>> {
    const { isOpen, isSealed, isLogFull, onBehalfOf, requests, speakers } = this.#deps;
    // Again: the same key may have been ahead in the queue.
    const earlier = this.#answered(asked);
    if (earlier) return earlier;
    if (!isOpen()) return err("speakers_sealed");
    // Before the service works for nothing. An answer that is under way may go beyond the bound by what it says.
    if (onBehalfOf(subject, isLogFull)) return err("log_full");
    const given = await this.#ask(body);
    if (!given.ok) return err(refusalOf(given.error));
    if (isSealed()) return err("speakers_sealed");
    const { answer } = given.value;
    const alongside = (): void => {
      if (body.roster) speakers.setRoster(body.roster);
      requests.remember(asked, answer);
    };
    onBehalfOf(subject, () => this.#commit(given.value, undefined, alongside));
    return ok({ answer, replay: false });
  }

  async #ask(body: ResolveBody): Promise<Result<Asked, WindowFailure>> {
    const { isOver, remainingMs: retryAfterMs } = this.#deps.circuit;
    return isOver ? this.#call(body) : err({ reason: "circuit_open", retryAfterMs });
  }

  async #call({ audio, asr_text, roster }: ResolveBody): Promise<Result<Asked, InferenceFailure>> {
    const { inference, circuit, sessionId, speakers } = this.#deps;
    const sent = speakers.stateForService(roster);
    const request: ResolveRequest = { session_id: sessionId, audio, asr_text: asr_text ?? null, state: sent };
    const answer = await inference(request);
    // A refusal is an answer too: the service is there.
    if (answer.ok || answer.error.reason === "refused") circuit.succeeded();
    else circuit.failed();
    return answer.ok ? ok({ answer: answer.value, sent }) : answer;
  }

  #commit({ answer, sent }: Asked, place: Place | undefined, alongside: () => void): void {
    const { db, speakers, onCommit } = this.#deps;
    db.transaction(() => {
      speakers.absorb(answer, sent, place);
      alongside();
      onCommit();
    });
  }

  /** What a key says that came before; undefined for a new one. */
  #answered(asked: KeyedRequest | undefined): Result<Resolved, "idempotency_mismatch"> | undefined {
    const known = this.#deps.requests.lookOfAll(asked);
    switch (known.kind) {
      case "new":
        return undefined;
      case "mismatch":
        return err("idempotency_mismatch");
      case "answered":
        return ok({ answer: resolveAnswerSchema.parse(known.answer), replay: true });
    }
  }
}

function refusalOf(failure: WindowFailure): ResolveFailure {
  if (failure.reason === "circuit_open") return { reason: "inference_unavailable", retryAfterMs: failure.retryAfterMs };
  if (failure.reason === "refused" && failure.status !== undefined)
    return { reason: "inference_refused", detail: failure.detail, status: failure.status };
  const reason = failure.reason === "timeout" ? "inference_timeout" : "inference_failed";
  return { reason, detail: failure.detail };
}
