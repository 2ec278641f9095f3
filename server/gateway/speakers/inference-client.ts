/**
 * One call to the speaker-resolve service. Every way it can go wrong is a value: the service is outside and
 * nothing it does may throw into the room. Its answer is typed only after it parsed.
 */
import { limits } from "../../../schemas/limits.ts";
import { err, ok, type Result } from "../../../schemas/lib/result.ts";
import { type ResolveAnswer, resolveAnswerSchema, type ResolveRequest } from "../../../schemas/speech/speakers.ts";
import { deadlineIn } from "../../../schemas/lib/timeout.ts";
import { withFitNames } from "./answer-names.ts";
import { isNestedDeeper } from "../../shared/json/json-depth.ts";
import { readTextUpTo } from "../../shared/lib/read-body.ts";
import { newSpanId, newTraceId, traceparentOf } from "../../shared/http/trace.ts";
import { currentSubject } from "../../shared/telemetry/context.ts";
import { log } from "../../shared/telemetry/log.ts";
import { isAboutRequest, whyRefused } from "./service-refusal.ts";

export interface InferenceConfig {
  readonly url: string;
  /** Sent as `x-api-key`. */
  readonly apiKey: string | undefined;
  readonly timeoutMs: number;
}

export interface InferenceFailure {
  /** `refused`: the service is there and does not take this request (4xx). */
  readonly reason: "failed" | "timeout" | "refused";
  /** A sentence without the service's address or key. */
  readonly detail: string;
  /** Of `refused`: what the service answered. */
  readonly status?: number;
  /** Whether nobody took the request at all: refused, reset, or an unknown name. */
  readonly isUnreachable?: boolean;
}

/** Asks the speaker-resolve service. */
export type Inference = (request: ResolveRequest) => Promise<Result<ResolveAnswer, InferenceFailure>>;

export function createInferenceClient(config: InferenceConfig, fetcher: typeof fetch): Inference {
  return async (request) => {
    const [begunAt, spanId, body] = [Date.now(), newSpanId(), JSON.stringify(request)];
    // What the room does by itself, after it woke, is in a trace of its own.
    const { trace_id = newTraceId() } = currentSubject();
    const answer = await call(config, fetcher, { request, body, traceparent: traceparentOf(trace_id, spanId) });
    log[answer.ok ? "info" : "warn"]("resolve", {
      trace_id,
      session_id: request.session_id,
      status: answer.ok ? "ok" : answer.error.reason,
      detail: answer.ok ? undefined : answer.error.detail,
      duration_ms: Date.now() - begunAt,
      bytes_out: body.length,
      span_id: spanId,
    });
    return answer;
  };
}

interface Ask {
  readonly request: ResolveRequest;
  readonly body: string;
  readonly traceparent: string;
}

async function call(
  config: InferenceConfig,
  fetcher: typeof fetch,
  { request, body: sent, traceparent }: Ask,
): Promise<Result<ResolveAnswer, InferenceFailure>> {
  const { signal, clear } = deadlineIn(config.timeoutMs);
  try {
    const response = await fetcher(config.url, {
      method: "POST",
      headers: {
        "content-type": "application/json",
        accept: "application/json",
        traceparent,
        ...(config.apiKey === undefined ? {} : { "x-api-key": config.apiKey }),
      },
      body: sent,
      signal,
      // Following a redirect would hand the key and the audio to whoever it names.
      redirect: "manual",
    });
    if (!response.ok) {
      const { status } = response;
      if (isAboutRequest(status)) return err({ reason: "refused", detail: await whyRefused(config, response), status });
      await response.body?.cancel();
      return failed(`the service answered ${status}`);
    }
    const body = await readTextUpTo(response.body, limits.maxInferenceAnswerBytes);
    if (!body.ok) return failed(`the service's answer is ${body.error === "too_large" ? "too large" : "not UTF-8"}`);
    return parseAnswer(body.value, request.session_id);
  } catch {
    // Whatever fetch throws (refused, reset, name unknown) may carry the service's address: it is left out.
    return signal.aborted
      ? err({ reason: "timeout", detail: `the service did not answer within ${config.timeoutMs} ms` })
      : err({ reason: "failed", detail: "the service could not be reached", isUnreachable: true });
  } finally {
    clear();
  }
}

function parseAnswer(text: string, sessionId: string): Result<ResolveAnswer, InferenceFailure> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return failed("the service's answer is not JSON");
  }
  if (isNestedDeeper(value, limits.maxJsonLevels)) return failed("the service's answer nests too deep");
  const parsed = resolveAnswerSchema.safeParse(value);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    return failed(
      `the service's answer does not fit the contract: ${issue?.path.join(".") ?? ""}: ${issue?.message ?? "invalid"}`,
    );
  }
  if (parsed.data.session_id !== sessionId) return failed("the service answered for another session");
  const ids = parsed.data.updated_state.clusters.map((cluster) => cluster.cluster_id);
  if (new Set(ids).size !== ids.length) return failed("the service's answer names a cluster twice");
  // Parsing and writing again can lengthen numbers (1e20); what is kept must still fit its row.
  if (byteLengthOf(JSON.stringify(parsed.data)) > limits.maxInferenceAnswerBytes) {
    return failed("the service's answer is too large");
  }
  return ok(withFitNames(parsed.data));
}

function byteLengthOf(text: string): number {
  return new TextEncoder().encode(text).byteLength;
}

function failed(detail: string): Result<never, InferenceFailure> {
  return err({ reason: "failed", detail });
}
