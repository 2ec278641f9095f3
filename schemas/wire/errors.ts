/**
 * The error codes of the wire and of HTTP: one table each, from which types, close codes and
 * `docs/reference.md` come.
 */

type WireError = {
  /** WebSocket close code, where the connection ends with this error. */
  readonly closeCode?: number;
  /** The close code of a connection that is refused with an error which does not end an open one. */
  readonly refusalCode?: number;
  /** Whether the same frame may succeed later, unchanged. */
  readonly retryable: boolean;
  readonly meaning: string;
};

export const wireErrors = {
  bad_json: { retryable: false, meaning: "A text frame that is not JSON." },
  bad_msgpack: { retryable: false, meaning: "A binary frame that is not one MessagePack value within the limits." },
  unknown_type: { retryable: false, meaning: "`type` is missing or names no message of the protocol." },
  bad_frame: { retryable: false, meaning: "A field is missing, of the wrong type, or out of range." },
  bad_audio_format: {
    retryable: false,
    meaning: "Audio is taken as pcm_s16le, 16000 Hz, 1 channel only, said by fields of the message itself.",
  },
  bad_chunk_size: { retryable: false, meaning: "A chunk holds exactly 32000 bytes." },
  bad_base64: { retryable: false, meaning: "`content_b64` is not canonical standard base64." },
  meeting_mismatch: { retryable: false, meaning: "`meeting_id` is not this connection's session." },
  seq_out_of_range: {
    retryable: false,
    meaning: "`seq` is too far beyond the track's last chunk, or above the highest number.",
  },
  seq_conflict: { retryable: false, meaning: "Other bytes are already kept under this `seq`; they stay." },
  rate_limited: {
    refusalCode: 4429,
    retryable: true,
    meaning: "Send later, or connect later: see `retry_after_ms`. `detail` says which limit it is.",
  },
  message_too_large: { closeCode: 4413, retryable: false, meaning: "A frame above the message size limit." },
  too_many_errors: { closeCode: 4400, retryable: false, meaning: "Too many bad frames in a row." },
  unauthorized: { closeCode: 4401, retryable: false, meaning: "No credential, or none that is valid." },
  token_expired: {
    closeCode: 4401,
    retryable: false,
    meaning: "The session token has expired; connect with a new one and go on.",
  },
  forbidden: {
    closeCode: 4403,
    retryable: false,
    meaning: "The credential or the session's limits do not allow this.",
  },
  session_finalized: {
    closeCode: 4410,
    retryable: false,
    meaning: "The session is finalizing, finalized or deleted; nothing more is kept.",
  },
  session_not_found: { closeCode: 4404, retryable: false, meaning: "No session with this id was ever opened." },
  replay_too_long: {
    closeCode: 4400,
    retryable: false,
    meaning: "`after` lies too far back for a live connection; read `GET …/events` up to now first.",
  },
  log_shorter: {
    closeCode: 4400,
    retryable: false,
    meaning: "`after` lies beyond the event log: what was read before is another log. Begin anew, without `after`.",
  },
  superseded: { closeCode: 4409, retryable: false, meaning: "A newer connection streams this track." },
  idle: {
    closeCode: 4408,
    retryable: true,
    meaning: "The connection was opened to stream, and took no track. Reconnect once there is something to send.",
  },
  slow_consumer: {
    closeCode: 4408,
    retryable: true,
    meaning:
      "Much was sent, and not told to be read. Answer each `mark` with `seen`; reconnect with the last `event_id`, or go on streaming.",
  },
  internal: {
    closeCode: 1011,
    retryable: true,
    meaning: "The room failed; nothing of this frame was kept. Reconnect and resend.",
  },
  going_away: {
    closeCode: 1012,
    retryable: true,
    meaning: "The gateway stops or restarts, in good order. Reconnect at once and resume.",
  },
} as const satisfies Record<string, WireError>;

export type WireErrorCode = keyof typeof wireErrors;

/** The close code that goes with a wire error, or undefined where the connection stays open. */
export function closeCodeOf(code: WireErrorCode): number | undefined {
  const entry: WireError = wireErrors[code];
  return entry.closeCode;
}

/** The close code of a connection that is refused with a wire error. */
export function refusalCodeOf(code: WireErrorCode): number {
  const entry: WireError = wireErrors[code];
  return entry.closeCode ?? entry.refusalCode ?? normalCloseCode;
}

/** RFC 6455 §7.4.1: the purpose of the connection is fulfilled. */
export const normalCloseCode = 1000;

type HttpError = { readonly status: number; readonly title: string };

