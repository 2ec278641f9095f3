/**
 * The results library, for backends: what the gateway serves over HTTP, typed and parsed by the contract. The same
 * code in Node, browsers and Workers. Sends a request twice only where that can't do a thing twice.
 */
import * as z from "zod";
import {
  type CorrectionAnswer,
  correctionAnswerSchema,
  deletionPendingSchema,
  deletionReceiptSchema,
  eventsPageSchema,
  finalizeAnswerSchema,
  finalizePendingSchema,
  healthSchema,
  retryAnswerSchema,
  sessionAnswerSchema,
  sessionResultSchema,
  sessionsPageSchema,
  sessionStateSchema,
  type SessionsPage,
  type SessionSummary,
} from "../../schemas/http.ts";
import { sessionIdSchema } from "../../schemas/names.ts";
import { clusterIdSchema, resolveAnswerSchema } from "../../schemas/speakers.ts";
import { utterancesAnswerSchema } from "../../schemas/utterances.ts";
import { type Answer, type Door, type Exchange, exchange } from "./exchange.ts";
import { liveEvents } from "./live-events.ts";
import { type FailedCall, RoomtoneAnswerError, RoomtoneTimeoutError } from "./results-errors.ts";
import type {
  CallOptions,
  FinalizeOptions,
  ListOptions,
  ResultsClient,
  ResultsClientOptions,
  SessionsOptions,
} from "./results-types.ts";
import { pause, retryDelayMs } from "./retry.ts";
import { newTraceId } from "./trace.ts";

const defaultTimeoutMs = 30_000;
const defaultRetries = 3;
const defaultMaxWaitMs = 300_000;
/** The gateway holds a finalize open this long before it answers 202: asking again is a long poll. */
const finalizeHoldMs = 20_000;
const finalizePollMs = 1_000;
/** As the gateway holds a finalize, it holds a deletion. */
const deletedOrNotSchema = z.union([deletionReceiptSchema, deletionPendingSchema]);
/** Sessions that `allSessions` asks for at once. */
const sessionsPerPage = 200;
const finalizedOrNotSchema = z.union([finalizeAnswerSchema, finalizePendingSchema]);
/** As the gateway has it, but for spaces at the ends: fetch would cut them off, and make it another key. */
const idempotencyKeyPattern = /^(?! )[\x20-\x7e]{1,255}(?<! )$/;

interface Request {
  readonly method: FailedCall["method"];
  readonly path: string;
  readonly body?: object;
  readonly headers?: Readonly<Record<string, string>>;
  readonly authorized?: false;
  readonly good?: readonly number[];
  /** Whether it may be sent again when nobody knows what became of it. */
  readonly repeatable: boolean;
  readonly timeoutMs?: number;
  /** A new one, unless the request is part of a longer call. */
  readonly traceId?: string;
  readonly signal?: AbortSignal | undefined;
}

