/** Calls that the gateway may answer with "not yet", asked again until they are done. */
import * as z from "zod";
import { deletionPendingSchema, deletionReceiptSchema } from "../../schemas/http/sessions.ts";
import type { Caller } from "./caller.ts";
import { checkNumber } from "./check-number.ts";
import { readFinalizeAnswerSchema, readFinalizePendingSchema } from "./earlier-answers.ts";
import { sessionPath } from "./parts.ts";
import { type FailedCall, RoomtoneTimeoutError } from "./results-errors.ts";
import type { FinalizeOptions } from "./call-options.ts";
import { pause } from "./retry.ts";
import { newTraceId } from "./trace.ts";

const defaultMaxWaitMs = 300_000;
/** The gateway holds a finalize or a deletion open this long before it answers 202: asking again is a long poll. */
const holdMs = 20_000;
const pollMs = 1_000;

const finalizedOrNotSchema = z.union([readFinalizeAnswerSchema, readFinalizePendingSchema]);
const deletedOrNotSchema = z.union([deletionReceiptSchema, deletionPendingSchema]);
export type FinalizedOrNot = z.infer<typeof finalizedOrNotSchema>;
export type DeletedOrNot = z.infer<typeof deletedOrNotSchema>;

interface LongCall<T> {
  readonly method: FailedCall["method"];
  readonly path: string;
  readonly body?: object;
  readonly schema: z.ZodType<T>;
  /** What is still to be done; undefined where nothing is. */
  readonly left: (answer: T) => string | undefined;
}

async function untilDone<T>(
  caller: Caller,
  { schema, left, ...asked }: LongCall<T>,
  { wait = true, maxWaitMs = defaultMaxWaitMs, signal }: FinalizeOptions,
): Promise<T> {
  checkNumber("maxWaitMs", maxWaitMs, 0);
  const named = { ...asked, traceId: newTraceId() };
  const timeoutMs = caller.timeoutMs + holdMs;
  const deadlineAt = performance.now() + maxWaitMs;
  for (;;) {
    const request = { ...named, good: [200, 202], repeatable: true, timeoutMs, signal };
    const answer = await caller.json(request, schema, deadlineAt);
    const isLeft = left(answer);
    if (!wait || isLeft === undefined) return answer;
    if (performance.now() + pollMs >= deadlineAt) {
      throw new RoomtoneTimeoutError(named, `was not done within ${maxWaitMs} ms: ${isLeft}`);
    }
    await pause(pollMs, signal);
  }
}

export async function finalize(
  caller: Caller,
  sessionId: string,
  body: object = {},
  options: FinalizeOptions = {},
): Promise<FinalizedOrNot> {
  const path = sessionPath(sessionId, "finalize");
  const left = (answer: FinalizedOrNot): string | undefined => {
    if (!("status" in answer)) return undefined;
    if (answer.status === "open") return "The session waits for what is missing.";
    return `${answer.pending_chunks} chunks are not yet in R2. The gateway goes on by itself.`;
  };
  return untilDone(caller, { method: "POST", path, body, schema: finalizedOrNotSchema, left }, options);
}

export async function deleteSession(
  caller: Caller,
  sessionId: string,
  options: FinalizeOptions = {},
): Promise<DeletedOrNot> {
  const left = (answer: DeletedOrNot): string | undefined =>
    answer.status === "deleted"
      ? undefined
      : `${answer.objects} objects are deleted so far. The gateway goes on by itself.`;
  return untilDone(
    caller,
    { method: "DELETE", path: sessionPath(sessionId), schema: deletedOrNotSchema, left },
    options,
  );
}
