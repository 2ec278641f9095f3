/** What is said in a piece of speech, by the models of the meeting's tenant, and how long to leave them alone where they fail. */
import { err, ok, type Result } from "../../../schemas/lib/result.ts";
import { traceIdFrom } from "../../shared/http/trace.ts";
import type { TenantSpeech } from "../ai/index.ts";
import type { ModelFault } from "../ai/ports.ts";
import type { Words } from "../hearing/heard-words.ts";
import { hear } from "../hearing/hear.ts";

/** What failed, and how long to leave it alone. */
export interface Setback {
  readonly reason: string;
  readonly retryAfterMs: number | undefined;
}

/** @param pcm a piece, of 13 s at most. @param timeoutMs how long a model may take for it. @param givesWay as `Call` has it. */
export async function hearForCaptions(
  speech: TenantSpeech,
  session: { readonly tenant: string; readonly session_id: string },
  pcm: Uint8Array<ArrayBuffer>,
  timeoutMs: number,
  givesWay?: AbortSignal,
): Promise<Result<Words, Setback>> {
  const heard = await hear(speech, speech.transcribers(), pcm, {
    tenant: session.tenant,
    sessionId: session.session_id,
    traceId: traceIdFrom(undefined),
    route: "captions",
    signal: AbortSignal.timeout(timeoutMs),
    givesWay,
  });
  if (heard.ok) return heard;
  // What a model won't take will not be taken later: it goes on without words.
  return heard.error.reason === "refused" ? ok({ model: "", segments: [] }) : err(setbackOf(heard.error));
}

function setbackOf(fault: ModelFault): Setback {
  const seconds = fault.reason === "unavailable" || fault.reason === "exhausted" ? fault.retryAfterSeconds : undefined;
  return { reason: `the model: ${fault.reason}`, retryAfterMs: seconds === undefined ? undefined : seconds * 1_000 };
}

/** What the gateway answered, or why it did not. */
export function orSetback<T>(read: Result<T, string>): Result<T, Setback> {
  return read.ok ? read : err({ reason: `the gateway: ${read.error}`, retryAfterMs: undefined });
}
