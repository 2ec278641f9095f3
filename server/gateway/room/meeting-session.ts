/**
 * The Durable Object of one meeting: sockets in, frames handed to `ingest`, replies out; RPC for the HTTP
 * routes (`session-api`); one alarm. Everything it knows lies in SQLite and in the connections' attachments, so it may be
 * evicted or killed between any two lines.
 *
 * PartyServer's own `onStart` is not used: it writes to storage before it runs, and asking for a session
 * that was never opened must create nothing.
 */
import { createHash } from "node:crypto";
import { type Connection, type ConnectionContext, Server, type WSMessage } from "partyserver";
import { encodeMessage } from "../../../schemas/wire/codec.ts";
import { closeCodeOf, normalCloseCode } from "../../../schemas/wire/errors.ts";
import { type ErrorMessage, pingText, pongText, type RoomMessage } from "../../../schemas/wire/messages.ts";
import { parseRoomName } from "../../../schemas/names.ts";
import { defaultLimits } from "../../shared/config/limits.ts";
import { parseConfig } from "../../shared/config/config.ts";
import type { Env } from "../env.ts";
import { SessionIndex } from "../lifecycle/session-list.ts";
import { isMigrated } from "../core/migrations.ts";
import { durableDatabase } from "../../shared/lib/durable-database.ts";
import type { Database } from "../../shared/lib/sql.ts";
import { createInferenceClient, type Inference, type InferenceConfig } from "../speakers/inference-client.ts";
import { describeError, log } from "../../shared/telemetry/log.ts";
import type { Follower } from "./connections/dispatcher.ts";
import { heard, newFeed } from "./connections/feed.ts";
import { admitCapture, admitWatcher } from "./connections/admission.ts";
import { Floods } from "./connections/floods.ts";
import { floodEnded, handleFrame } from "./ingest.ts";
import { errorMessage, sessionDeleted, tokenExpired } from "./refusals.ts";
import { hasExpired, isSuperseded, newPeer, newWatcher, type Peer } from "./connections/peer.ts";
import { closeSession, confirmSession, leaseAudio, takeSessionSlot } from "../../shared/limits/limiter-access.ts";
import type { SessionName } from "../core/session-name.ts";
import { openRoom, openSession, type Room, type RoomConfig } from "./room.ts";
import {
  SessionApi,
  type SessionAnswers,
  type SessionAsk,
  type SessionMethod,
  type SessionReply,
} from "./session-api.ts";
import { parseSocketRequest, refusedStatus, type SocketRequest } from "./socket-request.ts";

const alarmRetryMs = 60_000;
const tooManySessions = {
  code: "rate_limited",
  detail: "The tenant has as many sessions open as it may. Finalize or delete one first.",
  retryAfterMs: 60_000,
} as const;

/** The embedded resolver speaks the same contract; it is reached inside the Worker, so the address names nothing. */
const embeddedInference: InferenceConfig = {
  url: "https://embedded-resolver/speaker/resolve",
  apiKey: undefined,
  timeoutMs: 15_000,
};

/** With a bad variable the Worker refuses all requests; what is kept still reaches R2. On a guess nothing ends or is deleted. */
const configOnBadVariable: RoomConfig = {
  resolve: { auto: false, window_chunks: 4 },
  limits: defaultLimits,
  lifecycle: { retentionDays: null, autoFinalizeAfterMs: 0 },
  // Nothing can be sent; deliveries wait.
  webhooks: { url: undefined, secrets: [], sharedSecret: undefined, timeoutMs: 15_000, isDevelopment: false },
  trackStalledAfterMs: 0,
};

export class MeetingSessionDO extends Server<Env> {
  static override options = { hibernate: true };

