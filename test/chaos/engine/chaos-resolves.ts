/**
 * The resolves of one schedule, and what the room's speakers must be after them (S1): each key that was answered
 * counts once, a refusal counts nothing, and of a request whose answer never came nobody knows.
 */
import type { RoomEvent } from "../../../schemas/speech/events.ts";
import { problemSchema } from "../../../schemas/http/problem.ts";
import type { SpeakerState } from "../../../schemas/speech/speakers.ts";
import type { HttpTarget } from "../../../scripts/smoke/gateway-http.ts";
import type { ResolveMode } from "./chaos-inference.ts";
import { hold, same, Violation } from "./violation.ts";

export interface ResolveAsk {
  readonly mode: ResolveMode;
  /** Asked before, perhaps. */
  readonly key: number;
}

const timeoutMs = 20_000;

export class ChaosResolves {
  /** Keys that were taken, or may have been. */
  readonly #keys = new Map<number, "taken" | "maybe">();
  /** What was asked under each key: another question under it is refused. */
  readonly #modes = new Map<number, Set<ResolveMode>>();
  readonly #underWay = new Map<Promise<void>, number>();
  #violation: Violation | undefined;
  isFinalizing = false;
  /** Requests may break off. */
  isGatewayDown = false;

  /** Asks at once for all of them, and waits for none. */
  start(target: HttpTarget, asks: readonly ResolveAsk[]): void {
    for (const ask of asks) {
      const asked = this.#ask(target, ask).catch((cause: unknown) => {
        if (!(cause instanceof Violation)) throw cause;
        this.#violation ??= cause;
      });
      this.#underWay.set(asked, ask.key);
      void asked.finally(() => this.#underWay.delete(asked));
    }
  }

  /** @throws Violation where an answer was wrong. */
  async settle(): Promise<void> {
    await Promise.all(this.#underWay.keys());
    if (this.#violation) throw this.#violation;
  }

  /** @param events of the session's log. Call when no resolve is under way. */
  check(state: SpeakerState, events?: readonly RoomEvent[]): void {
    const heard = state.clusters[0]?.sample_count ?? 0;
    const taken = [...this.#keys.values()].filter((outcome) => outcome === "taken").length;
    const most = this.#keys.size;
    hold(taken <= heard && heard <= most, `${heard} resolves are in the state; expected ${taken} to ${most}`);
    if (!events) return;
    const resolved = events.filter(({ type }) => type === "speaker.resolved");
    const counts = resolved.map(({ evidence }) => evidence?.segment_count);
    same(
      "resolves in the event log",
      counts,
      Array.from({ length: heard }, (_, index) => index + 1),
    );
  }

  async #ask({ baseHttp, sessionId }: HttpTarget, { mode, key }: ResolveAsk): Promise<void> {
    const mayBeTaken = mode === "well" || mode === "slow";
    const wasTaken = this.#keys.get(key) === "taken";
    const wasKnown = this.#keys.has(key);
    const modes = this.#modes.get(key) ?? new Set();
    this.#modes.set(key, modes.add(mode));
    // Until an answer says otherwise, and for good where none comes.
    if (mayBeTaken && !this.#keys.has(key)) this.#keys.set(key, "maybe");
    let status: number;
    let text: string;
    try {
      const answer = await fetch(new URL(`v1/sessions/${sessionId}/resolve`, baseHttp), {
        method: "POST",
        headers: { "content-type": "application/json", "x-idempotency-key": `key-${key}` },
        body: JSON.stringify({ audio: { content_b64: "AAAA", format: "pcm_s16le" }, asr_text: mode }),
        signal: AbortSignal.timeout(timeoutMs),
      });
      status = answer.status;
      text = await answer.text();
    } catch (cause) {
      hold(this.isGatewayDown, `resolve ${key} (${mode}) got no answer: ${String(cause)}`);
      return;
    }
    const code = problemSchema.safeParse(parsed(text)).data?.code;
    // The listener's own words, whose rooms were killed under it: what it says was not done was not done.
    if (status === 503 && code === "gateway_unavailable" && this.isGatewayDown) {
      const others = [...this.#underWay.values()].filter((other) => other === key).length - 1;
      if (others === 0 && !wasKnown) this.#keys.delete(key);
      return;
    }
    if (status === 500 && code === "internal" && this.isGatewayDown) return;
    if (status === 200) {
      hold(this.#keys.has(key), `resolve ${key} (${mode}) was answered 200: ${text}`);
      this.#keys.set(key, "taken");
      return;
    }
    if (status === 422 && code === "idempotency_mismatch") {
      hold(modes.size > 1, `resolve ${key} (${mode}) is no other question than before: ${text}`);
      return;
    }
    hold(!wasTaken, `resolve ${key} was answered before, and is now refused: ${text}`);
    const others = [...this.#underWay.values()].filter((other) => other === key).length - 1;
    if (others === 0 && this.#keys.get(key) === "maybe") this.#keys.delete(key);
    const failure = mode === "hang" ? "inference_timeout" : "inference_failed";
    // After some failures in a row the service is given a rest, whatever the next request asks of it.
    const isResting = code === "inference_unavailable";
    const isAllowed = code === "session_finalized" ? this.isFinalizing : isResting || (code === failure && !mayBeTaken);
    hold(isAllowed, `resolve ${key} (${mode}) was refused: ${text}`);
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // No problem document.
    return undefined;
  }
}
