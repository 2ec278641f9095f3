/**
 * The results library, for backends: what the gateway serves over HTTP, typed and parsed by the contract. The same
 * code in Node, browsers and Workers. Sends a request twice only where that can't do a thing twice.
 */
import { addressFault } from "../../schemas/wire/address-fault.ts";
import { mintAnswerSchema } from "../../schemas/access.ts";
import { participantCalls } from "./participant-calls.ts";
import { captionsStateSchema } from "../../schemas/http/captions.ts";
import {
  type CorrectionAnswer,
  correctionAnswerSchema,
  retryAnswerSchema,
  reviewAskedSchema,
} from "../../schemas/http/corrections.ts";
import { eventsPageSchema } from "../../schemas/http/events.ts";
import { healthSchema, readySchema } from "../../schemas/http/health.ts";
import { modelsAnswerSchema } from "../../schemas/http/speech.ts";
import { sessionStateSchema } from "../../schemas/http/sessions.ts";
import { quotaSchema } from "../../schemas/http/quota.ts";
import { peaksAnswerSchema } from "../../schemas/http/peaks.ts";
import { sessionResultSchema } from "../../schemas/http/result.ts";
import { resultVersionsSchema } from "../../schemas/http/versions.ts";
import { resolveAnswerSchema } from "../../schemas/speech/speakers.ts";
import { utterancesAnswerSchema } from "../../schemas/speech/utterances.ts";
import { deliveriesAnswerSchema, deliverySchema } from "../../schemas/webhooks.ts";
import { openAudio } from "./audio.ts";
import { createCaller, type Request } from "./caller.ts";
import { checkNumber } from "./check-number.ts";
import {
  readSessionAnswerSchema,
  readSessionSchema,
  readSessionsPageSchema,
  type SessionsPage,
  type SessionSummary,
} from "./earlier-answers.ts";
import type { Door } from "./exchange.ts";
import { listenTo } from "../live/listen-to.ts";
import { liveEvents } from "./live-events.ts";
import { deleteSession, finalize } from "./long-calls.ts";
import { edgeHealth, trace } from "./operations.ts";
import { balance, budgets, recordUsage, topUp, usage } from "./billing.ts";
import { chat } from "./chat.ts";
import { openSync } from "../sync/open-sync.ts";
import { stt, tts, voices } from "./speech.ts";
import { cancelTranscription, transcribe, transcription } from "./transcribe.ts";
import { changing, trackPart, clusterPart, deliveryPart, includeQuery, listQuery, sessionPath } from "./parts.ts";
import type { FailedCall } from "./results-errors.ts";
import type { ResultsClient, ResultsClientOptions } from "./results-types.ts";
import type { ChangeOptions, ExportName, ListOptions, SessionsOptions } from "./call-options.ts";

const defaultTimeoutMs = 30_000;
const defaultRetries = 3;
/** Sessions that `allSessions` asks for at once. */
const sessionsPerPage = 200;
const exportTypes: Readonly<Record<ExportName, string>> = {
  "transcript.vtt": "text/vtt",
  "transcript.srt": "application/x-subrip",
  "transcript.txt": "text/plain",
  "speakers.rttm": "text/plain",
};

