/** Why a JSON body was not taken, in words for whoever sent it. */
import type { BodyFailure } from "../../../shared/http/read-json-body.ts";
import { type Refusal, refusalWith } from "./refusals.ts";

const details = {
  body_broke_off: "The body ended too early.",
  body_encoded: "The body is encoded: send it as it is.",
  body_charset: "The body must be UTF-8.",
  body_not_utf8: "The body is not UTF-8, which JSON is sent as.",
  body_not_json: "The body must be JSON.",
  body_too_deep: "The body's JSON is nested too deep.",
} as const;

export function bodyRefusal(failure: BodyFailure): Refusal {
  if (typeof failure === "string") return refusalWith(400, details[failure]);
  if (failure.reason === "bad_body") {
    const { field, message } = failure;
    return refusalWith(400, `${field}: ${message}${/[.?]$/.test(message) ? "" : "."}`);
  }
  return refusalWith(413, `The body is at most ${failure.maxBytes} bytes.`);
}
