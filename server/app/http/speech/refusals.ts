/** Refusals of the routes on speech: problems of ours, with what clients of OpenAI's API look for beside it. */
import type { Context } from "hono";
import type { HttpErrorCode } from "../../../../schemas/wire/errors.ts";
import { problemResponse } from "../../../shared/http/problem-response.ts";
import { log } from "../../../shared/telemetry/log.ts";
import type { ModelFault } from "../../ai/ports.ts";
import type { AppEnv } from "../app-env.ts";

export interface Refusal {
  readonly code: HttpErrorCode;
  readonly detail: string;
  readonly retryAfterSeconds?: number;
}

const codes = { 400: "bad_request", 413: "body_too_large", 415: "unsupported_media" } as const;
const soonSeconds = 5;

export const refusalWith = (status: keyof typeof codes, detail: string): Refusal => ({ code: codes[status], detail });

/** What a model's fault is to the caller: nothing that a provider said, but for our own service's word on a refusal. */
export function refusalOf(fault: ModelFault): Refusal {
  switch (fault.reason) {
    case "unavailable": {
      const retryAfterSeconds = fault.retryAfterSeconds ?? soonSeconds;
      const detail = `The model is busy or down. Try again in ${retryAfterSeconds} s.`;
      return { code: "model_unavailable", detail, retryAfterSeconds };
    }
    case "timeout":
      return { code: "model_timeout", detail: "The model began no answer in time. Send less, or try again." };
    case "failed": {
      const detail = "The model failed on this request. Try again; quote the trace id if it stays.";
      return { code: "model_failed", detail };
    }
    case "refused":
      return refusalWith(fault.status, fault.detail ?? "The model does not take this request.");
    case "exhausted":
      return { code: "budget_exhausted", detail: fault.detail, retryAfterSeconds: fault.retryAfterSeconds };
    // Nobody reads it.
    case "aborted":
      return { code: "model_failed", detail: "The caller left before the model had answered." };
  }
}

export const tooLarge = (maxBytes: number): Refusal =>
  refusalWith(413, `The body is at most ${maxBytes} bytes: send it in parts.`);

/** What is announced as too large is not read. */
export function declaredTooLarge(request: Request, maxBytes: number): Refusal | undefined {
  return Number(request.headers.get("content-length") ?? 0) > maxBytes ? tooLarge(maxBytes) : undefined;
}

/** Whether the same request may succeed later. */
export const isRetryable = ({ code }: Refusal): boolean => code.startsWith("model_") || code === "budget_exhausted";

export function refuse(c: Context<AppEnv>, { code, detail, retryAfterSeconds }: Refusal): Response {
  const headers = retryAfterSeconds === undefined ? {} : { "retry-after": String(retryAfterSeconds) };
  return problemResponse(code, detail, c.var.traceId, headers, {
    error: { message: detail, type: "roomtone_error", param: null, code },
  });
}

export function misconfigured(c: Context<AppEnv>, issues: readonly string[]): Response {
  log.error("app.misconfigured", { trace_id: c.var.traceId, issues: issues.join("; ") });
  return refuse(c, { code: "misconfigured", detail: "These variables of the app are not set right: see its log." });
}

export const notSetUp: Refusal = {
  code: "model_unavailable",
  detail: "No model is set up for this: see EMBEDDED_BASE_URL, STT_MODEL and TTS_MODEL.",
  retryAfterSeconds: 60,
};
