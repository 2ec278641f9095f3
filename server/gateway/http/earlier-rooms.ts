/**
 * Refusals as rooms of earlier versions give them. For up to a day after a deploy live rooms run the code of the version before
 * (docs/operations.md), and the Worker must understand what they answer. Knows no route and no room.
 */
import * as z from "zod";
import { type HttpErrorCode, httpErrors } from "../../../schemas/wire/errors.ts";
import type { SessionMethod } from "../room/session-api.ts";
import type { Reason } from "./problems.ts";

/** Until Nov 2026 a room gave the code of the answer, and mostly its sentence, where it gives a reason now. */
const codedSchema = z.object({
  code: z.custom<HttpErrorCode>((code) => typeof code === "string" && Object.hasOwn(httpErrors, code)),
  detail: z.string().optional(),
  retryAfterMs: z.number().optional(),
});

/** What a room meant that said `session_finalized`. */
const sealed = {
  addUtterances: "utterances_sealed",
  configure: "settings_sealed",
  create: "settings_sealed",
  retryResolves: "speakers_sealed",
} as const satisfies Partial<Record<SessionMethod, Reason>>;

/** @returns the reason that a refusal stands for; a refusal of this version as it is. */
export function reasonOf(method: SessionMethod, refusal: unknown): unknown {
  if (refusal === "session_finalized") return sealedReason(method);
  const coded = codedSchema.safeParse(refusal);
  if (!coded.success) return refusal;
  const { code, detail, retryAfterMs } = coded.data;
  if (code === "session_not_found" || code === "too_many_sessions" || code === "resolve_queue_full") return code;
  if (code === "inference_unavailable") return { reason: code, retryAfterMs: retryAfterMs ?? 1_000 } satisfies Reason;
  return { reason: "refused_by_earlier_room", code, detail: detail ?? "The session refused this." } satisfies Reason;
}

function sealedReason(method: SessionMethod): Reason {
  return Object.hasOwn(sealed, method) ? sealed[method as keyof typeof sealed] : "speakers_sealed";
}