/** Problem codes of HTTP answers (RFC 9457 `application/problem+json`). */
export const httpErrors = {
  bad_request: { status: 400, title: "Bad request" },
  invalid_session_id: { status: 400, title: "Invalid session id" },
  invalid_track: { status: 400, title: "Invalid track name" },
  audio_too_long: { status: 400, title: "More audio than a WAV holds" },
  invalid_idempotency_key: { status: 400, title: "Invalid idempotency key" },
  invalid_webhook_url: { status: 400, title: "Webhooks can't go to this address" },
  unauthorized: { status: 401, title: "No valid credential" },
  token_expired: { status: 401, title: "The session token has expired" },
  budget_exhausted: { status: 402, title: "A budget of the tenant is used up" },
  forbidden: { status: 403, title: "The credential does not allow this" },
  origin_not_allowed: { status: 403, title: "Web pages of this origin are not let in" },
  not_found: { status: 404, title: "No such route" },
  session_not_found: { status: 404, title: "No such session" },
  cluster_not_found: { status: 404, title: "No such speaker cluster" },
  track_not_found: { status: 404, title: "No such track" },
  turn_not_found: { status: 404, title: "No such turn" },
  event_not_found: { status: 404, title: "No such event" },
  version_not_found: { status: 404, title: "No such version of the result" },
  transcription_not_found: { status: 404, title: "Nothing was transcribed yet" },
  participant_not_found: { status: 404, title: "No model took part yet" },
  chat_not_found: { status: 404, title: "No such chat" },
  body_not_found: { status: 404, title: "No such body" },
  delivery_not_found: { status: 404, title: "No such delivery" },
  method_not_allowed: { status: 405, title: "Method not allowed" },
  not_finalized: { status: 409, title: "Session is not finalized" },
  session_finalized: { status: 409, title: "Session is finalized" },
  session_exists: { status: 409, title: "Session exists with other settings" },
  chat_exists: { status: 409, title: "Chat exists" },
  chat_busy: { status: 409, title: "An answer is being made in this chat" },
  not_undoable: { status: 409, title: "This event can't be undone" },
  transcription_running: { status: 409, title: "Another transcription is running" },
  participant_running: { status: 409, title: "Another participant is there" },
  resolve_started: { status: 409, title: "Speaker resolve has begun" },
  session_deleted: { status: 410, title: "Session was deleted" },
  event_id_taken: { status: 409, title: "The event id stands for something else" },
  sync_locked: { status: 409, title: "Another device holds the lock" },
  fence_stale: { status: 409, title: "The lock was taken over" },
  upload_incomplete: { status: 409, title: "Parts of the body are missing" },
  webhooks_not_set_up: { status: 409, title: "Webhooks are not set up" },
  body_too_large: { status: 413, title: "Body too large" },
  sync_full: { status: 413, title: "Nothing more may be synced" },
  log_full: { status: 413, title: "The session's event log is full" },
  idempotency_mismatch: { status: 422, title: "Idempotency key of another request" },
  body_mismatch: { status: 422, title: "The body is another one than it was said to be" },
  unsupported_media: { status: 415, title: "This audio can't be decoded" },
  range_not_satisfiable: { status: 416, title: "Range beyond the end" },
  tokens_not_set_up: { status: 409, title: "Session tokens are not set up" },
  upgrade_required: { status: 426, title: "WebSocket upgrade required" },
  rate_limited: { status: 429, title: "Too many requests" },
  too_many_sessions: { status: 429, title: "Too many sessions are open" },
  internal: { status: 500, title: "Internal error" },
  inference_failed: { status: 502, title: "Speaker resolve failed" },
  model_failed: { status: 502, title: "The model failed" },
  misconfigured: { status: 503, title: "The gateway is not configured" },
  gateway_unavailable: { status: 503, title: "The gateway starts again" },
  inference_unavailable: { status: 503, title: "The speaker-resolve service is down" },
  resolve_queue_full: { status: 503, title: "Too many resolves are waiting" },
  switched_off: { status: 503, title: "This is switched off for now" },
  keys_unavailable: { status: 503, title: "API keys can't be checked now" },
  idempotency_unavailable: { status: 503, title: "Idempotency keys can't be checked now" },
  index_unavailable: { status: 503, title: "The list of sessions can't be read now" },
  app_unavailable: { status: 503, title: "The app can't be reached now" },
  model_unavailable: { status: 503, title: "No model can be reached now" },
  quota_unavailable: { status: 503, title: "What was used can't be read now" },
  ledger_unavailable: { status: 503, title: "The ledger can't be reached now" },
  sync_unavailable: { status: 503, title: "Sync can't be reached now" },
  audio_unavailable: { status: 503, title: "The audio can't be read now" },
  storage_full: { status: 503, title: "Nothing more can be stored now" },
  result_unavailable: { status: 503, title: "The result can't be read now" },
  model_timeout: { status: 504, title: "The model took too long" },
  inference_timeout: { status: 504, title: "Speaker resolve timed out" },
} as const satisfies Record<string, HttpError>;

export type HttpErrorCode = keyof typeof httpErrors;
