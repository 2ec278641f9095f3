/**
 * The one table of what fails over HTTP: for each reason the code, the sentence and the headers of its answer (RFC 9457).
 * Guarantees that a reason without a row does not compile, and that no sentence holds a stack, a path, a secret or a value of
 * the input. Knows no route: guards, routes and the room give their reasons as they are.
 */
import { limits } from "../../../schemas/limits.ts";
import type { SwitchName } from "../../../schemas/switches.ts";
import type { HttpErrorCode } from "../../../schemas/wire/errors.ts";
import { problemResponse } from "../../shared/http/problem-response.ts";
import { type Headers, plain, retryAfter, type Row, sentence, soon, telling } from "./problem-rows.ts";
import { readingProblems } from "./reading-problems.ts";

interface Detailed {
  /** A whole sentence, made where the failure was found. */
  readonly detail: string;
}

const tooMuchLater = 60_000;

export const problems = {
  // The gateway itself
  bug: plain("internal", "The gateway failed on this request. Try again; quote the trace id if it stays."),
  storage_full: telling<{ retryAfterMs: number }>(
    "storage_full",
    () => "There is no space left to store anything: this was not kept, and what was kept before is. Try again later.",
    ({ retryAfterMs }) => retryAfter(retryAfterMs),
  ),
  misconfigured: telling<{ issues: readonly string[] }>(
    "misconfigured",
    ({ issues }) => `These variables are not set right: ${issues.join("; ")}.`,
  ),
  not_this_machine: plain(
    "misconfigured",
    "AUTH_MODE is off, which serves requests to this machine alone (localhost, 127.0.0.1, [::1]).",
  ),
  app_unavailable: plain("app_unavailable", "The app did not answer. Try again.", retryAfter(soon)),
  switched_off: telling<{ area: SwitchName; retryAfterMs: number }>(
    "switched_off",
    ({ area }) => `${area} is switched off by whoever runs this installation. What is kept stays; come again later.`,
    ({ retryAfterMs }) => retryAfter(retryAfterMs),
  ),
  refused_by_earlier_room: {
    code: ({ code }) => code,
    detail: ({ detail }) => detail,
    headers: () => ({}),
  } satisfies Row<{ readonly code: HttpErrorCode } & Detailed> as Row<{ readonly code: HttpErrorCode } & Detailed>,

  // The request as such
  no_such_route: plain("not_found", "No such route."),
  wrong_method: telling<{ allow: string }>(
    "method_not_allowed",
    ({ allow }) => `This route takes ${allow}.`,
    ({ allow }) => ({ allow }),
  ),
  no_upgrade: plain("upgrade_required", "Connect with a WebSocket client: this route takes an Upgrade request.", {
    upgrade: "websocket",
  }),
  bad_session_id: plain(
    "invalid_session_id",
    "A session id is A-Z, a-z, 0-9, '.', '_', '~' and '-', at most 128 characters, starting with a letter or digit.",
  ),
  bad_track: plain(
    "invalid_track",
    "A track is a-z, 0-9, _ and -, at most 32 characters, starting with a letter or digit.",
  ),
  bad_escape: telling<{ name: string }>(
    "bad_request",
    ({ name }) => `${name} holds a % that begins no percent-encoded UTF-8; a % itself is written %25.`,
  ),
  bad_idempotency_key: plain(
    "invalid_idempotency_key",
    "Idempotency-Key (or X-Idempotency-Key, and then the same in both) is 1 to 255 printable ASCII characters.",
  ),
  idempotency_mismatch: plain(
    "idempotency_mismatch",
    "The idempotency key came before, with another request (method, path and body). Nothing was done; use a new key.",
  ),
  idempotency_unavailable: plain(
    "idempotency_unavailable",
    "Idempotency keys can't be checked now, and nothing was done. Try again.",
    retryAfter(soon),
  ),
  bad_query: telling<{ name: string; message: string }>(
    "bad_request",
    ({ name, message }) => `${name} ${sentence(message)}`,
  ),
  bad_cursor: plain("bad_request", "cursor is the next_cursor of a page before."),
  body_too_large: telling<{ maxBytes: number }>(
    "body_too_large",
    ({ maxBytes }) => `The body is at most ${maxBytes} bytes.`,
  ),
  body_broke_off: plain("bad_request", "The body broke off before its end."),
  body_encoded: plain("bad_request", "The body has a Content-Encoding; send it without."),
  body_charset: plain("bad_request", "Content-Type names another charset than UTF-8; JSON is sent as UTF-8."),
  body_not_utf8: plain("bad_request", "The body is not UTF-8, which JSON is sent as."),
  body_not_json: plain("bad_request", "The body is not JSON."),
  body_too_deep: plain("bad_request", `The body nests deeper than ${limits.maxJsonLevels} levels.`),
  bad_body: telling<{ field: string; message: string }>(
    "bad_request",
    ({ field, message }) => `${field}: ${sentence(message)}`,
  ),

  // Who asks
  unauthorized: telling<Detailed>(
    "unauthorized",
    ({ detail }) => detail,
    () => ({ "www-authenticate": "Bearer" }),
  ),
  no_credential: plain("unauthorized", "Send an API key or a session token: Authorization: Bearer …", {
    "www-authenticate": "Bearer",
  }),
  too_many_strangers: telling<{ limit: number; retryAfterMs: number }>(
    "rate_limited",
    ({ limit }) => `At most ${limit} requests a minute from an address without a valid credential.`,
    ({ retryAfterMs }) => retryAfter(retryAfterMs),
  ),
  token_expired: telling<Detailed>(
    "token_expired",
    ({ detail }) => detail,
    // RFC 6750 §3.1
    () => ({ "www-authenticate": 'Bearer error="invalid_token"' }),
  ),
  keys_unavailable: plain("keys_unavailable", "API keys can't be checked now. Try again.", retryAfter(soon)),
  forbidden: telling<Detailed>("forbidden", ({ detail }) => detail),
  other_tracks: telling<{ allowed: readonly string[] }>(
    "forbidden",
    ({ allowed }) => `The token is for these tracks alone: ${allowed.join(", ")}.`,
  ),
  other_origin: plain(
    "origin_not_allowed",
    "Web pages of this origin are not let in: ALLOWED_ORIGINS does not name it.",
  ),
  no_origin: plain(
    "origin_not_allowed",
    "ORIGIN_REQUIRED lets web pages in alone: send the Origin, or the Referer, of one that ALLOWED_ORIGINS names.",
  ),
  too_many_requests: telling<{ limit: number; retryAfterMs: number }>(
    "rate_limited",
    ({ limit }) => `At most ${limit} requests in a minute. Wait, and go on.`,
    ({ retryAfterMs }) => retryAfter(retryAfterMs),
  ),
  tokens_not_set_up: plain("tokens_not_set_up", "The deployment has no JWT_SECRET to sign tokens with."),

  // The session
  session_not_found: plain("session_not_found", "No session with this id was ever opened."),
  session_deleted: plain("session_deleted", "The session was deleted. Its id can't be used again."),
  session_exists: plain("session_exists", "A session with this id is there, with other settings. PATCH changes them."),
  settings_sealed: plain(
    "session_finalized",
    "The session is finalizing or finalized; of its settings only title, webhook_url and retention_days still change.",
  ),
  resolve_started: plain("resolve_started", "resolve.window_chunks can't change once audio was resolved."),
  too_many_sessions: plain(
    "too_many_sessions",
    "The tenant has as many sessions open as it may. Finalize or delete one first.",
    retryAfter(tooMuchLater),
  ),
  too_many_watchers: telling<Detailed & { retryAfterMs: number }>(
    "rate_limited",
    ({ detail }) => detail,
    ({ retryAfterMs }) => retryAfter(retryAfterMs),
  ),
  connection_not_taken: plain("internal", "The room did not take the connection. Try again."),
  list_unavailable: plain(
    "index_unavailable",
    "The list of sessions can't be read now; the sessions themselves can. Try again.",
    retryAfter(5_000),
  ),

  log_full: plain(
    "log_full",
    "The session's event log holds no more of yours: nothing of this request was kept. What was taken stays, and it can be finalized.",
  ),

  // Speakers
  bad_cluster_id: plain(
    "cluster_not_found",
    "A cluster id is A-Z, a-z, 0-9, '.', '_', '~', ':' and '-', at most 64 characters, starting with a letter or digit.",
  ),
  cluster_not_found: plain("cluster_not_found", "The session has no speaker cluster with this id."),
  bad_turn_id: plain("turn_not_found", "A turn is named by its event_id."),
  turn_not_found: plain("turn_not_found", "No speaker.resolved event has this id."),
  bad_event_id: plain("event_not_found", "An event is named by its event_id."),
  event_not_found: plain("event_not_found", "No event of the session has this id."),
  not_undoable: plain(
    "not_undoable",
    "What can be undone is what people say (a name, a merge, a moved turn, a track's origin, an undo), names and merges by inference, and a second look that heard somebody.",
  ),
  same_cluster: plain("bad_request", "The two are one cluster already."),
  too_many_clusters: plain("bad_request", `A session has at most ${limits.maxClusters} clusters.`),
  no_name_suggested: plain("bad_request", "No name was suggested for this turn."),
  utterances_sealed: plain("session_finalized", "The session is finalizing or finalized; it takes no more utterances."),
  speakers_sealed: plain("session_finalized", "The session is finalizing or finalized; its speakers no longer change."),
  inference_failed: telling<Detailed>("inference_failed", ({ detail }) => `Speaker resolve: ${detail}.`),
  inference_refused: {
    code: ({ status }) => (status === 415 ? "unsupported_media" : "bad_request"),
    detail: ({ detail }) => `Speaker resolve does not take this audio: ${detail}.`,
    headers: () => ({}),
  } satisfies Row<{ readonly status: number } & Detailed> as Row<{ readonly status: number } & Detailed>,
  inference_timeout: telling<Detailed>("inference_timeout", ({ detail }) => `Speaker resolve: ${detail}.`),
  inference_unavailable: telling<{ retryAfterMs: number }>(
    "inference_unavailable",
    () => "The speaker-resolve service failed several times in a row and is not called for a while.",
    ({ retryAfterMs }) => retryAfter(retryAfterMs),
  ),
  resolve_queue_full: plain(
    "resolve_queue_full",
    "Too many resolves of this session are waiting; try again later.",
    retryAfter(soon),
  ),

  // Result and audio
  too_many_tracks: telling<{ maxTracks: number }>(
    "bad_request",
    ({ maxTracks }) => `expect: a session has at most ${maxTracks} tracks.`,
  ),
  too_many_ends: telling<{ track: string }>(
    "bad_request",
    ({ track }) =>
      `expect: the end of track ${track} was changed ${limits.maxTrackEnds} times, and is not changed any more; finalize without it.`,
  ),
  metadata_too_large: plain(
    "body_too_large",
    `The metadata of a session is together at most ${limits.maxMetadataChars} characters of JSON; null takes a name out.`,
  ),
  after_beyond_log: telling<{ eventCount: number }>(
    "bad_request",
    ({ eventCount }) =>
      `after lies beyond the event log, which has ${eventCount} events: it is another log. Begin anew.`,
  ),
  finalize_metadata_too_large: plain(
    "body_too_large",
    `The metadata of all finalizes of a session is together at most ${limits.maxFinalizeMetadataChars} characters of JSON.`,
  ),
  finalized_otherwise: plain(
    "session_finalized",
    "The session is finalizing or finalized, and not with what this request adds in metadata or expect: nothing was changed.",
  ),
  not_finalized: plain("not_finalized", "The result exists once the session is finalized: POST …/finalize."),
  being_finalized: telling<{ retryAfterMs: number }>(
    "not_finalized",
    ({ retryAfterMs }) => `The session is being finalized; ask again in ${Math.ceil(retryAfterMs / 1_000)} s.`,
    ({ retryAfterMs }) => retryAfter(retryAfterMs),
  ),
  ...readingProblems,
};

