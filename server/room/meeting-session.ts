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
import { closeCodeOf, type WireErrorCode } from "../../schemas/errors.ts";
import type { FinalizeAnswer, FinalizeBody, FinalizePending, SessionState } from "../../schemas/http.ts";
import { type RoomMessage } from "../../schemas/messages.ts";
import { parseRoomName } from "../../schemas/names.ts";
import { err, ok, type Result } from "../../schemas/result-type.ts";
import type { ResolveBody } from "../../schemas/speakers.ts";
import { resultKey } from "../archive/keys.ts";
import { parseConfig } from "../config.ts";
import type { Env } from "../env.ts";
import { isMigrated } from "../journal/migrations.ts";
import type { Database } from "../lib/sql.ts";
import { TimeoutError, withTimeout } from "../lib/timeout.ts";
import { createInferenceClient } from "../speakers/inference-client.ts";
import type { Resolved, ResolveFailure } from "../speakers/resolver.ts";
import { describeError, log } from "../telemetry/log.ts";
import { errorMessage, handleFrame, openTrack, tooManyTracks } from "./ingest.ts";
import { parseIngestRequest } from "./ingest-request.ts";
import { newPeer, type Peer } from "./peer.ts";
import { Room } from "./room.ts";

/** How long a finalize request is held open before it is answered 202. */
const finalizeAnswerMs = 20_000;

export class MeetingSessionDO extends Server<Env> {
  static override options = { hibernate: true };

  #room: Room | undefined;

  // ---- sockets

  override onConnect(connection: Connection<Peer>, { request }: ConnectionContext): void {
    try {
      const { encoding, track } = parseIngestRequest(request.url);
      connection.setState(newPeer(encoding, track));
      const room = this.#open();
      if (!room.store.isOpen)
        return this.#refuse(
          connection,
          "session_finalized",
          "The session is finalizing or finalized; nothing more is kept.",
        );
      if (track === null) return;
      if (!openTrack(room.ingest, track)) return this.#refuse(connection, tooManyTracks.code, tooManyTracks.detail);
      this.#supersede(connection, track);
    } catch (cause) {
      this.#fail(connection, cause);
    }
  }

  /** Synchronous: PartyServer does not catch what an async handler rejects with, and K1 needs one step. */
  override onMessage(connection: Connection<Peer>, message: WSMessage): void {
    // Frames that were on their way when the room closed the connection.
    if (connection.readyState !== WebSocket.OPEN) return;
    try {
      const room = this.#open();
      const peer = connection.state;
      if (!peer) throw new Error("the connection has no state");
      const outcome = handleFrame(room.ingest, peer, message);
      if (outcome.stored) room.chunkStored();
      if (outcome.peer !== peer) connection.setState(outcome.peer);
      if (outcome.peer.track !== null && peer.track === null) this.#supersede(connection, outcome.peer.track);
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
  describe(): SessionState | undefined {
    return this.#existing()?.describe();
  }

  /** Opens the session if need be. */
  async resolve(body: ResolveBody, idempotencyKey: string | undefined): Promise<Result<Resolved, ResolveFailure>> {
    return this.#open().resolver.resolve(body, idempotencyKey);
  }

  /** Begins finalize, or joins it, and waits for its end for a while. */
  async finalize(
    body: FinalizeBody,
  ): Promise<{ done: true; answer: FinalizeAnswer } | { done: false; answer: FinalizePending } | undefined> {
    const room = this.#existing();
    if (!room) return undefined;
    room.finalizer.begin(body);
    try {
      await withTimeout(room.finalizer.run(), finalizeAnswerMs, "finalize");
    } catch (cause) {
      // The run goes on, and the alarm stands behind it.
      if (!(cause instanceof TimeoutError)) throw cause;
    }
    return room.finalizer.outcome();
  }

  /** Where the result lies, once it does. */
  locateResult(): Result<{ key: string }, "session_not_found" | "not_finalized"> {
    const room = this.#existing();
    if (!room) return err("session_not_found");
    return room.store.status === "finalized" ? ok({ key: resultKey(room.session) }) : err("not_finalized");
  }

  // ---- alarm

  override async onAlarm(): Promise<void> {
    await this.#existing()?.jobs.runDue();
  }

  // ---- inside

  /** The room of a session that was opened before. */
  #existing(): Room | undefined {
    if (!this.#room && isMigrated(this.#database())) this.#room = this.#load();
    return this.#room;
  }

  #open(): Room {
    this.#room ??= this.#load();
    this.#room.store.open();
    return this.#room;
  }

  #load(): Room {
    const session = parseRoomName(this.name);
    if (!session) throw new Error("the room's name is not <tenant>/<session_id>");
    const config = parseConfig(this.env);
    if (!config.ok) throw new Error(`bad configuration: ${config.error.join("; ")}`);
    const { inference } = config.value;
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

  /** The newest connection of a track wins it. */
  #supersede(newest: Connection<Peer>, track: string): void {
    for (const connection of this.getConnections<Peer>()) {
      if (connection.id === newest.id || connection.state?.track !== track) continue;
      send(connection, { type: "closing", reason: "superseded" });
      connection.close(closeCodeOf("superseded"), "superseded");
    }
  }

  #refuse(connection: Connection<Peer>, code: WireErrorCode, detail: string): void {
    send(connection, errorMessage({ code, detail }));
    connection.close(closeCodeOf(code), code);
  }

  /** A bug or a broken disk: the client learns that nothing was kept and that it may come back, no more. */
  #fail(connection: Connection<Peer>, cause: unknown): void {
    log.error("room.failed", { error: describeError(cause) });
    this.#refuse(connection, "internal", "The room failed; nothing of this frame was kept. Reconnect and resend.");
    // What memory holds may not be what was committed: read it anew.
    this.#room = undefined;
  }
}

function send(connection: Connection<Peer>, message: RoomMessage): void {
  connection.send(encodeMessage(message, connection.state?.encoding ?? "json"));
}
