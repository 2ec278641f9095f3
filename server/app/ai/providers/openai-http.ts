/** One exchange with an HTTP API of OpenAI's shape: how it is asked, and what its refusals mean. Its words go into the log alone. */
import { beginningOf } from "../../../../schemas/cut-text.ts";
import { err, ok, type Result } from "../../../../schemas/lib/result.ts";
import { retryAfterMs } from "../../../shared/http/retry-after.ts";
import { traceparentOf } from "../../../shared/http/trace.ts";
import { readTextUpTo } from "../../../shared/lib/read-body.ts";
import { log } from "../../../shared/telemetry/log.ts";
import type { Call, ModelFault } from "../ports.ts";

export interface OpenAiService {
  /** As `provider/model`. */
  readonly name: string;
  /** The provider's own name of it. */
  readonly model: string;
  /** Ends before `/audio`. */
  readonly baseUrl: string;
  readonly apiKey: string | undefined;
  /** What is said of each call besides. */
  readonly headers?: (call: Call) => Readonly<Record<string, string>>;
  /** Whether what it says of a refusal may be told to callers: it is our own service's word. */
  readonly isOwn: boolean;
}

const maxErrorBytes = 16_384;
const maxRetryAfterMs = 86_400_000;
const maxAnswerBytes = 8 * 1_024 * 1_024;
const refusals: ReadonlySet<number> = new Set([400, 413, 415]);

/** @returns its answer where it is one, with the body unread. @throws where it can't be reached, or the call's signal aborts. */
export async function askOpenAi(
  service: OpenAiService,
  path: "/audio/transcriptions" | "/audio/speech" | "/chat/completions",
  request: {
    readonly body: string | FormData | Uint8Array<ArrayBuffer>;
    readonly contentType?: string;
    readonly query?: string;
  },
  call: Call,
): Promise<Result<Response, ModelFault>> {
  const { baseUrl, apiKey } = service;
  const answer = await fetch(`${baseUrl}${path}${request.query ?? ""}`, {
    method: "POST",
    headers: {
      ...(request.contentType === undefined ? {} : { "content-type": request.contentType }),
      ...(apiKey === undefined ? {} : { authorization: `Bearer ${apiKey}` }),
      ...service.headers?.(call),
      traceparent: traceparentOf(call.traceId),
    },
    body: request.body,
    // A key is for this address, not for another that it names.
    redirect: "manual",
    signal: call.signal,
  });
  return answer.ok ? ok(answer) : err(await faultOf(service, answer, call));
}

/** @returns its JSON; anything else is a failure of the model. */
export async function jsonOf(
  service: OpenAiService,
  answer: Response,
  call: Call,
): Promise<Result<unknown, ModelFault>> {
  const text = await readTextUpTo(answer.body, maxAnswerBytes);
  if (!text.ok) return wrong(service, call, text.error);
  try {
    return ok(JSON.parse(text.value) as unknown);
  } catch {
    return wrong(service, call, beginningOf(text.value, 500));
  }
}

/** Of an answer that is not what was asked for. */
export function wrong(
  { name }: { readonly name: string },
  call: Call,
  answer: string,
): { readonly ok: false; readonly error: ModelFault } {
  log.warn("model.answered_wrong", { model: name, trace_id: call.traceId, answer });
  return err({ reason: "failed" });
}

async function faultOf({ name, isOwn }: OpenAiService, answer: Response, call: Call): Promise<ModelFault> {
  const { status } = answer;
  const text = await readTextUpTo(answer.body, maxErrorBytes);
  const said = text.ok ? text.value : text.error;
  log.warn("model.refused", { model: name, trace_id: call.traceId, status, answer: beginningOf(said, 500) });
  if (refusals.has(status)) {
    const detail = isOwn && text.ok ? messageIn(text.value) : undefined;
    return { reason: "refused", status: status as 400 | 413 | 415, detail };
  }
  if (status !== 429 && status !== 503) return { reason: "failed" };
  return { reason: "unavailable", retryAfterSeconds: secondsIn(answer.headers) };
}

/** Whole seconds; what is longer than a day, or over, is no advice. */
export function secondsIn(headers: Headers): number | undefined {
  const waitMs = retryAfterMs(headers, Date.now()) ?? Number.NaN;
  return waitMs >= 0 && waitMs <= maxRetryAfterMs ? Math.ceil(waitMs / 1_000) : undefined;
}

function messageIn(text: string): string | undefined {
  try {
    const { error } = JSON.parse(text) as { error?: { message?: unknown } };
    return typeof error?.message === "string" ? error.message : undefined;
  } catch {
    return undefined;
  }
}