/** @throws TypeError for a base URL that is none. */
export function createResultsClient(options: ResultsClientOptions): ResultsClient {
  const door = doorOf(options);
  const { timeoutMs: defaultMs = defaultTimeoutMs, retries = defaultRetries } = options;

  /** Sends the request until it is answered, and parses the answer. @param deadlineAt of `performance.now()`. */
  async function call<T>(request: Request, schema: z.ZodType<T>, deadlineAt = Infinity): Promise<T> {
    const { method, path, headers = {}, authorized = true, good = [200], signal, traceId = newTraceId() } = request;
    const body = request.body && JSON.stringify(request.body);
    const whole = { method, path, headers, body, authorized, good, signal, traceId };
    const limitMs = request.timeoutMs ?? defaultMs;
    for (let attempt = 1; ; attempt += 1) {
      const once: Exchange = { ...whole, timeoutMs: Math.min(limitMs, Math.max(1, deadlineAt - performance.now())) };
      try {
        return parse(once, await exchange(door, once), schema);
      } catch (error) {
        const delayMs =
          request.repeatable && attempt <= retries ? retryDelayMs(error, attempt, Math.random()) : undefined;
        if (delayMs === undefined || performance.now() + delayMs >= deadlineAt) throw error;
        await pause(delayMs, signal);
      }
    }
  }

  async function finalize(
    sessionId: string,
    body: object = {},
    { wait = true, maxWaitMs = defaultMaxWaitMs, signal }: FinalizeOptions = {},
  ): Promise<z.infer<typeof finalizedOrNotSchema>> {
    const named: FailedCall = { method: "POST", path: sessionPath(sessionId, "finalize"), traceId: newTraceId() };
    const request: Request = {
      ...named,
      body,
      good: [200, 202],
      repeatable: true,
      timeoutMs: defaultMs + finalizeHoldMs,
      signal,
    };
    const deadlineAt = performance.now() + maxWaitMs;
    for (;;) {
      const answer = await call(request, finalizedOrNotSchema, deadlineAt);
      if (!wait || !("status" in answer)) return answer;
      if (performance.now() + finalizePollMs >= deadlineAt) {
        const left =
          answer.status === "open"
            ? "The session waits for what is missing."
            : `${answer.pending_chunks} chunks are not yet in R2. The gateway goes on by itself.`;
        throw new RoomtoneTimeoutError(named, `was not done within ${maxWaitMs} ms: ${left}`);
      }
      await pause(finalizePollMs, signal);
    }
  }

  async function deleteSession(
    sessionId: string,
    { wait = true, maxWaitMs = defaultMaxWaitMs, signal }: FinalizeOptions = {},
  ): Promise<z.infer<typeof deletedOrNotSchema>> {
    const named: FailedCall = { method: "DELETE", path: sessionPath(sessionId), traceId: newTraceId() };
    const request: Request = {
      ...named,
      good: [200, 202],
      repeatable: true,
      timeoutMs: defaultMs + finalizeHoldMs,
      signal,
    };
    const deadlineAt = performance.now() + maxWaitMs;
    for (;;) {
      const answer = await call(request, deletedOrNotSchema, deadlineAt);
      if (!wait || answer.status === "deleted") return answer;
      if (performance.now() + finalizePollMs >= deadlineAt) {
        const left = `${answer.objects} objects are deleted so far. The gateway goes on by itself.`;
        throw new RoomtoneTimeoutError(named, `was not done within ${maxWaitMs} ms: ${left}`);
      }
      await pause(finalizePollMs, signal);
    }
  }

  async function listSessions({ status, limit, cursor, signal }: SessionsOptions = {}): Promise<SessionsPage> {
    const query = new URLSearchParams();
    if (status !== undefined) query.set("status", status);
    if (limit !== undefined) query.set("limit", String(limit));
    if (cursor !== undefined) query.set("cursor", cursor);
    const path = query.size === 0 ? "v1/sessions" : `v1/sessions?${query.toString()}`;
    return call({ method: "GET", path, repeatable: true, signal }, sessionsPageSchema);
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
    { signal }: CallOptions = {},
  ): Promise<CorrectionAnswer> {
    const path = sessionPath(sessionId, action);
    // Saying the same twice is saying it once.
    return call({ method, path, ...(body && { body }), repeatable: true, signal }, correctionAnswerSchema);
  }

  return {
    health: ({ signal } = {}) =>
      call({ method: "GET", path: "health", authorized: false, repeatable: true, signal }, healthSchema),
    state: async (sessionId, { signal } = {}) =>
      call({ method: "GET", path: sessionPath(sessionId, "state"), repeatable: true, signal }, sessionStateSchema),
    resolve: async (sessionId, body, { idempotencyKey, signal } = {}) => {
      const path = sessionPath(sessionId, "resolve");
      const repeatable = idempotencyKey !== undefined;
      const headers = repeatable ? { "x-idempotency-key": checkedKey(idempotencyKey) } : {};
      return call({ method: "POST", path, body, headers, repeatable, signal }, resolveAnswerSchema);
    },
    createSession: (body = {}, { signal } = {}) => {
      // Without an id of the caller's, a second request would open a second session.
      const repeatable = body.session_id !== undefined;
      return call(
        { method: "POST", path: "v1/sessions", body, good: [200, 201], repeatable, signal },
        sessionAnswerSchema,
      );
    },
    configureSession: async (sessionId, body, { signal } = {}) =>
      call({ method: "PATCH", path: sessionPath(sessionId), body, repeatable: true, signal }, sessionAnswerSchema),
    listSessions,
    allSessions,
    // What `wait: true` gives back is never pending, which only the overloads of the interface can say.
    deleteSession: deleteSession as ResultsClient["deleteSession"],
    retryResolves: async (sessionId, track, { signal } = {}) => {
      const path = sessionPath(sessionId, "resolve/retry");
      const body = track === undefined ? {} : { track };
      const answer = await call({ method: "POST", path, body, repeatable: true, signal }, retryAnswerSchema);
      return answer.reopened_windows;
    },
    addUtterances: async (sessionId, utterances, { signal } = {}) => {
      const path = sessionPath(sessionId, "utterances");
      const repeatable = utterances.every(({ utterance_id }) => utterance_id !== undefined);
      const request: Request = { method: "POST", path, body: { utterances }, repeatable, signal };
      return (await call(request, utterancesAnswerSchema)).utterances;
    },
    events: async (sessionId, { after = 0, limit = 100, signal } = {}) => {
      const path = sessionPath(sessionId, `events?after=${after}&limit=${limit}`);
      return call({ method: "GET", path, repeatable: true, signal }, eventsPageSchema);
    },
    liveEvents: (sessionId, { after = 0, signal } = {}) =>
      liveEvents(door, { path: sessionPath(sessionId, "events"), after, retries, signal }),
    bindSpeaker: async (sessionId, clusterId, name, callOptions) =>
      correct("PUT", sessionId, `bindings/${clusterPart(clusterId)}`, { name }, callOptions),
    unbindSpeaker: async (sessionId, clusterId, callOptions) =>
      correct("DELETE", sessionId, `bindings/${clusterPart(clusterId)}`, undefined, callOptions),
    mergeSpeakers: async (sessionId, clusterId, into, callOptions) =>
      correct("POST", sessionId, `clusters/${clusterPart(clusterId)}/merge`, { into }, callOptions),
    judgeTurn: async (sessionId, eventId, body, callOptions) =>
      correct("PATCH", sessionId, `turns/${eventId}`, body, callOptions),
    // What `wait: true` gives back is never pending, which only the overloads of the interface can say.
    finalize: finalize as ResultsClient["finalize"],
    result: async (sessionId, { signal } = {}) =>
      call({ method: "GET", path: sessionPath(sessionId, "result"), repeatable: true, signal }, sessionResultSchema),
  };
}

