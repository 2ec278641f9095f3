/**
 * One request and its whole answer: bounded in time, abortable, the token in its header and nowhere else.
 * Uses fetch alone, and only options of it that browsers, Node and Workers all know.
 */
import { problemSchema } from "../../schemas/problem.ts";
import {
  type FailedCall,
  type ProblemAnswer,
  RoomtoneHttpError,
  RoomtoneNetworkError,
  RoomtoneTimeoutError,
} from "./results-errors.ts";
import { parseRetryAfter } from "./retry.ts";
import { traceparent } from "./trace.ts";

/** Above it a timer fires at once, everywhere. */
const maxTimerMs = 2 ** 31 - 1;

/** What every request of a client goes through. */
export interface Door {
  /** Ends with a slash. */
  readonly baseUrl: URL;
  readonly fetch: typeof globalThis.fetch;
  readonly token: () => string | undefined | Promise<string | undefined>;
}

export interface Exchange extends FailedCall {
  readonly headers: Readonly<Record<string, string>>;
  /** JSON. */
  readonly body: string | undefined;
  /** Whether to ask for the token and send it. */
  readonly authorized: boolean;
  /** Statuses that are no error. */
  readonly good: readonly number[];
  readonly timeoutMs: number;
  readonly signal: AbortSignal | undefined;
}

export interface Answer {
  readonly status: number;
  readonly text: string;
}

/** @throws RoomtoneHttpError, RoomtoneNetworkError, RoomtoneTimeoutError, the signal's reason, or what the token provider throws. */
export async function exchange(door: Door, call: Exchange): Promise<Answer> {
  const { signal, timeoutMs } = call;
  signal?.throwIfAborted();
  const controller = new AbortController();
  const abort = (): void => controller.abort();
  const timer = setTimeout(abort, Math.min(timeoutMs, maxTimerMs));
  signal?.addEventListener("abort", abort);
  try {
    // Raced, since neither a token provider nor a fetch of the caller's own need heed a signal.
    return await Promise.race([send(door, call, controller.signal), rejection(controller.signal)]);
  } catch (cause) {
    signal?.throwIfAborted();
    if (controller.signal.aborted) throw new RoomtoneTimeoutError(call, `got no whole answer in ${timeoutMs} ms.`);
    throw cause;
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", abort);
  }
}

async function send(door: Door, call: Exchange, signal: AbortSignal): Promise<Answer> {
  const { answer, without } = await request(door, call, "application/json", signal);
  let text: string;
  try {
    text = await answer.text();
  } catch (cause) {
    throw new RoomtoneNetworkError(call, `got no answer: ${without(networkReason(cause))}.`);
  }
  if (call.good.includes(answer.status)) return { status: answer.status, text };
  throw httpError(call, answer, text, without);
}

/**
 * A request whose answer goes on. @returns the body, which may be long in coming; undefined for 204, nothing more.
 * @throws as `exchange` does, until the answer begins.
 */
export async function openEventStream(
  door: Door,
  call: Exchange,
  signal: AbortSignal,
): Promise<ReadableStream<Uint8Array> | undefined> {
  const { answer, without } = await request(door, call, "text/event-stream", signal);
  if (answer.status === 204) return undefined;
  if (answer.status === 200 && answer.body) return answer.body;
  throw httpError(call, answer, await answer.text(), without);
}

/** Takes the token out of foreign text, in case that quotes it. */
type Without = (text: string) => string;

async function request(
  door: Door,
  call: Exchange,
  accept: string,
  signal: AbortSignal,
): Promise<{ answer: Response; without: Without }> {
  const token = call.authorized ? checkedToken(await door.token()) : undefined;
  const without: Without = (text) => (token === undefined ? text : text.replaceAll(token, "[token]"));
  try {
    const answer = await door.fetch(new URL(call.path, door.baseUrl), {
      method: call.method,
      headers: {
        ...call.headers,
        accept,
        traceparent: traceparent(call.traceId),
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        ...(call.body === undefined ? {} : { "content-type": "application/json" }),
      },
      ...(call.body === undefined ? {} : { body: call.body }),
      // A token must not follow to another place.
      redirect: "manual",
      signal,
    });
    return { answer, without };
  } catch (cause) {
    throw new RoomtoneNetworkError(call, `got no answer: ${without(networkReason(cause))}.`);
  }
}

function httpError(call: Exchange, answer: Response, text: string, without: Without): RoomtoneHttpError {
  const { code, detail, ...rest } = problemOf(answer, text);
  const traceId = answer.headers.get("x-trace-id") ?? call.traceId;
  return new RoomtoneHttpError({ ...call, traceId }, { ...rest, code: without(code), detail: without(detail) });
}

function rejection(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    signal.addEventListener("abort", () => reject(new Error("aborted")));
  });
}

/** fetch would refuse such a header with a message that quotes it. */
function checkedToken(token: string | undefined): string | undefined {
  if (token === undefined || /^[\x21-\x7e]+$/.test(token)) return token;
  throw new TypeError("The token holds a character that a token can't have, or is empty.");
}

function problemOf(answer: Response, text: string): ProblemAnswer {
  const { status } = answer;
  const retryAfterMs = parseRetryAfter(answer.headers.get("retry-after"), Date.now());
  try {
    const { code, detail } = problemSchema.parse(JSON.parse(text));
    return { code, detail, status, retryAfterMs };
  } catch {
    // Neither JSON nor a problem: a proxy, or no gateway at all. Its text is no sentence for anyone.
    const detail = "The answer is no problem document of a Roomtone gateway. Check the base URL.";
    return { code: "unexpected_answer", detail, status, retryAfterMs };
  }
}

function networkReason(cause: unknown): string {
  if (!(cause instanceof Error)) return String(cause);
  // Node's fetch hides the reason one level down; where several addresses failed it has a code alone.
  const inner = cause.cause;
  if (!(inner instanceof Error)) return cause.message;
  if (inner.message !== "") return inner.message;
  return "code" in inner ? String(inner.code) : cause.message;
}
