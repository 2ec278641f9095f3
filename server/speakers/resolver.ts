/**
 * Speaker resolves of one room: one at a time, so that no answer is computed from a state that another
 * answer is about to replace (S1). State, event and idempotency record are committed in one step, after
 * the answer has been checked; any failure leaves all three as they were.
 */
import { limits } from "../../schemas/limits.ts";
import { err, ok, type Result } from "../../schemas/result-type.ts";
import {
  evidenceSchema,
  type ResolveAnswer,
  resolveAnswerSchema,
  type ResolveBody,
  type SpeakerState,
} from "../../schemas/speakers.ts";
import { SerialQueue } from "../lib/serial-queue.ts";
import type { Database } from "../lib/sql.ts";
import type { EventLog } from "../journal/event-log.ts";
import type { CallInference } from "./inference-client.ts";
import type { SpeakerStore } from "./speaker-store.ts";

export type ResolveFailure = {
  readonly code:
    | "inference_not_configured"
    | "inference_failed"
    | "inference_timeout"
    | "resolve_queue_full"
    | "session_finalized";
  readonly detail: string;
};
export interface Resolved {
  readonly answer: ResolveAnswer;
  /** Whether this is the first answer to the idempotency key, given again. */
  readonly replay: boolean;
}

export interface ResolverDeps {
  readonly db: Database;
  readonly sessionId: string;
  readonly call: CallInference | undefined;
  readonly speakers: SpeakerStore;
  readonly events: EventLog;
  /** Whether the session still takes resolves. */
  readonly isOpen: () => boolean;
  /** Whether the result is already being made from the state, which then must not move. */
  readonly isSealed: () => boolean;
  /** Called inside the committing step. */
  readonly onCommit: () => void;
}

export class Resolver {
  readonly #deps: ResolverDeps;
  readonly #queue = new SerialQueue(limits.maxQueuedResolves);
  /** Base64 held by the queue: audio that waits must not fill the isolate. */
  #queuedChars = 0;

  constructor(deps: ResolverDeps) {
    this.#deps = deps;
  }

  /** @param idempotencyKey the same key gets the first successful answer again, without another call. */
  async resolve(body: ResolveBody, idempotencyKey: string | undefined): Promise<Result<Resolved, ResolveFailure>> {
    const size = body.audio.content_b64.length;
    const earlier = this.#answered(idempotencyKey);
    if (earlier) return ok({ answer: earlier, replay: true });
    if (!this.#queue.hasRoom || this.#queuedChars + size > limits.maxQueuedResolveChars) {
      return err({
        code: "resolve_queue_full",
        detail: "Too many resolves of this session are waiting; try again later.",
      });
    }
    this.#queuedChars += size;
    try {
      return await this.#queue.run(() => this.#resolveNow(body, idempotencyKey));
    } finally {
      this.#queuedChars -= size;
    }
  }

  /** Resolves when no resolve is under way or waiting. */
  idle(): Promise<void> {
    return this.#queue.idle();
  }

  async #resolveNow(body: ResolveBody, idempotencyKey: string | undefined): Promise<Result<Resolved, ResolveFailure>> {
    const { call, sessionId, isOpen, isSealed } = this.#deps;
    // Again: the same key may have been ahead in the queue.
    const earlier = this.#answered(idempotencyKey);
    if (earlier) return ok({ answer: earlier, replay: true });
    if (!isOpen()) return finalized();
    if (!call) {
      return err({ code: "inference_not_configured", detail: "Set INFERENCE_BASE_URL to a speaker-resolve service." });
    }
    const state = this.#deps.speakers.load();
    const sent: SpeakerState = body.roster ? { ...state, roster: body.roster } : state;
    const answer = await call({
      session_id: sessionId,
      audio: body.audio,
      asr_text: body.asr_text ?? null,
      state: sent,
    });
    if (!answer.ok) {
      const { reason, detail } = answer.error;
      return err({
        code: reason === "timeout" ? "inference_timeout" : "inference_failed",
        detail: `Speaker resolve: ${detail}.`,
      });
    }
    // Parsing and writing again can lengthen numbers (1e20); what is kept must still fit its row.
    if (byteLengthOf(JSON.stringify(answer.value)) > limits.maxInferenceAnswerBytes) {
      return err({ code: "inference_failed", detail: "Speaker resolve: the service's answer is too large." });
    }
    if (isSealed()) return finalized();
    this.#commit(answer.value, sent, idempotencyKey);
    return ok({ answer: answer.value, replay: false });
  }

  #commit(answer: ResolveAnswer, sent: SpeakerState, idempotencyKey: string | undefined): void {
    const { db, speakers, events, onCommit } = this.#deps;
    const { updated_state: updated, cluster_id, speaker_name, decision } = answer;
    const roster = updated.roster ?? sent.roster;
    db.transaction(() => {
      speakers.save(roster ? { ...updated, roster } : updated);
      events.append({
        type: "speaker.resolved",
        cluster_id,
        speaker_name,
        decision,
        evidence: evidenceSchema.parse(answer.evidence),
        by: "inference",
      });
      if (idempotencyKey !== undefined) this.#remember(idempotencyKey, answer);
      onCommit();
    });
  }

  #answered(key: string | undefined): ResolveAnswer | undefined {
    if (key === undefined) return undefined;
    const [row] = this.#deps.db.sql
      .exec<{ answer: string }>("SELECT answer FROM idempotency WHERE key = ?", key)
      .toArray();
    return row && resolveAnswerSchema.parse(JSON.parse(row.answer));
  }

  #remember(key: string, answer: ResolveAnswer): void {
    const { sql } = this.#deps.db;
    sql.exec("INSERT INTO idempotency (key, answer) VALUES (?, ?)", key, JSON.stringify(answer));
    sql.exec("DELETE FROM idempotency WHERE n <= (SELECT max(n) FROM idempotency) - ?", limits.maxIdempotencyKeys);
  }
}

function byteLengthOf(text: string): number {
  return new TextEncoder().encode(text).byteLength;
}

function finalized(): Result<never, ResolveFailure> {
  return err({
    code: "session_finalized",
    detail: "The session is finalizing or finalized; its speakers no longer change.",
  });
}