function doorOf({ baseUrl, token, fetch: given }: ResultsClientOptions): Door {
  const url = new URL(baseUrl);
  if (!/^https?:$/.test(url.protocol)) throw new TypeError("baseUrl must be http:// or https://.");
  // They would end up in messages of fetch, and a query would be lost.
  if (url.username !== "" || url.password !== "") throw new TypeError("baseUrl must hold no user and password.");
  if (url.search !== "" || url.hash !== "") throw new TypeError("baseUrl must hold no query and no fragment.");
  if (!url.pathname.endsWith("/")) url.pathname += "/";
  return {
    baseUrl: url,
    // Called as a plain function, and looked up late: browsers and Workers refuse fetch as a method of anything.
    fetch: given ?? ((input, init) => globalThis.fetch(input, init)),
    token: typeof token === "function" ? token : () => token,
  };
}

/** @throws TypeError before any URL is made of an id that is none (SPEC N1). */
function sessionPath(sessionId: string, action?: string): string {
  const path = `v1/sessions/${sessionId}`;
  if (sessionIdSchema.safeParse(sessionId).success) return action === undefined ? path : `${path}/${action}`;
  throw new TypeError(
    "A session id is A-Z, a-z, 0-9, '.', '_', '~' and '-', at most 128 characters, starting with a letter or digit.",
  );
}

/** @throws TypeError for an id that no cluster has. */
function clusterPart(clusterId: string): string {
  if (clusterIdSchema.safeParse(clusterId).success) return clusterId;
  throw new TypeError(
    "A cluster id is A-Z, a-z, 0-9, '.', '_', '~', ':' and '-', at most 64 characters, starting with a letter or digit.",
  );
}

function checkedKey(key: string): string {
  if (idempotencyKeyPattern.test(key)) return key;
  throw new TypeError("An idempotency key is 1 to 255 printable ASCII characters, without spaces at its ends.");
}

function parse<T>(call: FailedCall, { text }: Answer, schema: z.ZodType<T>): T {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new RoomtoneAnswerError(call, "was answered with something that is not JSON. Check the base URL.");
  }
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const where = issue?.path.map(String).join(".") || "its root";
  throw new RoomtoneAnswerError(call, `was answered with JSON that breaks the contract at ${where}.`);
}
