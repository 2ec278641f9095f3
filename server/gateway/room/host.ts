/**
 * PartyServer, and all that a room has to know of it. It gives the room sockets that hibernate; what else it does is kept away:
 *
 * - It writes the room's name into storage when it sets itself up, and it does that before a connection, an alarm and a close.
 *   So it is set up only for connections that were admitted and for frames of sessions that live: asking for a session that was
 *   never opened creates nothing (N3), and nothing comes back after a deletion (I3).
 * - It answers a failure of its own set-up with the error's stack, and does not catch what an async handler rejects with.
 * - A connection's id may be chosen by whoever dials: it tells sockets of one room apart and is nobody's identity.
 */
import { type Connection, type ConnectionContext, Server, type WSMessage } from "partyserver";
import { pingText, pongText } from "../../../schemas/wire/messages.ts";
import { isStorageFull } from "../../shared/lib/storage-full.ts";
import { describeError, log } from "../../shared/telemetry/log.ts";
import type { Env } from "../env.ts";
import { FrameBatch } from "./frame-batch.ts";

const alarmRetryMs = 60_000;
/** Where PartyServer keeps the room's name. */
const nameKey = "__ps_name";
/** Under which it attaches to a socket what the room attached. */
const partyServerKey = "__user";
const brokenOffCode = 1006;
/** Close codes that stand for a close frame that never came: there is nobody to answer. */
const unsentCloseCodes: ReadonlySet<number> = new Set([1005, 1006, 1015]);

/** A client's connection. The same object for as long as the room is awake. */
export interface Socket {
  readonly id: string;
  readonly isOpen: boolean;
  /** What was attached to it last, perhaps by another version of the room. Outlives hibernation. */
  readonly attachment: unknown;
  readonly attach: (value: unknown) => void;
  readonly send: (message: string | Uint8Array) => void;
  readonly close: (code: number | undefined, reason: string) => void;
}

export abstract class RoomHost extends Server<Env> {
  static override options = { hibernate: true };

