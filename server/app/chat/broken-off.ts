/** What is told of an answer that broke off, once its status is out. */
import { ModelError } from "../ai/ports.ts";

export interface BrokenOff {
  readonly code: string;
  readonly message: string;
  readonly retryable: boolean;
}

export function brokenOff(cause: unknown): BrokenOff {
  const reason = cause instanceof ModelError ? cause.fault.reason : "failed";
  switch (reason) {
    case "timeout":
      return {
        code: "model_timeout",
        message: "The model took too long. Ask for less, or try again.",
        retryable: true,
      };
    case "unavailable":
      return { code: "model_unavailable", message: "The model is busy or down. Try again.", retryable: true };
    case "exhausted":
      return {
        code: "budget_exhausted",
        message: "A budget of the tenant is used up. Try again later.",
        retryable: true,
      };
    case "refused":
      return { code: "bad_request", message: "The model does not take this request.", retryable: false };
    case "failed":
    case "aborted":
      return {
        code: "model_failed",
        message: "The answer broke off. Ask again; quote the trace id if it stays.",
        retryable: true,
      };
  }
}
