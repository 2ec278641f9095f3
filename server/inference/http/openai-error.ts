/** Refusals in OpenAI's shape, which its clients turn into errors that a person can read. */

export type RefusalCode =
  | "invalid_request"
  | "unsupported_format"
  | "audio_too_long"
  | "body_too_large"
  | "overloaded"
  | "model_failed";

const statuses: Readonly<Record<RefusalCode, number>> = {
  invalid_request: 400,
  unsupported_format: 415,
  audio_too_long: 413,
  body_too_large: 413,
  overloaded: 503,
  model_failed: 500,
};

export interface RefusalMore {
  /** The field that is wrong. */
  readonly param?: string;
  readonly retryAfterSeconds?: number;
}

/** @param message a sentence: what was wrong, what was expected. */
export function refuse(code: RefusalCode, message: string, more: RefusalMore = {}): Response {
  const status = statuses[code];
  const type = status < 500 ? "invalid_request_error" : "server_error";
  const { param = null, retryAfterSeconds } = more;
  const headers = retryAfterSeconds === undefined ? {} : { "retry-after": String(retryAfterSeconds) };
  return Response.json({ error: { message, type, param, code } }, { status, headers });
}
