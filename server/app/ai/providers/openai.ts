/** Models behind an HTTP API of OpenAI's shape: OpenAI itself, others that speak like it, and the local inference service. */
import { err, ok, type Result } from "../../../../schemas/lib/result.ts";
import { deadlineIn } from "../../../../schemas/lib/timeout.ts";
import { readTextUpTo } from "../../../shared/lib/read-body.ts";
import { describeError, log } from "../../../shared/telemetry/log.ts";
import type { ModelFault, SpeechCall, Synthesizer, Transcriber } from "../ports.ts";

export interface OpenAiSpeech {
  /** As `provider/model`. */
  readonly name: string;
  /** Ends before `/audio`. */
  readonly baseUrl: string;
  readonly apiKey: string | undefined;
  /** Whether what it says of a refusal may be told to callers: it is our own service's word. */
  readonly isOwn: boolean;
}

/** Until the answer begins: half an hour of audio takes minutes. */
const timeouts = { transcribe: 300_000, speak: 30_000 } as const;
const maxErrorBytes = 16_384;
const refusals: ReadonlySet<number> = new Set([400, 413, 415]);

export function openAiSpeech(service: OpenAiSpeech): Transcriber & Synthesizer {
  return {
    name: service.name,
    transcribe: (call, signal) => ask(service, "transcriptions", timeouts.transcribe, call, signal),
    speak: (call, signal) => ask(service, "speech", timeouts.speak, call, signal),
  };
}

async function ask(
  { name, baseUrl, apiKey, isOwn }: OpenAiSpeech,
  what: "transcriptions" | "speech",
  timeoutMs: number,
  { contentType, body }: SpeechCall,
  signal: AbortSignal,
): Promise<Result<Response, ModelFault>> {
  const deadline = deadlineIn(timeoutMs);
  try {
    const answer = await fetch(`${baseUrl}/audio/${what}`, {
      method: "POST",
      headers: {
        "content-type": contentType,
        ...(apiKey === undefined ? {} : { authorization: `Bearer ${apiKey}` }),
      },
      body,
      // A key is for this address, not for another that it names.
      redirect: "manual",
      signal: AbortSignal.any([signal, deadline.signal]),
    });
    return answer.ok ? ok(answer) : err(await faultOf(name, isOwn, answer));
  } catch (cause) {
    if (deadline.signal.aborted) return err({ reason: "timeout" });
    // The caller left, or sent too much: its own affair, not the model's.
    if (signal.aborted) throw cause;
    log.warn("model.unreachable", { model: name, error: describeError(cause) });
    return err({ reason: "unavailable", retryAfterSeconds: undefined });
  } finally {
    // The answer's body may take as long as it takes.
    deadline.clear();
  }
}

async function faultOf(name: string, isOwn: boolean, answer: Response): Promise<ModelFault> {
  const { status } = answer;
  const text = await readTextUpTo(answer.body, maxErrorBytes);
  log.warn("model.refused", { model: name, status, answer: text.ok ? text.value.slice(0, 500) : text.error });
  if (refusals.has(status)) {
    const detail = isOwn && text.ok ? messageIn(text.value) : undefined;
    return { reason: "refused", status: status as 400 | 413 | 415, detail };
  }
  if (status !== 429 && status !== 503) return { reason: "failed" };
  const seconds = Number(answer.headers.get("retry-after") ?? Number.NaN);
  return { reason: "unavailable", retryAfterSeconds: Number.isInteger(seconds) && seconds >= 0 ? seconds : undefined };
}

function messageIn(text: string): string | undefined {
  try {
    const { error } = JSON.parse(text) as { error?: { message?: unknown } };
    return typeof error?.message === "string" ? error.message : undefined;
  } catch {
    return undefined;
  }
}