  #room: Room | undefined;
  readonly #floods = new Floods();
  readonly #api = new SessionApi({
    existing: () => this.#existing(),
    mayOpen: () => this.#mayOpen(),
    open: () => this.#open(),
  });
  /** Set when the room is about to start anew: until then it must not touch storage. */
  #broken = false;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    ctx.setWebSocketAutoResponse(new WebSocketRequestResponsePair(pingText, pongText));
  }

  /** Looks before PartyServer does: it would answer a failure of its own set-up with the error's stack. */
  override async fetch(request: Request): Promise<Response> {
    try {
      await this.__unsafe_ensureInitialized();
      const refusal = await this.#admit(parseSocketRequest(request.url));
      if (refusal) return Response.json(refusal, { status: refusedStatus });
    } catch (cause) {
      this.#restart(cause);
      return new Response(null, { status: 503 });
    }
    return super.fetch(request);
  }

  // ---- sockets

  override onConnect(connection: Connection<Peer>, { request }: ConnectionContext): void {
    try {
      const asked = parseSocketRequest(request.url);
      if (asked.role === "watch") {
        connection.setState(newWatcher(asked, newFeed(null, asked.after)));
        this.#existing()?.connections.followed();
      } else {
        const ordinals = [...this.getConnections<Peer>()].map(({ state }) => state?.ordinal ?? 0);
        connection.setState(newPeer(asked, Math.max(0, ...ordinals) + 1));
      }
      if (asked.expires_at !== undefined) this.#existing()?.connections.expiresAt(asked.expires_at);
    } catch (cause) {
      this.#fail(connection, cause);
    }
  }

  /** Frames that were on their way when the room closed the connection may be many: dropped before PartyServer looks. */
  override async webSocketMessage(socket: WebSocket, message: WSMessage): Promise<void> {
    if (socket.readyState === WebSocket.OPEN) await super.webSocketMessage(socket, message);
  }

  /** Synchronous: PartyServer does not catch what an async handler rejects with, and K1 needs one step. */
  override onMessage(connection: Connection<Peer>, message: WSMessage): void {
    // Frames that were on their way when the room closed the connection.
    if (connection.readyState !== WebSocket.OPEN || this.#broken) return;
    try {
      const room = this.#open();
      // A socket that lived through the room's end.
      if (room.core.status.isGone) return dismiss(connection);
      const { state } = connection;
      if (!state) throw new Error("the connection has no state");
      const peer = state.feed ? { ...state, feed: heard(state.feed) } : state;
      const handled = handleFrame(room.ingest, peer, message);
      const isTooMuch = !handled.acked && this.#floods.isTooMuch(connection.id, Date.now());
      const outcome = isTooMuch ? floodEnded(handled) : handled;
      // In the ack's commit (K3); every other part hears of the chunk once the ack is sent.
      if (outcome.stored) room.archive.ensureJob();
      if (outcome.peer !== state) connection.setState(outcome.peer);
      if (outcome.peer.hasTaken && !peer.hasTaken) this.#supersede(connection, outcome.peer);
      for (const reply of outcome.replies) send(connection, reply);
      if (outcome.stored !== undefined) room.core.signals.chunkStored(outcome.stored);
      if (outcome.ended) room.speakers.autoResolver.kick();
      if (!outcome.close) return;
      if (outcome.close.reason === "too_many_errors") this.#floods.lock(outcome.peer, Date.now());
      connection.close(outcome.close.code, outcome.close.reason);
    } catch (cause) {
      this.#fail(connection, cause);
    }
  }

  override onError(_connection: Connection, cause: unknown): void {
    log.warn("socket.error", { error: describeError(cause) });
  }

  // ---- RPC

  /** What the Worker's routes ask of the session. What it did not expect restarts the room, and the Worker answers 500. */
  async call<K extends SessionMethod>({ method, args, trace_id }: SessionAsk<K>): Promise<SessionReply<K>> {
    try {
      const ask = this.#api[method] as (...args: Parameters<SessionApi[K]>) => Promise<SessionAnswers[K]>;
      // Looked at here, so that no question can forget it; and again, for those that were asked before the deletion.
      const isGone = (): boolean => method !== "remove" && this.#api.isGone();
      if (isGone()) return { isGone: true };
      const answer = await ask.apply(this.#api, args);
      return isGone() ? { isGone: true } : { isGone: false, answer };
    } catch (cause) {
      this.#restart(cause, trace_id);
      throw cause;
    }
  }

  // ---- alarm

  override async onAlarm(): Promise<void> {
    try {
      await this.#existing()?.core.jobs.runDue();
    } catch (cause) {
      // An alarm that throws is tried six times and then forgotten; this one must never be.
      log.error("alarm.failed", { error: describeError(cause) });
      await this.ctx.storage.setAlarm(Date.now() + alarmRetryMs);
    }
  }

  // ---- inside

  /** The room of a session that was opened before. */
  #existing(): Room | undefined {
    if (this.#broken) throw new Error("the room restarts");
    if (!this.#room && isMigrated(this.#database())) this.#room = this.#load();
    return this.#room;
  }

  #open(): Room {
    if (this.#broken) throw new Error("the room restarts");
    this.#room ??= this.#load();
    openSession(this.#room);
    return this.#room;
  }

  #load(): Room {
    const session = this.#session();
    const quotas = this.env.TENANT_QUOTA;
    const config = parseConfig(this.env);
    return openRoom(
      {
        session,
        db: this.#database(),
        bucket: this.env.RESULT_BUCKET,
        sha256: (bytes) => createHash("sha256").update(bytes).digest(),
        synced: () => this.ctx.storage.sync(),
        setAlarm: (at) => this.#setAlarm(at),
        fail: (cause) => this.#restart(cause),
      },
      {
        inference: this.#inferenceClient(config.ok ? config.value.inference : undefined),
        index: new SessionIndex(this.env.DB),
        quota: {
          confirm: () => confirmSession(quotas, session),
          close: (storedTotal) => closeSession(quotas, session, storedTotal),
          lease: (storedTotal, wanted, quota) => leaseAudio(quotas, session, { storedTotal, wanted, quota }),
        },
        fetcher: (input, init) => fetch(input, init),
        connections: {
          followers: () => this.#followers(),
          dismissAll: () => this.#dismissAll(),
          endExpired: () => this.#expireConnections(),
        },
        wipeObject: () => {},
      },
      config.ok ? config.value : configOnBadVariable,
    );
  }

  #setAlarm(at: number): void {
    this.ctx.waitUntil(
      this.ctx.storage.setAlarm(at).catch((cause: unknown) => {
        log.error("alarm.not_set", { error: describeError(cause) });
        // Without its alarm the room can't keep its promise to archive: start anew from storage.
        this.ctx.abort("the alarm could not be set");
      }),
    );
  }

  #inferenceClient(service: InferenceConfig | undefined): Inference {
    if (service) return createInferenceClient(service, (input, init) => fetch(input, init));
    const { EmbeddedResolver } = this.ctx.exports;
    return createInferenceClient(embeddedInference, (input, init) => EmbeddedResolver.fetch(input, init));
  }

  *#followers(): Generator<Follower> {
    for (const connection of this.getConnections<Peer>()) {
      const { state: peer } = connection;
      if (!peer?.feed || connection.readyState !== WebSocket.OPEN) continue;
      yield {
        peer,
        pingedAt: this.ctx.getWebSocketAutoResponseTimestamp(connection)?.getTime() ?? 0,
        setPeer: (changed) => connection.setState(changed),
        send: (message) => send(connection, message),
        close: (code, reason) => connection.close(code, reason),
      };
    }
  }

  #database(): Database {
    return durableDatabase(this.ctx.storage);
  }

  /** The newest connection of a track wins it, once it streams. */
  #supersede(newest: Connection<Peer>, taker: Peer): void {
    for (const connection of this.getConnections<Peer>()) {
      const { id, state } = connection;
      if (id === newest.id || !state || !isSuperseded(state, taker)) continue;
      send(connection, { type: "closing", reason: "superseded" });
      connection.close(closeCodeOf("superseded"), "superseded");
    }
  }

  /** Ends the connections whose token has. @returns when the next one does, ms since 1970. */
  #expireConnections(): number | undefined {
    let next: number | undefined;
    for (const connection of this.getConnections<Peer>()) {
      const { state } = connection;
      if (state?.expiresAt == null || connection.readyState !== WebSocket.OPEN) continue;
      if (hasExpired(state, Date.now())) end(connection, tokenExpired);
      else next = Math.min(next ?? Number.POSITIVE_INFINITY, state.expiresAt);
    }
    return next;
  }

  /** Nobody stays connected to a session that is deleted. */
  #dismissAll(): void {
    for (const connection of this.getConnections<Peer>()) dismiss(connection);
  }

  /** Opens session and track for a new connection. @returns why not, where they are not to be had. */
  async #admit(asked: SocketRequest): Promise<ErrorMessage | undefined> {
    const deps = {
      floods: this.#floods,
      count: (role: Peer["role"]) => this.#countConnections(role),
      now: () => Date.now(),
    };
    if (asked.role === "watch") return admitWatcher(deps, this.#existing(), asked);
    if (!this.#existing() && !(await this.#mayOpen())) return errorMessage(tooManySessions);
    return admitCapture(deps, this.#open(), asked);
  }

  #countConnections(role: Peer["role"]): number {
    let count = 0;
    for (const { readyState, state } of this.getConnections<Peer>()) {
      if (state?.role === role && readyState === WebSocket.OPEN) count += 1;
    }
    return count;
  }

  async #mayOpen(): Promise<boolean> {
    const config = parseConfig(this.env);
    const limit = config.ok ? config.value.limits.maxOpenSessionsPerTenant : null;
    return limit === null || takeSessionSlot(this.env.TENANT_QUOTA, this.#session(), limit);
  }

  #session(): SessionName {
    const session = parseRoomName(this.name);
    if (!session) throw new Error("the room's name is not <tenant>/<session_id>");
    return session;
  }

  #fail(connection: Connection<Peer>, cause: unknown): void {
    const detail = "The room failed and restarts. Reconnect and resend what was not acked.";
    send(connection, errorMessage({ code: "internal", detail }));
    connection.close(closeCodeOf("internal"), "internal");
    this.#restart(cause);
  }

  /**
   * After a bug or a broken disk, what memory holds may not be what was committed: the room starts anew from
   * storage. It is the only thing done here, since two rooms over one storage would be worse.
   */
  #restart(cause: unknown, trace_id?: string): void {
    log.error("room.failed", { trace_id, error: describeError(cause) });
    if (this.#broken) return;
    this.#broken = true;
    // A little later, so that what was said to clients gets out.
    setTimeout(() => this.ctx.abort("the room failed"), 50);
  }
}

/** Watchers get `closing`; whoever streams must know that nothing more is kept. */
function dismiss(connection: Connection<Peer>): void {
  if (connection.readyState !== WebSocket.OPEN) return;
  if (connection.state?.role === "watch") {
    send(connection, { type: "closing", reason: "session_deleted" });
    connection.close(normalCloseCode, "session_deleted");
    return;
  }
  end(connection, sessionDeleted);
}

function end(connection: Connection<Peer>, why: Parameters<typeof errorMessage>[0]): void {
  send(connection, errorMessage(why));
  connection.close(closeCodeOf(why.code), why.code);
}

function send(connection: Connection<Peer>, message: RoomMessage): void {
  connection.send(encodeMessage(message, connection.state?.encoding ?? "json"));
}
