/**
 * One request and its answer: bounded in time, abortable, the token in its header and nowhere else.
 * Uses fetch alone, and only options of it that browsers, Node and Workers all know.
 */
import { maxTimerMs } from "../capture/pause.ts";
import { problemSchema } from "../../schemas/http/problem.ts";
import {
  type FailedCall,
  type ProblemAnswer,
  RoomtoneHttpError,
  RoomtoneNetworkError,
  RoomtoneTimeoutError,
} from "./results-errors.ts";
import { parseRetryAfter, type Wait } from "./retry.ts";
import { traceparent } from "./trace.ts";
import { parseJson } from "../../schemas/lib/parse-json.ts";

/** What every request of a client goes through. */
export interface Door {
  /** Ends with a slash. */
  readonly baseUrl: URL;
  readonly fetch: typeof globalThis.fetch;
  readonly token: () => string | undefined | Promise<string | undefined>;
  /** Whether asking for the token again may give another one. */
  readonly isRenewable: boolean;
  /** Told before a call that failed waits to be sent again. */
  readonly onWait: ((wait: Wait) => void) | undefined;
}

export interface Exchange extends FailedCall {
  readonly headers: Readonly<Record<string, string>>;
  /** Media type of the answer that is asked for. */
  readonly accept: string;
  /** JSON, or audio that says its type. */
  readonly body: string | Blob | undefined;
  /** Whether to ask for the token and send it. */
  readonly authorized: boolean;
  /** Statuses that are no error. */
  readonly good: readonly number[];
  readonly timeoutMs: number;
  readonly signal: AbortSignal | undefined;
}

export interface Answer {
  readonly text: string;
  readonly contentType: string | null;
}

/**
 * A request and its whole answer, within `timeoutMs`.
 * @throws RoomtoneHttpError, RoomtoneNetworkError, RoomtoneTimeoutError, the signal's reason, or what the token provider throws.
 */
export function exchange(door: Door, call: Exchange): Promise<Answer> {
  const controller = new AbortController();
  return bounded(call, controller, async () => {
    const { answer, without } = await begin(door, call, controller.signal);
    const text = await textOf(call, answer, without);
    return { text, contentType: answer.headers.get("content-type") };
  });
}

/**
 * Ends `work` by the controller when `timeoutMs` are over or the caller's signal aborts, and leaves it alone afterwards.
 * @throws what `exchange` does.
 */
export async function bounded<T>(call: Exchange, controller: AbortController, work: () => Promise<T>): Promise<T> {
  const { signal, timeoutMs } = call;
  signal?.throwIfAborted();
  const abort = (): void => controller.abort();
  const timer = setTimeout(abort, Math.min(timeoutMs, maxTimerMs));
  signal?.addEventListener("abort", abort);
  try {
    // Raced, since neither a token provider nor a fetch of the caller's own need heed a signal.
    return await Promise.race([work(), rejection(controller.signal)]);
  } catch (cause) {
    signal?.throwIfAborted();
    if (controller.signal.aborted) throw new RoomtoneTimeoutError(call, `got no whole answer in ${timeoutMs} ms.`);
    throw cause;
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", abort);
  }
}

/** What began well: its body is still to be read. */
export interface Begun {
  readonly answer: Response;
  readonly without: Without;
}

/** Sends the request. @throws what `exchange` does, until the answer begins, where it is no good one. */
export async function begin(door: Door, call: Exchange, signal: AbortSignal): Promise<Begun> {
  const begun = await request(door, call, signal);
  const { answer, without } = begun;
  if (call.good.includes(answer.status)) return begun;
  throw httpError(call, answer, await textOf(call, answer, without), without);
}

async function textOf(call: Exchange, answer: Response, without: Without): Promise<string> {
  try {
    return await answer.text();
  } catch (cause) {
    throw new RoomtoneNetworkError(call, `got no answer: ${without(networkReason(cause))}.`);
  }
}

/** Takes the token out of foreign text, in case that quotes it. */
export type Without = (text: string) => string;

async function request(door: Door, call: Exchange, signal: AbortSignal): Promise<Begun> {
  const token = call.authorized ? checkedToken(await door.token()) : undefined;
  const without: Without = (text) => (token === undefined ? text : text.replaceAll(token, "[token]"));
  try {
    const answer = await door.fetch(new URL(call.path, door.baseUrl), {
      method: call.method,
      headers: {
        ...call.headers,
        accept: call.accept,
        traceparent: traceparent(call.traceId),
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        ...(call.body === undefined
          ? {}
          : { "content-type": typeof call.body === "string" ? "application/json" : call.body.type }),
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
  // A date is of the answer's own clock: this machine's may be set to anything.
  const answeredAt = Date.parse(answer.headers.get("date") ?? "");
  const retryAfterMs = parseRetryAfter(
    answer.headers.get("retry-after"),
    Number.isNaN(answeredAt) ? Date.now() : answeredAt,
  );
  try {
    const { code, detail } = problemSchema.parse(parseJson(text));
    return { code, detail, status, retryAfterMs };
  } catch {
    // Neither JSON nor a problem: a proxy, or no gateway at all. Its text is no sentence for anyone.
    const detail = "The answer is no problem document of a Roomtone gateway. Check the base URL.";
    return { code: "unexpected_answer", detail, status, retryAfterMs };
  }
}

/** A few words on why a connection failed. They may quote the request. */
export function networkReason(cause: unknown): string {
  if (!(cause instanceof Error)) return String(cause);
  // Node's fetch hides the reason one level down; where several addresses failed it has a code alone.
  const inner = cause.cause;
  if (!(inner instanceof Error)) return cause.message;
  if (inner.message !== "") return inner.message;
  return "code" in inner ? String(inner.code) : cause.message;
}