type Table = typeof problems;
type FactsOf<R> = R extends Row<infer Facts> ? Facts : never;
type PlainName = { [K in keyof Table]: unknown extends FactsOf<Table[K]> ? K : never }[keyof Table];
type TellingName = Exclude<keyof Table, PlainName>;

/** Why a request fails: a name of the table, with its facts where it has any. */
export type Reason =
  | PlainName
  | { readonly [K in PlainName]: { readonly reason: K } }[PlainName]
  | { readonly [K in TellingName]: { readonly reason: K } & Readonly<FactsOf<Table[K]>> }[TellingName];

export interface Failure {
  readonly code: HttpErrorCode;
  readonly detail: string;
  readonly headers: Headers;
}

/** What the outside sees of a reason. */
export function failureOf(reason: Reason): Failure {
  const facts = typeof reason === "string" ? { reason } : reason;
  // Each name has the row that takes its own facts: `Reason` is made from the table.
  const row = problems[facts.reason] as Row<typeof facts>;
  return { code: row.code(facts), detail: row.detail(facts), headers: row.headers(facts) };
}

/** The answer to a request that fails. @param c the request's context. */
export function problem(c: { readonly var: { readonly traceId: string } }, reason: Reason): Response {
  const { code, detail, headers } = failureOf(reason);
  return problemResponse(code, detail, c.var.traceId, headers);
}