/** @throws TypeError for a base URL that is none. @throws RangeError for a number that is none. */
export function createResultsClient(options: ResultsClientOptions): ResultsClient {
  const door = doorOf(options);
  const { timeoutMs = defaultTimeoutMs, retries = defaultRetries } = options;
  checkNumber("timeoutMs", timeoutMs, 1);
  checkNumber("retries", retries, 0);
  const caller = createCaller(door, { timeoutMs, retries });

  async function listSessions({ signal, ...wanted }: SessionsOptions = {}): Promise<SessionsPage> {
    const path = `v1/sessions${listQuery(wanted)}`;
    return caller.json({ method: "GET", path, repeatable: true, signal }, readSessionsPageSchema);
  }

  async function* allSessions(wanted: ListOptions = {}): AsyncGenerator<SessionSummary, void, undefined> {
    for (let cursor: string | undefined; ;) {
      const page = await listSessions({ ...wanted, limit: sessionsPerPage, cursor });
      yield* page.sessions;
      if (page.next_cursor === null) return;
      cursor = page.next_cursor;
    }
  }

  function correct(
    method: FailedCall["method"],
    sessionId: string,
    action: string,
    body: object | undefined,
    changes: ChangeOptions = {},
  ): Promise<CorrectionAnswer> {
    const path = sessionPath(sessionId, action);
    // Saying the same twice is saying it once.
    const request: Request = { method, path, ...(body && { body }), repeatable: true, ...changing(changes) };
    return caller.json(request, correctionAnswerSchema);
  }

  return {
    quota: ({ signal } = {}) => caller.json({ method: "GET", path: "v1/quota", repeatable: true, signal }, quotaSchema),
    health: ({ signal } = {}) =>
      caller.json({ method: "GET", path: "health", authorized: false, repeatable: true, signal }, healthSchema),
    ready: ({ signal } = {}) =>
      // Not ready is an answer as well.
      caller.json(
        { method: "GET", path: "ready", authorized: false, good: [200, 503], repeatable: true, signal },
        readySchema,
      ),
    models: async ({ signal } = {}) =>
      (await caller.json({ method: "GET", path: "v1/models", repeatable: true, signal }, modelsAnswerSchema)).data,
    mintToken: async (sessionId, body, { signal } = {}) => {
      const path = sessionPath(sessionId, "tokens");
      // The gateway keeps nothing of a token: one more than was asked for is none that anybody has.
      return caller.json({ method: "POST", path, body, good: [201], repeatable: true, signal }, mintAnswerSchema);
    },
    state: async (sessionId, { centroids, signal } = {}) => {
      const path = sessionPath(sessionId, `state${includeQuery(centroids)}`);
      return caller.json({ method: "GET", path, repeatable: true, signal }, sessionStateSchema);
    },
    resolve: async (sessionId, body, changes = {}) => {
      const path = sessionPath(sessionId, "resolve");
      const repeatable = changes.idempotencyKey !== undefined;
      return caller.json({ method: "POST", path, body, repeatable, ...changing(changes) }, resolveAnswerSchema);
    },
    createSession: async (body = {}, changes = {}) => {
      // Without an id or a key of the caller's, a second request would open a second session.
      const repeatable = body.session_id !== undefined || changes.idempotencyKey !== undefined;
      const request: Request = { method: "POST", path: "v1/sessions", body, good: [200, 201], repeatable };
      return caller.json({ ...request, ...changing(changes) }, readSessionAnswerSchema);
    },
    session: async (sessionId, { signal } = {}) =>
      caller.json({ method: "GET", path: sessionPath(sessionId), repeatable: true, signal }, readSessionSchema),
    configureSession: async (sessionId, body, changes = {}) =>
      caller.json(
        { method: "PATCH", path: sessionPath(sessionId), body, repeatable: true, ...changing(changes) },
        readSessionAnswerSchema,
      ),
    listSessions,
    allSessions,
    // What `wait: true` gives back is never pending, which only the overloads of the interface can say.
    deleteSession: ((sessionId, given) => deleteSession(caller, sessionId, given)) as ResultsClient["deleteSession"],
    retryResolves: async (sessionId, track, changes = {}) => {
      const path = sessionPath(sessionId, "resolve/retry");
      const body = track === undefined ? {} : { track };
      const request: Request = { method: "POST", path, body, repeatable: true, ...changing(changes) };
      return (await caller.json(request, retryAnswerSchema)).reopened_windows;
    },
    reviewSpeakers: async (sessionId, track, changes = {}) => {
      const path = sessionPath(sessionId, "resolve/review");
      const body = track === undefined ? {} : { track };
      const request: Request = { method: "POST", path, body, good: [202], repeatable: true, ...changing(changes) };
      return (await caller.json(request, reviewAskedSchema)).reviewing_tracks;
    },
    addUtterances: async (sessionId, utterances, changes = {}) => {
      const path = sessionPath(sessionId, "utterances");
      const haveIds = utterances.every(({ utterance_id }) => utterance_id !== undefined);
      const repeatable = haveIds || changes.idempotencyKey !== undefined;
      const body = { utterances };
      const request: Request = { method: "POST", path, body, good: [200, 207], repeatable, ...changing(changes) };
      return (await caller.json(request, utterancesAnswerSchema)).utterances;
    },
    events: async (sessionId, { after = 0, limit = 100, signal } = {}) => {
      const path = sessionPath(sessionId, `events?after=${after}&limit=${limit}`);
      return caller.json({ method: "GET", path, repeatable: true, signal }, eventsPageSchema);
    },
    liveEvents: (sessionId, { after = 0, signal } = {}) =>
      liveEvents(door, { path: sessionPath(sessionId, "events"), after, retries, signal }),
    listen: (sessionId, given) => listenTo(door, sessionPath(sessionId, "live"), given),
    bindSpeaker: async (sessionId, clusterId, name, callOptions) =>
      correct("PUT", sessionId, `bindings/${clusterPart(clusterId)}`, { name }, callOptions),
    unbindSpeaker: async (sessionId, clusterId, callOptions) =>
      correct("DELETE", sessionId, `bindings/${clusterPart(clusterId)}`, undefined, callOptions),
    mergeSpeakers: async (sessionId, clusterId, into, callOptions) =>
      correct("POST", sessionId, `clusters/${clusterPart(clusterId)}/merge`, { into }, callOptions),
    judgeTurn: async (sessionId, eventId, body, callOptions) =>
      correct("PATCH", sessionId, `turns/${eventId}`, body, callOptions),
    undo: async (sessionId, eventId, callOptions) =>
      correct("POST", sessionId, `events/${eventId}/undo`, undefined, callOptions),
    setTrackOrigin: async (sessionId, track, originMs, callOptions) =>
      correct("PUT", sessionId, `tracks/${trackPart(track)}/origin`, { origin_ms: originMs }, callOptions),
    // As with deleteSession.
    finalize: ((sessionId, body, given) => finalize(caller, sessionId, body, given)) as ResultsClient["finalize"],
    result: async (sessionId, { version, centroids, signal } = {}) => {
      const path = sessionPath(sessionId, `result${includeQuery(centroids, version)}`);
      return caller.json({ method: "GET", path, repeatable: true, signal }, sessionResultSchema);
    },
    results: async (sessionId, { signal } = {}) =>
      caller.json(
        { method: "GET", path: sessionPath(sessionId, "results"), repeatable: true, signal },
        resultVersionsSchema,
      ),
    audio: async (sessionId, given = {}) => openAudio(caller, sessionPath(sessionId, "audio.wav"), given),
    peaks: async (sessionId, { track, points, signal } = {}) => {
      const query = new URLSearchParams({
        ...(track === undefined ? {} : { track }),
        ...(points === undefined ? {} : { points: String(points) }),
      });
      const path = `${sessionPath(sessionId, "peaks")}${query.size === 0 ? "" : `?${query.toString()}`}`;
      return caller.json({ method: "GET", path, repeatable: true, signal }, peaksAnswerSchema);
    },
    exportDocument: async (sessionId, name, { track, signal } = {}) => {
      const query = track === undefined ? "" : `?${new URLSearchParams({ track }).toString()}`;
      const path = `${sessionPath(sessionId, name)}${query}`;
      return caller.text({ method: "GET", path, repeatable: true, signal }, exportTypes[name]);
    },
    transcribe: async (sessionId, given) => transcribe(caller, sessionId, given),
    transcription: async (sessionId, given) => transcription(caller, sessionId, given),
    cancelTranscription: async (sessionId, given) => cancelTranscription(caller, sessionId, given),
    stt: async (audio, given) => stt(caller, audio, given),
    tts: async (input, given) => tts(caller, input, given),
    voices: async (given) => voices(caller, given),
    chat: (question, given) => chat(caller, question, given),
    usage: async (given) => usage(caller, given),
    budgets: async (given) => budgets(caller, given),
    edgeHealth: async (given) => edgeHealth(caller, given),
    trace: async (sessionId, given) => trace(caller, sessionId, given),
    balance: async (given) => balance(caller, given),
    recordUsage: async (entries, given) => recordUsage(caller, entries, given),
    topUp: async (body, given) => topUp(caller, body, given),
    // It counts attempts by itself, and tells of them.
    sync: (given) => openSync(createCaller(door, { timeoutMs, retries: 0 }), retries, given),
    captions: async (sessionId, { signal } = {}) => {
      const path = sessionPath(sessionId, "captions");
      return caller.json({ method: "GET", path, repeatable: true, signal }, captionsStateSchema);
    },
    ...participantCalls(caller),
    deliveries: async (sessionId, { signal } = {}) => {
      const path = sessionPath(sessionId, "webhooks");
      return (await caller.json({ method: "GET", path, repeatable: true, signal }, deliveriesAnswerSchema)).deliveries;
    },
    testWebhook: async (sessionId, changes = {}) => {
      const path = sessionPath(sessionId, "webhooks/test");
      // Once too often is one test more.
      return caller.json({ method: "POST", path, good: [202], repeatable: true, ...changing(changes) }, deliverySchema);
    },
    resendDelivery: async (sessionId, deliveryId, changes = {}) => {
      const path = sessionPath(sessionId, `webhooks/${deliveryPart(deliveryId)}/resend`);
      // Sent once too often it comes under the same `webhook-id`, by which its receiver knows it.
      return caller.json({ method: "POST", path, good: [202], repeatable: true, ...changing(changes) }, deliverySchema);
    },
  };
}

function doorOf({ baseUrl, token, fetch: given, onWait }: ResultsClientOptions): Door {
  const fault = addressFault(String(baseUrl));
  if (fault !== undefined) throw new TypeError(`baseUrl ${fault}.`);
  const url = new URL(baseUrl);
  if (!/^https?:$/.test(url.protocol)) throw new TypeError("baseUrl must be http:// or https://.");
  if (!url.pathname.endsWith("/")) url.pathname += "/";
  const isRenewable = typeof token === "function";
  return {
    baseUrl: url,
    // Called as a plain function, and looked up late: browsers and Workers refuse fetch as a method of anything.
    fetch: given ?? ((input, init) => globalThis.fetch(input, init)),
    token: isRenewable ? token : () => token,
    isRenewable,
    onWait,
  };
}
