/**
 * The Durable Object of one meeting: sockets in, frames handed to `ingest`, replies out; RPC for the HTTP
 * routes (`session-api`); one alarm. Everything it knows lies in SQLite and in the connections' attachments, so it may be
 * evicted or killed between any two lines. Asking for a session that was never opened creates nothing (N3).
 */
import { createHash } from "node:crypto";
import type { Sha256 } from "../../../schemas/chain.ts";
import type { Lost } from "../../../schemas/http/rebuild.ts";
import type { ErrorMessage } from "../../../schemas/wire/messages.ts";
import { parseRoomName } from "../../../schemas/names.ts";
import { durableDatabase } from "../../shared/lib/durable-database.ts";
import type { Database } from "../../shared/lib/sql.ts";
import { isStorageFull } from "../../shared/lib/storage-full.ts";
import { within } from "../../shared/telemetry/context.ts";
import { describeError, type Log, log, type LogSubject } from "../../shared/telemetry/log.ts";
import { isMigrated, migrate } from "../core/migrations.ts";
import type { SessionName } from "../core/session-name.ts";
import { type ListedFacts, restoreRoom } from "../recovery/restore-room.ts";
import { readStoredSession } from "../recovery/stored-session.ts";
import { answerOnce } from "./answer-once.ts";
import { admitCapture, admitWatcher } from "./connections/admission.ts";
import { parseAttachment } from "./connections/attachment.ts";
import { Connections } from "./connections/connections.ts";
import { type Caller, Floods } from "./connections/floods.ts";
import { isStreaming, type Peer, trackOf } from "./connections/peer.ts";
import { Traffic } from "./connections/traffic.ts";
import { floodEnded } from "./frame-outcome.ts";
import { RoomHost, type Socket } from "./host.ts";
import { handleFrame } from "./ingest.ts";
import { errorMessage, roomFailed, storageFull, tooManySessions } from "./refusals.ts";
import { openRoom, openSession, type Room } from "./room.ts";
import { mayOpenSession, roomConfigOf, servicesOf } from "./services.ts";
import { SessionApi, type SessionAnswers, type SessionMethod } from "./session-api.ts";
import { isSessionMethod, parseCall, type SessionReply } from "./session-call.ts";
import { parseSocketRequest, refusedStatus, type SocketRequest } from "./socket-request.ts";

const digestOf: Sha256 = (bytes) => createHash("sha256").update(bytes).digest();

