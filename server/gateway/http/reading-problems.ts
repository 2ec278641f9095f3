/** What fails where results, audio and deliveries are asked for. A part of the one table in `problems.ts`. */
import { limits } from "../../../schemas/limits.ts";
import { plain, retryAfter, soon, telling } from "./problem-rows.ts";

export const readingProblems = {
  bad_version: plain("version_not_found", "A version of the result is a number from 1; `results` lists them."),
  version_not_found: plain("version_not_found", "The result has no such version; `results` lists those it has."),
  result_unavailable: plain("result_unavailable", "The stored result can't be read. Try again.", retryAfter(soon)),
  bucket_unavailable: plain(
    "result_unavailable",
    "R2 can't be read now. Ask again from the same place.",
    retryAfter(soon),
  ),
  not_the_operator: plain(
    "forbidden",
    "This is about all tenants: it needs an API key of the tenant default with the scope admin.",
  ),
  track_not_found: plain("track_not_found", "The session has no such track; `state` lists those it has."),
  audio_too_long: plain(
    "audio_too_long",
    `A WAV holds ${limits.maxWavSeconds} s at most; ask for a part with from_ms and to_ms.`,
  ),
  beyond_the_end: telling<{ size: number }>(
    "range_not_satisfiable",
    ({ size }) => `The file has ${size} bytes.`,
    ({ size }) => ({ "content-range": `bytes */${size}` }),
  ),
  quota_unavailable: plain("quota_unavailable", "What was used can't be counted now. Try again.", retryAfter(soon)),
  audio_unavailable: plain("audio_unavailable", "Stored audio can't be read now. Try again.", retryAfter(soon)),

  // Webhooks
  bad_webhook_url: telling<{ why: string }>("invalid_webhook_url", ({ why }) => `webhook_url: ${why}.`),
  no_webhook_url: plain(
    "webhooks_not_set_up",
    "Nobody said where to: the session has no webhook_url, and the deployment no WEBHOOK_URL.",
  ),
  webhooks_not_set_up: plain(
    "webhooks_not_set_up",
    "A receiver there could not tell who sent the webhook: the deployment needs its WEBHOOK_SECRET.",
  ),
  delivery_not_found: plain(
    "delivery_not_found",
    "The session has no such delivery, or it was too old to keep: GET …/webhooks lists them.",
  ),
};
