/**
 * What a results client fails with. Guarantees: no token is in any of them, and each tells the trace id that was
 * sent, so that a failure can be found in the gateway's log. An aborted call rejects with its signal's reason
 * instead, and a wrong argument with a TypeError before anything is sent.
 */
import type { HttpErrorCode } from "../../schemas/wire/errors.ts";

/** The call that failed. */
export interface FailedCall {
  readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  /** Of the URL, without the base. */
  readonly path: string;
  /** 32 hex digits: the gateway's where it answered, else the one that was sent. */
  readonly traceId: string;
}

export abstract class RoomtoneError extends Error {
  readonly method: FailedCall["method"];
  readonly path: string;
  readonly traceId: string;

  constructor(call: FailedCall, what: string) {
    super(`${call.method} ${call.path} ${what}`);
    this.method = call.method;
    this.path = call.path;
    this.traceId = call.traceId;
  }
}

/** A code of the gateway (docs/reference.md), one of a newer gateway, or `unexpected_answer` where something else answered. */
export type ProblemCode = HttpErrorCode | (string & Record<never, never>);

export interface ProblemAnswer {
  readonly code: ProblemCode;
  readonly status: number;
  readonly detail: string;
  readonly retryAfterMs: number | undefined;
}

/** The gateway, or what stands before it, answered with something other than success. */
export class RoomtoneHttpError extends RoomtoneError {
  override readonly name = "RoomtoneHttpError";
  readonly code: ProblemCode;
  /** 0 where a browser hides a redirect's. */
  readonly status: number;
  /** A sentence to act on. */
  readonly detail: string;
  /** From `Retry-After`. */
  readonly retryAfterMs: number | undefined;

  constructor(call: FailedCall, { code, status, detail, retryAfterMs }: ProblemAnswer) {
    const later = retryAfterMs === undefined ? "" : ` Ask again after ${Math.ceil(retryAfterMs / 1_000)} s.`;
    super(call, `was answered with HTTP ${status}, ${code}: ${detail}${later}`);
    this.code = code;
    this.status = status;
    this.detail = detail;
    this.retryAfterMs = retryAfterMs;
  }
}

/** No whole answer came: nobody listens, the connection broke. What was asked may have been done all the same. */
export class RoomtoneNetworkError extends RoomtoneError {
  override readonly name: string = "RoomtoneNetworkError";
}

/** No whole answer came in time. */
export class RoomtoneTimeoutError extends RoomtoneNetworkError {
  override readonly name = "RoomtoneTimeoutError";
}

/** A success that breaks the contract: no JSON, or JSON of another shape. Asking again would not help. */
export class RoomtoneAnswerError extends RoomtoneError {
  override readonly name = "RoomtoneAnswerError";
}
