/** The HTTP side of the harness: state, finalize, result, over the results library. Each failure is a sentence. */
import { createResultsClient } from "../../client/results/results-client.ts";
import { RoomtoneError } from "../../client/results/results-errors.ts";
import type { ResultsClient } from "../../client/results/results-types.ts";
import { finalizeAnswerSchema, type FinalizeAnswer } from "../../schemas/http/finalize.ts";
import type { SessionResult } from "../../schemas/http/result.ts";
import type { SessionState } from "../../schemas/http/sessions.ts";
import { Failure } from "../../schemas/lib/failure.ts";

export interface HttpTarget {
  /** Ends with a slash. */
  readonly baseHttp: URL;
  readonly sessionId: string;
  readonly token?: string | undefined;
}

const minFinalizeMs = 120_000;
/** Every second is read again from R2. */
const maxFinalizeMsPerSecond = 20;

export function fetchState(target: HttpTarget): Promise<SessionState> {
  return ask(target, (client) => client.state(target.sessionId));
}

/** Finalizes the session, and waits until it is done, for the longer the more audio there is. */
export function finalizeSession(target: HttpTarget, expect: Record<string, number>): Promise<FinalizeAnswer> {
  const seconds = Object.values(expect).reduce((sum, lastSeq) => sum + lastSeq, 0);
  const maxWaitMs = minFinalizeMs + seconds * maxFinalizeMsPerSecond;
  // A library takes what an earlier gateway leaves out; this gateway is to say everything.
  return ask(target, async (client) =>
    finalizeAnswerSchema.parse(await client.finalize(target.sessionId, { expect }, { maxWaitMs })),
  );
}

export function fetchResult(target: HttpTarget): Promise<SessionResult> {
  return ask(target, (client) => client.result(target.sessionId));
}

async function ask<T>({ baseHttp, token }: HttpTarget, request: (client: ResultsClient) => Promise<T>): Promise<T> {
  // No retries: a harness must show what a retry would hide.
  const client = createResultsClient({ baseUrl: baseHttp, token, timeoutMs: 15_000, retries: 0 });
  try {
    return await request(client);
  } catch (cause) {
    if (cause instanceof RoomtoneError) throw new Failure(cause.message);
    throw cause;
  }
}