  readonly #sockets = new WeakMap<WebSocket, Socket>();
  /**
   * Sockets that PartyServer has handed over since the room woke. It has nothing to add to their next frames, and would read their
   * attachments anew for each: a tenth of a frame's time.
   */
  readonly #handedOver = new WeakMap<WebSocket, Connection>();
  /** Connections that the room closed. */
  readonly #ended = new WeakSet<WebSocket>();
  /** Of sockets that were handed over. */
  readonly #frames = new FrameBatch<{ readonly connection: Connection; readonly frame: WSMessage }>({
    handle: ({ connection, frame }) => {
      if (!this.#ended.has(connection) && this.takesFrames()) this.received(this.#socketOf(connection), frame);
    },
    now: () => performance.now(),
    soon: (step) => setTimeout(step, 0),
  });

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    ctx.setWebSocketAutoResponse(new WebSocketRequestResponsePair(pingText, pongText));
  }

  /** @returns the answer to a connection that is not taken. */
  protected abstract admit(url: string): Promise<Response | undefined>;
  /** A connection that was admitted is open. Must not throw. */
  protected abstract connected(socket: Socket, url: string): void;
  /** Whether frames are still taken, by the session as a whole. Must not throw. */
  protected abstract takesFrames(): boolean;
  /** A frame came. Synchronous, so that nothing comes between a look-up and its write (K1). Must not throw. */
  protected abstract received(socket: Socket, frame: WSMessage): void;
  /** A connection has ended, whoever ended it. Must not throw. @param attachment what was attached to it last. @param code 1006 where none came. */
  protected abstract disconnected(attachment: unknown, code: number): void;
  protected abstract runDueJobs(): Promise<void>;
  /** What was not expected: the room must start anew from storage. */
  protected abstract fail(cause: unknown): void;

  /** The room's name, also where an alarm that an older platform stored comes without it: then the one that PartyServer wrote. */
  override get name(): string {
    return this.ctx.id.name ?? this.ctx.storage.kv.get<string>(nameKey) ?? super.name;
  }

  /** The sockets that are open. */
  protected *sockets(): Generator<Socket> {
    const open = this.ctx.getWebSockets().filter(({ readyState }) => readyState === WebSocket.OPEN);
    const known = open.flatMap((socket) => this.#sockets.get(socket) ?? []);
    if (known.length === open.length) return yield* known;
    for (const connection of this.getConnections()) yield this.#socketOf(connection);
  }

  /** Deletes what PartyServer has stored. Synchronous: part of the commit around it. */
  protected forgetName(): void {
    this.ctx.storage.kv.delete(nameKey);
  }

  /** Sets the room's one alarm; part of the same commit as the SQL around it. */
  protected setAlarm(at: number): void {
    const failed = (cause: unknown): void => {
      log.error("alarm.not_set", { error: describeError(cause) });
      // Without its alarm the room can't keep its promise to archive: start anew from storage.
      this.ctx.abort("the alarm could not be set");
    };
    this.ctx.waitUntil(this.ctx.storage.setAlarm(at).catch(failed));
  }

  override async fetch(request: Request): Promise<Response> {
    try {
      const refusal = await this.admit(request.url);
      if (refusal) return refusal;
      await this.__unsafe_ensureInitialized();
    } catch (cause) {
      this.fail(cause);
      // The Worker knows what to say of it.
      if (isStorageFull(cause)) throw cause;
      return new Response(null, { status: 503 });
    }
    return super.fetch(request);
  }

  override onConnect(connection: Connection, { request }: ConnectionContext): void {
    this.#handedOver.set(connection, connection);
    this.connected(this.#socketOf(connection), request.url);
  }

  /**
   * Frames that were on their way when the room closed the connection may be many: dropped before PartyServer looks. What a client sent
   * before it closed the connection itself counts, though the runtime may know of the close by then.
   */
  override async webSocketMessage(socket: WebSocket, frame: WSMessage): Promise<void> {
    if (this.#ended.has(socket)) return;
    const connection = this.#handedOver.get(socket);
    if (connection) return this.#frames.came({ connection, frame });
    this.#frames.flush();
    if (this.takesFrames()) await super.webSocketMessage(socket, frame);
  }

  override onMessage(connection: Connection, frame: WSMessage): void {
    this.#handedOver.set(connection, connection);
    if (!this.#ended.has(connection)) this.received(this.#socketOf(connection), frame);
  }

  /** Nothing of a room ends with a socket: the close is answered, and that is all. */
  override async webSocketClose(socket: WebSocket, code: number, reason: string): Promise<void> {
    this.#frames.flush();
    if (!unsentCloseCodes.has(code) && socket.readyState !== WebSocket.CLOSED) socket.close(code, reason);
    this.#left(socket, code);
  }

  override async webSocketError(socket: WebSocket, cause: unknown): Promise<void> {
    this.#frames.flush();
    if (socket.readyState === WebSocket.OPEN) log.warn("socket.error", { error: describeError(cause) });
    this.#left(socket, brokenOffCode);
  }

  override async alarm(): Promise<void> {
    try {
      await this.runDueJobs();
    } catch (cause) {
      // An alarm that throws is tried six times and then forgotten; this one must never be.
      log.error("alarm.failed", { error: describeError(cause) });
      await this.ctx.storage.setAlarm(Date.now() + alarmRetryMs);
    }
  }

  #left(socket: WebSocket, code: number): void {
    const kept: unknown = socket.deserializeAttachment();
    // Where PartyServer has not touched the socket since the room woke, what it keeps itself is around ours.
    const own =
      typeof kept === "object" && kept !== null ? Object.entries(kept).find(([key]) => key === partyServerKey) : [];
    this.disconnected(own?.[1] ?? kept, code);
  }

  #socketOf(connection: Connection): Socket {
    const known = this.#sockets.get(connection);
    if (known) return known;
    const socket: Socket = {
      id: connection.id,
      get isOpen() {
        return connection.readyState === WebSocket.OPEN;
      },
      get attachment() {
        return connection.state;
      },
      attach: (value) => {
        connection.setState(value);
      },
      send: (message) => connection.send(message),
      close: (code, reason) => {
        this.#ended.add(connection);
        connection.close(code, reason);
      },
    };
    this.#sockets.set(connection, socket);
    return socket;
  }
}
