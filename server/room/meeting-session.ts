/**
 * The Durable Object of one meeting: sockets in, frames handed to `ingest`, replies out; RPC for the HTTP
 * routes; one alarm. Everything it knows lies in SQLite and in the connections' attachments, so it may be
 * evicted or killed between any two lines.
 *
 * PartyServer's own `onStart` is not used: it writes to storage before it runs, and asking for a session
 * that was never opened must create nothing.
 */
import { createHash } from "node:crypto";
import { type Connection, type ConnectionContext, Server, type WSMessage } from "partyserver";
import { encodeMessage } from "../../schemas/codec.ts";
import { closeCodeOf } from "../../schemas/errors.ts";
import type { FinalizeBody, SessionState } from "../../schemas/http.ts";
import { type ErrorMessage, pingText, pongText, type RoomMessage } from "../../schemas/messages.ts";
import { parseRoomName } from "../../schemas/names.ts";
import { err, ok, type Result } from "../../schemas/result-type.ts";
import type { ResolveBody } from "../../schemas/speakers.ts";
import { resultKey } from "../archive/keys.ts";
import { parseConfig } from "../config.ts";
import type { Env } from "../env.ts";
import { isMigrated } from "../journal/migrations.ts";
import type { Database } from "../lib/sql.ts";
import { TimeoutError, withTimeout } from "../lib/timeout.ts";
import type { FinalizeOutcome } from "../results/finalizer.ts";
import { createInferenceClient } from "../speakers/inference-client.ts";
import type { Resolved, ResolveFailure } from "../speakers/resolver.ts";
import { describeError, log } from "../telemetry/log.ts";
import { errorMessage, handleFrame, openTrack, sessionFinalized } from "./ingest.ts";
import { type IngestRequest, parseIngestRequest, refusedStatus } from "./ingest-request.ts";
import { isSuperseded, newPeer, type Peer } from "./peer.ts";
import { Room } from "./room.ts";

/** How long a finalize request is held open before it is answered 202. */
const finalizeAnswerMs = 20_000;
const alarmRetryMs = 60_000;

export type FinalizeRefusal =
  | { readonly code: "session_not_found" }
  | { readonly code: "bad_request"; readonly detail: string };

export class MeetingSessionDO extends Server<Env> {
  static override options = { hibernate: true };

  #room: Room | undefined;
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
      const refusal = this.#admit(parseIngestRequest(request.url));
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
      const { encoding, track } = parseIngestRequest(request.url);
      const ordinals = [...this.getConnections<Peer>()].map(({ state }) => state?.ordinal ?? 0);
      connection.setState(newPeer(encoding, track, Math.max(0, ...ordinals) + 1));
    } catch (cause) {
      this.#fail(connection, cause);
    }
  }

  /** Synchronous: PartyServer does not catch what an async handler rejects with, and K1 needs one step. */
  override onMessage(connection: Connection<Peer>, message: WSMessage): void {
    // Frames that were on their way when the room closed the connection.
    if (connection.readyState !== WebSocket.OPEN || this.#broken) return;
    try {
      const room = this.#open();
      const peer = connection.state;
      if (!peer) throw new Error("the connection has no state");
      const outcome = handleFrame(room.ingest, peer, message);
      if (outcome.stored) room.chunkStored();
      if (outcome.peer !== peer) connection.setState(outcome.peer);
      if (outcome.peer.hasTaken && !peer.hasTaken) this.#supersede(connection, outcome.peer);
      for (const reply of outcome.replies) send(connection, reply);
      if (outcome.close) connection.close(outcome.close.code, outcome.close.reason);
    } catch (cause) {
      this.#fail(connection, cause);
    }
  }

  override onError(_connection: Connection, cause: unknown): void {
    log.warn("socket.error", { error: describeError(cause) });
  }

  // ---- RPC, called by the Worker's routes

  /** @returns undefined for a session never opened; then nothing was created. */
  describe(): Promise<SessionState | undefined> {
    return this.#guarded(() => this.#existing()?.describe());
  }

  /** Opens the session if need be. */
  resolve(body: ResolveBody, idempotencyKey: string | undefined): Promise<Result<Resolved, ResolveFailure>> {
    return this.#guarded(() => this.#open().resolver.resolve(body, idempotencyKey));
  }

  /** Begins finalize, or joins it, and waits for its end for a while. */
  finalize(body: FinalizeBody): Promise<Result<FinalizeOutcome, FinalizeRefusal>> {
    return this.#guarded(async () => {
      const room = this.#existing();
      if (!room) return err({ code: "session_not_found" });
      const begun = room.finalizer.begin(body);
      if (!begun.ok) return err({ code: "bad_request", detail: begun.error });
      try {
        await withTimeout(room.finalizer.run(), finalizeAnswerMs, "finalize");
      } catch (cause) {
        // The run goes on, and the alarm stands behind it.
        if (!(cause instanceof TimeoutError)) throw cause;
      }
      return ok(room.finalizer.outcome());
    });
  }

  /** Where the result lies, once it does. */
  locateResult(): Promise<Result<{ key: string }, "session_not_found" | "not_finalized">> {
    return this.#guarded(() => {
      const room = this.#existing();
      if (!room) return err("session_not_found");
      return room.store.status === "finalized" ? ok({ key: resultKey(room.session) }) : err("not_finalized");
    });
  }

  // ---- alarm

  override async onAlarm(): Promise<void> {
    try {
      await this.#existing()?.jobs.runDue();
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
    this.#room.store.open();
    return this.#room;
  }

  #load(): Room {
    const session = parseRoomName(this.name);
    if (!session) throw new Error("the room's name is not <tenant>/<session_id>");
    // With a bad variable the Worker refuses all requests, but what is kept must still reach R2.
    const config = parseConfig(this.env);
    const inference = config.ok ? config.value.inference : undefined;
    return new Room({
      session,
      db: this.#database(),
      bucket: this.env.RESULT_BUCKET,
      callInference: inference && createInferenceClient(inference, (input, init) => fetch(input, init)),
      sha256: (bytes) => createHash("sha256").update(bytes).digest(),
      synced: () => this.ctx.storage.sync(),
      setAlarm: (at) => {
        this.ctx.waitUntil(
          this.ctx.storage.setAlarm(at).catch((cause: unknown) => {
            log.error("alarm.not_set", { error: describeError(cause) });
            // Without its alarm the room can't keep its promise to archive: start anew from storage.
            this.ctx.abort("the alarm could not be set");
          }),
        );
      },
    });
  }

  #database(): Database {
    const { storage } = this.ctx;
    return { sql: storage.sql, transaction: (step) => storage.transactionSync(step), now: () => Date.now() };
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

  /** Opens session and track for a new connection. @returns why not, where they are not to be had. */
  #admit({ track }: IngestRequest): ErrorMessage | undefined {
    const room = this.#open();
    if (!room.store.isOpen) return errorMessage(sessionFinalized);
    const refusal = track === null ? undefined : openTrack(room.ingest, track);
    return refusal && errorMessage(refusal);
  }

  /** An RPC's work. What it did not expect restarts the room, and the Worker answers 500. */
  async #guarded<T>(work: () => T | Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (cause) {
      this.#restart(cause);
      throw cause;
    }
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
  #restart(cause: unknown): void {
    log.error("room.failed", { error: describeError(cause) });
    if (this.#broken) return;
    this.#broken = true;
    // A little later, so that what was said to clients gets out.
    setTimeout(() => this.ctx.abort("the room failed"), 50);
  }
}

function send(connection: Connection<Peer>, message: RoomMessage): void {
  connection.send(encodeMessage(message, connection.state?.encoding ?? "json"));
}