export class MeetingSessionDO extends RoomHost {
  #room: Room | undefined;
  readonly #connections = new Connections(
    () => this.sockets(),
    () => Date.now(),
  );
  #knownSubject: LogSubject | undefined;
  readonly #floods = new Floods();
  readonly #traffic = new Traffic(() => Date.now());
  readonly #api = new SessionApi({
    existing: () => this.#existing(),
    mayOpen: () => this.#mayOpen(),
    open: (setUp) => this.#open(setUp),
    rebuild: (listed) => this.#rebuild(listed),
  });
  /** Set when the room is about to start anew: until then it must not touch storage. */
  #isBroken = false;

  // ---- connections

  protected override async admit(url: string): Promise<Response | undefined> {
    const asked = parseSocketRequest(url);
    const refusal = await this.#traced(asked.trace_id, () => this.#refusalOf(asked));
    return refusal && Response.json(refusal, { status: refusedStatus });
  }

  protected override connected(socket: Socket, url: string): void {
    const asked = parseSocketRequest(url);
    this.#guarded(socket, asked.trace_id, () => {
      const peer = this.#connections.add(socket, asked);
      this.#traffic.opened(peer);
      const room = this.#existing();
      if (asked.role === "watch") room?.connections.followed();
      room?.connections.joined(peer);
      if (peer.listens) room?.live.listenersChanged();
      // Deleted between the admission and now.
      if (room?.core.status.isGone) this.#connections.dismissAll();
    });
  }

  protected override takesFrames(): boolean {
    if (this.#isBroken) return false;
    try {
      if (!this.#existing()?.core.status.isGone) return true;
      // Sockets that lived through the room's end.
      this.#connections.dismissAll();
    } catch (cause) {
      this.fail(cause);
    }
    return false;
  }

  protected override received(socket: Socket, frame: string | ArrayBuffer | ArrayBufferView): void {
    if (this.#isBroken) return;
    const known = this.#peerOf(socket);
    if (!known) return;
    this.#traffic.came(known, frame);
    this.#guarded(socket, known.traceId ?? undefined, () => this.#handle(this.#open(), socket, known, frame));
  }

  /** One step: the chunk, the archive's job and the ack are one commit, and the ack leaves before other parts hear (K1, K3). */
  #handle(room: Room, socket: Socket, known: Peer, frame: string | ArrayBuffer | ArrayBufferView): void {
    const handled = handleFrame(room.ingest, known, frame);
    // As often as the room asks for it, it is no flood.
    const isTold = handled.seen !== undefined && this.#connections.noteSeen(socket, handled.seen);
    const isLive = handled.live !== undefined && room.live.relay(handled.live);
    const isTooMuch =
      !handled.acked && !isTold && !isLive && this.#floods.isTooMuch(callerOf(handled.peer), Date.now());
    const outcome = isTooMuch ? floodEnded(handled) : handled;
    const { peer, replies, stored, close } = outcome;
    if (stored !== undefined) room.archive.ensureJob();
    if (peer !== known) this.#connections.set(socket, peer);
    if (isStreaming(peer) && !isStreaming(known)) this.#connections.supersede(socket, peer);
    if (isTold) room.connections.followed();
    for (const reply of replies) this.#connections.send(socket, reply);
    if (peer.listens !== known.listens) room.live.listenersChanged();
    if (stored !== undefined) room.core.signals.chunkStored(stored);
    if (outcome.ended) room.core.signals.trackEnded();
    if (!close) return;
    if (close.reason === "too_many_errors") this.#floods.lock(callerOf(peer), Date.now());
    socket.close(close.code, close.reason);
  }

  protected override disconnected(attachment: unknown, code: number): void {
    const peer = parseAttachment(attachment)?.peer;
    if (!peer) return;
    this.#traced(peer.traceId ?? undefined, () => this.#traffic.closed(peer, code));
    if (this.#isBroken || !peer.listens) return;
    try {
      this.#existing()?.live.listenersChanged();
    } catch (cause) {
      this.fail(cause);
    }
  }

  // ---- RPC

  /** What the Worker's routes ask of the session. What it did not expect restarts the room, and the Worker answers 500. */
  async call(method: unknown, ...asked: unknown[]): Promise<SessionReply<SessionMethod>> {
    if (!isSessionMethod(method)) return { isGone: false, isUnknown: true };
    const { args, trace_id, idempotency } = parseCall(asked);
    try {
      const ask = this.#api[method] as (...args: unknown[]) => Promise<SessionAnswers[SessionMethod]>;
      // Looked at here, so that no question can forget it; and again, for those that were asked before the deletion.
      const isGone = (): boolean => method !== "remove" && this.#api.isGone();
      if (isGone()) return { isGone: true };
      const database = (): Database | undefined => (this.#existing() && !isGone() ? this.#database() : undefined);
      const asking = (): Promise<SessionAnswers[SessionMethod]> => ask.apply(this.#api, args);
      const once = await this.#traced(trace_id, () => answerOnce({ database }, method, idempotency, asking));
      if (isGone()) return { isGone: true };
      if (once.isMismatch) return { isGone: false, isMismatch: true };
      const { answer, isReplay } = once;
      return isReplay ? { isGone: false, answer, isReplay } : { isGone: false, answer };
    } catch (cause) {
      this.fail(cause, trace_id);
      throw cause;
    }
  }

  // ---- alarm

  protected override async runDueJobs(): Promise<void> {
    // What the room does by itself belongs to whoever streams.
    await this.#traced(this.#connections.newestTrace(), async () => this.#existing()?.core.jobs.runDue());
  }

  // ---- inside

  /** The room of a session that was opened before. */
  #existing(): Room | undefined {
    if (this.#isBroken) throw new Error("the room restarts");
    if (!this.#room && isMigrated(this.#database())) this.#room = this.#load();
    return this.#room;
  }

  #open(setUp?: (room: Room) => void): Room {
    if (this.#isBroken) throw new Error("the room restarts");
    this.#room ??= this.#load();
    openSession(this.#room, setUp);
    return this.#room;
  }

  /** Nothing comes between the look at the room's tables and the commit: who opens the session meanwhile goes first. */
  async #rebuild(listed: ListedFacts | undefined): Promise<readonly Lost[] | "unread" | undefined> {
    const session = this.#session();
    const stored = await readStoredSession(this.env.RESULT_BUCKET, session, digestOf).catch((cause: unknown) => {
      this.#log.warn("session.not_read", { ...this.#subject, error: describeError(cause) });
      return "unread" as const;
    });
    if (stored === "unread") return stored;
    const db = this.#database();
    if (!stored || this.#isBroken || isMigrated(db)) return undefined;
    const { resolve } = roomConfigOf(this.env);
    return db.transaction(() => {
      migrate(db);
      return restoreRoom(db, session, stored, { listed, resolve, sha256: digestOf });
    });
  }

  #load(): Room {
    const session = this.#session();
    return openRoom(
      {
        session,
        db: this.#database(),
        bucket: this.env.RESULT_BUCKET,
        sha256: digestOf,
        synced: () => this.ctx.storage.sync(),
        setAlarm: (at) => this.setAlarm(at),
        fail: (cause) => this.fail(cause),
      },
      {
        ...servicesOf(this.env, session, this.ctx.exports.EmbeddedResolver, this.ctx.id.toString(), (work) =>
          this.ctx.waitUntil(work),
        ),
        connections: this.#connections,
        wipeObject: () => this.forgetName(),
      },
      roomConfigOf(this.env),
    );
  }

  #database(): Database {
    return durableDatabase(this.ctx.storage);
  }

  /** Opens session and track for a new connection. @returns why not, where they are not to be had. */
  async #refusalOf(asked: SocketRequest): Promise<ErrorMessage | undefined> {
    const deps = { floods: this.#floods, connections: this.#connections, now: () => Date.now() };
    if (asked.role === "watch") return admitWatcher(deps, this.#existing(), asked);
    if (!this.#existing() && !(await this.#mayOpen())) return errorMessage(tooManySessions);
    return admitCapture(deps, this.#open(), asked);
  }

  async #mayOpen(): Promise<boolean> {
    return mayOpenSession(this.env, this.#session());
  }

  get #subject(): LogSubject {
    if (this.#knownSubject) return this.#knownSubject;
    const session = parseRoomName(this.name);
    this.#knownSubject = session ? { tenant: session.tenant, session_id: session.sessionId } : {};
    return this.#knownSubject;
  }

  #session(): SessionName {
    const session = parseRoomName(this.name);
    if (!session) throw new Error("the room's name is not <tenant>/<session_id>");
    return session;
  }

  /** Undefined, with the connection closed, where it can't be known; and where looking failed, and the room with it. */
  #peerOf(socket: Socket): Peer | undefined {
    try {
      return this.#connections.peerOf(socket);
    } catch (cause) {
      this.fail(cause);
      return undefined;
    }
  }

  /** Does work in a trace; without one in none that anybody named. */
  #traced<T>(trace_id: string | undefined, work: () => T): T {
    return within({ ...this.#subject, trace_id }, work);
  }

  /** Runs a step of one connection. A bug ends the connection, so that its client comes again, and the room. */
  #guarded(socket: Socket, trace_id: string | undefined, step: () => void): void {
    try {
      this.#traced(trace_id, step);
    } catch (cause) {
      this.#connections.end(socket, isStorageFull(cause) ? storageFull : roomFailed);
      this.fail(cause);
    }
  }

  get #log(): Log {
    return this.#room?.core.log ?? log;
  }

  /**
   * After a bug or a broken disk, what memory holds may not be what was committed: the room starts anew from
   * storage. It is the only thing done here, since two rooms over one storage would be worse.
   */
  protected override fail(cause: unknown, trace_id?: string): void {
    this.#log.error("room.failed", { trace_id, error: describeError(cause) });
    if (this.#isBroken) return;
    this.#isBroken = true;
    // A little later, so that what was said to clients gets out.
    setTimeout(() => this.ctx.abort("the room failed"), 50);
  }
}

function callerOf(peer: Peer): Caller {
  return { subject: peer.subject, track: trackOf(peer) };
}
