/**
 * Models of Workers AI, by the binding `AI`: every call says for whom it is, to the gateway that notes and limits it. What the
 * binding throws goes into the log; what it means is in Cloudflare's table of error codes.
 * https://developers.cloudflare.com/workers-ai/platform/errors/
 */
import { beginningOf } from "../../../../schemas/cut-text.ts";
import { err, type Result } from "../../../../schemas/lib/result.ts";
import { describeError, log } from "../../../shared/telemetry/log.ts";
import { readTextUpTo } from "../../../shared/lib/read-body.ts";
import type { Call, ModelFault } from "../ports.ts";
import { secondsIn } from "./openai-http.ts";

/** The binding, as far as it is used. */
export interface WorkersAi {
  run(model: string, input: object, options: object): Promise<unknown>;
}

export interface WorkersAiModel {
  /** As `provider/model`. */
  readonly name: string;
  /** Such as `@cf/deepgram/nova-3`. */
  readonly model: string;
  readonly ai: WorkersAi;
  readonly gatewayId: string;
}

const maxErrorBytes = 16_384;

/** @param more options besides the gateway's. @returns what the binding gives: a value, or a `Response` that is one. */
export async function runWorkersAi(
  { name, model, ai, gatewayId }: WorkersAiModel,
  input: object,
  call: Call,
  more: object = {},
): Promise<Result<unknown, ModelFault>> {
  const metadata = { tenantId: call.tenant, traceId: call.traceId, route: call.route };
  const gateway = { gateway: { id: gatewayId, metadata } };
  let answer: unknown;
  try {
    answer = await ai.run(model, input, { ...gateway, ...more, signal: call.signal });
  } catch (cause) {
    if (call.signal.aborted) throw cause;
    const said = describeError(cause);
    log.warn("model.refused", { model: name, trace_id: call.traceId, answer: beginningOf(said, 500) });
    return err(faultOf(codeIn(said)));
  }
  if (!(answer instanceof Response) || answer.ok) return { ok: true, value: answer };
  const text = await readTextUpTo(answer.body, maxErrorBytes);
  const said = text.ok ? text.value : text.error;
  log.warn("model.refused", {
    model: name,
    trace_id: call.traceId,
    status: answer.status,
    answer: beginningOf(said, 500),
  });
  return err(faultOf(codeIn(said) ?? answer.status, secondsIn(answer.headers)));
}

/** The internal code stands in front of the text, or is its number. */
function codeIn(text: string): number | undefined {
  const code = /\b(3\d{3}|5\d{3})\b/.exec(text)?.[1] ?? /\b(4\d\d|50\d)\b/.exec(text)?.[1];
  return code === undefined ? undefined : Number(code);
}

function faultOf(code: number | undefined, retryAfterSeconds?: number): ModelFault {
  switch (code) {
    case 3036:
    case 3040:
    case 429:
    case 503:
      return { reason: "unavailable", retryAfterSeconds };
    case 3007:
    case 3008:
    case 408:
    case 504:
      return { reason: "timeout" };
    case 3006:
    case 413:
      return { reason: "refused", status: 413, detail: undefined };
    case 415:
      return { reason: "refused", status: 415, detail: undefined };
    // What was sent is not right, as against a model that is not there (5007).
    case 5004:
    case 5006:
    case 400:
      return { reason: "refused", status: 400, detail: undefined };
    case undefined:
    default:
      return { reason: "failed" };
  }
}
