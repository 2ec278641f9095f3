/** The HTTP side of a plain client: state, finalize, result. Each answer is parsed; each failure is a sentence. */
import { setTimeout as sleep } from "node:timers/promises";
import type * as z from "zod";
import {
  type FinalizeAnswer,
  finalizeAnswerSchema,
  type SessionResult,
  sessionResultSchema,
  type SessionState,
  sessionStateSchema,
} from "../../schemas/http.ts";
import { Failure } from "./failure.ts";
import { problemDetail } from "./room-socket.ts";

export interface HttpTarget {
  /** Ends with a slash. */
  readonly baseHttp: URL;
  readonly sessionId: string;
  readonly token?: string | undefined;
}

const requestTimeoutMs = 15_000;
/** The gateway holds a finalize open for 20 s before it answers 202. */
const finalizeTimeoutMs = 30_000;
const finalizePollMs = 1_000;
const finalizePolls = 60;

export async function fetchState(target: HttpTarget): Promise<SessionState> {
  return parseAnswer("state", await request(target, "GET", "state"), sessionStateSchema);
}

/** Finalizes the session; asks again while the gateway says that it is not done yet. */
export async function finalizeSession(target: HttpTarget, expect: Record<string, number>): Promise<FinalizeAnswer> {
  for (let polls = 0; polls < finalizePolls; polls += 1) {
    const answer = await request(target, "POST", "finalize", { expect });
    if (answer.status !== 202) return parseAnswer("finalize", answer, finalizeAnswerSchema);
    await sleep(finalizePollMs);
  }
  throw new Failure("The session was still not finalized after a minute of asking.");
}

export async function fetchResult(target: HttpTarget): Promise<SessionResult> {
  return parseAnswer("result", await request(target, "GET", "result"), sessionResultSchema);
}

interface Answer {
  readonly status: number;
  readonly text: string;
}

async function request(
  { baseHttp, sessionId, token }: HttpTarget,
  method: "GET" | "POST",
  action: string,
  body?: object,
): Promise<Answer> {
  const url = new URL(`v1/sessions/${sessionId}/${action}`, baseHttp);
  try {
    const answer = await fetch(url, {
      method,
      headers: {
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        ...(body ? { "content-type": "application/json" } : {}),
      },
      ...(body ? { body: JSON.stringify(body) } : {}),
      // A token must not follow to another place.
      redirect: "manual",
      signal: AbortSignal.timeout(method === "POST" ? finalizeTimeoutMs : requestTimeoutMs),
    });
    return { status: answer.status, text: await answer.text() };
  } catch (cause) {
    throw new Failure(`${method} ${url.href} got no answer: ${networkReason(cause)}.`);
  }
}

function parseAnswer<T>(action: string, { status, text }: Answer, schema: z.ZodType<T>): T {
  if (status !== 200) throw new Failure(`${action} was answered with HTTP ${status}: ${problemDetail(text)}`);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new Failure(`${action} was answered with something that is not JSON.`);
  }
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw new Failure(
    `${action} breaks the contract at ${issue?.path.join(".") ?? "?"}: ${issue?.message ?? "invalid"}.`,
  );
}

function networkReason(cause: unknown): string {
  if (!(cause instanceof Error)) return String(cause);
  if (cause.name === "TimeoutError") return "timed out";
  // fetch hides the reason one level down.
  return cause.cause instanceof Error ? cause.cause.message : cause.message;
}
