/** What speaker resolve is asked for, and its answer, which is typed only after it parsed. */
import { limits } from "../../../schemas/limits.ts";
import { ok, type Result } from "../../../schemas/lib/result.ts";
import { type ResolveAnswer, resolveAnswerSchema, type ResolveRequest } from "../../../schemas/speech/speakers.ts";
import { withFitNames } from "./answer-names.ts";
import type { InferenceConfig } from "../../shared/config/resolve.ts";
import { isNestedDeeper } from "../../shared/json/json-depth.ts";
import { callService, failed, type ServiceFailure, traced } from "./service-call.ts";
import { isAboutRequest, whyRefused } from "./service-refusal.ts";

export interface InferenceFailure extends Omit<ServiceFailure, "reason"> {
  /** `refused`: the service is there and does not take this request (4xx). */
  readonly reason: ServiceFailure["reason"] | "refused";
  /** Of `refused`: what the service answered. */
  readonly status?: number;
}

/** Asks the speaker-resolve service. */
export type Inference = (request: ResolveRequest) => Promise<Result<ResolveAnswer, InferenceFailure>>;

export function createInferenceClient(config: InferenceConfig, fetcher: typeof fetch): Inference {
  return (request) => {
    const body = JSON.stringify(request);
    return traced("resolve", { session_id: request.session_id, bytes_out: body.length }, async (traceparent) => {
      const answer = await callService(config, fetcher, {
        headers: { "content-type": "application/json", traceparent },
        body,
        timeoutMs: config.timeoutMs,
        refusalOf: (response) => refusalOf(config, response),
      });
      return answer.ok ? parseAnswer(answer.value, request.session_id) : answer;
    });
  };
}

async function refusalOf(config: InferenceConfig, response: Response): Promise<InferenceFailure> {
  const { status } = response;
  if (isAboutRequest(status)) return { reason: "refused", detail: await whyRefused(config, response), status };
  await response.body?.cancel();
  return { reason: "failed", detail: `the service answered ${status}` };
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
