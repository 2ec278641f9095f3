/** Why a question has no answer, in words for whoever asks: one row for each reason. */
import type { KeptRefusal } from "../../chat/index.ts";
import { log } from "../../../shared/telemetry/log.ts";
import { type Refusal, refusalOf, refusalWith } from "../speech/refusals.ts";

export function chatRefusal(refusal: KeptRefusal, traceId: string): Refusal {
  switch (refusal.reason) {
    case "unavailable":
    case "timeout":
    case "failed":
    case "refused":
    case "exhausted":
    case "aborted":
      return refusalOf(refusal);
    case "other_session":
      return { code: "forbidden", detail: "The token is for another session than meetings names." };
    case "session_not_found":
      return { code: "session_not_found", detail: "No session with this id was ever opened." };
    case "session_deleted":
      return { code: "session_deleted", detail: "The session was deleted." };
    case "misconfigured":
      log.error("app.misconfigured", { trace_id: traceId, issues: refusal.issues.join("; ") });
      return { code: "misconfigured", detail: "These variables of the app are not set right: see its log." };
    case "model_not_set_up": {
      const detail = "This model is not set up here: GET /v1/models lists those that are.";
      return { code: "model_unavailable", detail, retryAfterSeconds: 60 };
    }
    case "model_not_offered":
      return refusalWith(400, `model is none that is offered here; there is ${refusal.names.join(", ")}.`);
    case "chat_not_found":
      return { code: "chat_not_found", detail: "You have no chat with this id." };
    case "chat_busy":
      return { code: "chat_busy", detail: "An answer is being made in this chat. Ask again when it has ended." };
    case "idempotency_mismatch":
      return { code: "idempotency_mismatch", detail: "The same id came with another question: use a new one." };
  }
}
