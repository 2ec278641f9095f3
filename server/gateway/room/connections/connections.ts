/** The room's open connections: who they are, how many, who must go. Knows no frame, no session and no PartyServer. */
import { type Encoding, encodeMessage } from "../../../../schemas/wire/codec.ts";
import { closeCodeOf, normalCloseCode, refusalCodeOf } from "../../../../schemas/wire/errors.ts";
import type { RoomMessage } from "../../../../schemas/wire/messages.ts";
import { keyIdOfSubject } from "../../../shared/access/principal.ts";
import type { Socket } from "../host.ts";
import {
  credentialExpired,
  errorMessage,
  keyRevoked,
  type Refusal,
  sessionDeleted,
  slowConsumer,
  tookNoTrack,
} from "../refusals.ts";
import type { SocketRequest } from "../socket-request.ts";
import { type Attached, parseAttachment, toAttachment } from "./attachment.ts";
import type { Follower } from "./dispatcher.ts";
import { newFeed } from "./feed.ts";
import { type CaptureStreaming, endsAt, hasExpired, isSuperseded, newCapture, newWatcher, type Peer } from "./peer.ts";
import {
  isTooMuch,
  mayGetEvents,
  mayGetLive,
  nothingUnread,
  seen,
  sent,
  tellBy,
  type Unread,
  waiting,
  wantsMark,
} from "./unread.ts";

const restarted: Refusal = {
  code: "internal",
  detail: "The room was updated. Reconnect and resend what was not acked.",
};

export class Connections {
  readonly #sockets: () => Iterable<Socket>;
  readonly #now: () => number;
  /** Attachments that were read or written since the room woke. */
  readonly #attached = new WeakMap<Socket, Attached>();

  constructor(sockets: () => Iterable<Socket>, now: () => number) {
    this.#sockets = sockets;
    this.#now = now;
  }

  /** Takes in a connection that was admitted. */
  add(socket: Socket, asked: SocketRequest): Peer {
    const ordinals = [...this.#open()].map(([, peer]) => (peer.role === "capture" ? peer.ordinal : 0));
    const peer =
      asked.role === "watch"
        ? newWatcher(
            asked,
            newFeed(asked.topics?.filter((topic) => topic !== "live") ?? null, asked.after),
            this.#now(),
          )
        : newCapture(asked, Math.max(0, ...ordinals) + 1, this.#now());
    this.set(socket, peer);
    return peer;
  }

  /** @returns undefined, with the connection closed so that its client comes again, where its attachment can't be read. */
  peerOf(socket: Socket): Peer | undefined {
    const attached = this.#attached.get(socket) ?? parseAttachment(socket.attachment);
    if (attached) this.#attached.set(socket, attached);
    else this.end(socket, restarted);
    return attached?.peer;
  }

  set(socket: Socket, peer: Peer): void {
    this.#attach(socket, { peer, unread: this.#attached.get(socket)?.unread ?? nothingUnread });
  }

  /** What is sent counts until its reader tells to have read it; where that is far too much, the connection is ended. */
  send(socket: Socket, message: RoomMessage): void {
    if (!socket.isOpen) return;
    const attached = this.#write(socket, message);
    if (attached && isTooMuch(attached.unread)) this.end(socket, slowConsumer);
  }

  /** The connection's client tells what it has read. @returns whether it knows the mark that it was last given. */
  noteSeen(socket: Socket, mark: string): boolean {
    const attached = this.#attached.get(socket);
    if (!attached) return false;
    const unread = seen(attached.unread, mark);
    if (unread === attached.unread) return false;
    this.#attach(socket, { ...attached, unread });
    return true;
  }

  /** Says why, and closes the connection. */
  end(socket: Socket, why: Refusal): void {
    if (!socket.isOpen) return;
    this.#write(socket, errorMessage(why));
    socket.close(refusalCodeOf(why.code), why.code);
  }

  /** How many there are of a kind, and how many of them are one caller's. */
  count(role: Peer["role"], subject: string): { readonly taken: number; readonly own: number } {
    let [taken, own] = [0, 0];
    for (const [, peer] of this.#open()) {
      if (peer.role !== role) continue;
      taken += 1;
      if (peer.subject === subject) own += 1;
    }
    return { taken, own };
  }

  /** The newest connection of a track wins it, once it streams. */
  supersede(newest: Socket, taker: CaptureStreaming): void {
    for (const [socket, peer] of this.#open()) {
      if (socket === newest || !isSuperseded(peer, taker)) continue;
      this.send(socket, { type: "closing", reason: "superseded" });
      socket.close(closeCodeOf("superseded"), "superseded");
    }
  }

  /**
   * Ends the connections whose credential has expired, those that were opened to stream and took no track, and those that events
   * waited for in vain. @returns when there is one to end next, ms since 1970.
   */
  endOverdue(): number | undefined {
    const now = this.#now();
    let next: number | undefined;
    for (const [socket, peer, unread] of this.#open()) {
      const ends = [endsAt(peer), tellBy(unread)].filter((at) => at !== null);
      const at = ends.length === 0 ? undefined : Math.min(...ends);
      if (hasExpired(peer, now)) this.end(socket, credentialExpired(peer.subject));
      else if ((tellBy(unread) ?? Number.POSITIVE_INFINITY) <= now) this.end(socket, slowConsumer);
      else if (at !== undefined && at <= now) this.end(socket, tookNoTrack);
      else if (at !== undefined) next = Math.min(next ?? Number.POSITIVE_INFINITY, at);
    }
    return next;
  }

  /** The trace of the connection that was opened last to stream; undefined where there is none. */
  newestTrace(): string | undefined {
    let newest: { readonly ordinal: number; readonly traceId: string } | undefined;
    for (const [, peer] of this.#open()) {
      if (peer.role !== "capture" || peer.traceId === null || peer.ordinal < (newest?.ordinal ?? 0)) continue;
      newest = { ordinal: peer.ordinal, traceId: peer.traceId };
    }
    return newest?.traceId;
  }

  /** The API keys with which connections were opened. */
  keyIds(): string[] {
    const ids = [...this.#open()].flatMap(([, { subject }]) => keyIdOfSubject(subject) ?? []);
    return [...new Set(ids)];
  }

  /** Ends the connections of API keys that are good for nothing any more. @param asked all that were looked at. */
  endKeys(asked: readonly string[], active: ReadonlySet<string>): void {
    for (const [socket, { subject }] of this.#open()) {
      const id = keyIdOfSubject(subject);
      if (id !== undefined && asked.includes(id) && !active.has(id)) this.end(socket, keyRevoked);
    }
  }

  /** Nobody stays connected to a session that is deleted. Whoever streams must know that nothing more is kept. */
  dismissAll(): void {
    for (const [socket, peer] of this.#open()) {
      if (peer.role === "capture") {
        this.end(socket, sessionDeleted);
        continue;
      }
      this.send(socket, { type: "closing", reason: "session_deleted" });
      socket.close(normalCloseCode, "session_deleted");
    }
  }

  /** Those that get events. */
  *followers(): Generator<Follower> {
    for (const [socket, peer] of this.#open()) {
      const { feed } = peer;
      if (!feed) continue;
      yield {
        role: peer.role,
        feed,
        setFeed: (changed) => this.set(socket, { ...peer, feed: changed }),
        offer: (message) => {
          const attached = this.#attached.get(socket);
          if (!socket.isOpen || !attached || !mayGetEvents(attached.unread)) return false;
          this.#write(socket, message);
          return true;
        },
        wait: () => this.#wait(socket),
        close: (code, message) => {
          this.send(socket, message);
          socket.close(code, message.reason);
        },
      };
    }
  }

  /** Sends live audio, unless its reader is behind: then that is lost to it. @param write the frame, with a mark where it needs one. */
  offerLive(socket: Socket, write: (mark: string | undefined) => string | Uint8Array): void {
    const attached = this.#attached.get(socket);
    if (socket.isOpen && attached && mayGetLive(attached.unread)) this.#writeFrame(socket, attached, write);
  }

  /** All that are open. */
  *all(): Generator<[Socket, Peer]> {
    for (const [socket, peer] of this.#open()) yield [socket, peer];
  }

  /** Events wait for the connection's reader. @returns until when, ms since 1970. */
  #wait(socket: Socket): number | undefined {
    const attached = this.#attached.get(socket);
    if (!attached || !socket.isOpen) return undefined;
    const unread = waiting(attached.unread, this.#now());
    if (unread !== attached.unread) this.#attach(socket, { ...attached, unread });
    return tellBy(unread) ?? undefined;
  }

  /** @returns what is attached now; nothing where the connection was not let in. */
  #write(socket: Socket, message: RoomMessage): Attached | undefined {
    const attached = this.#attached.get(socket);
    const encoding: Encoding = attached?.peer.encoding ?? "json";
    const write = (mark?: string): string | Uint8Array =>
      encodeMessage(mark === undefined || message.type === "closing" ? message : { ...message, mark }, encoding);
    if (attached && message.type !== "closing") return this.#writeFrame(socket, attached, write);
    const frame = write();
    socket.send(frame);
    return attached && this.#attach(socket, { ...attached, unread: sent(attached.unread, sizeOf(frame), undefined) });
  }

  #writeFrame(socket: Socket, attached: Attached, write: (mark: string | undefined) => string | Uint8Array): Attached {
    const plain = write(undefined);
    const bytes = sizeOf(plain);
    const mark = wantsMark(attached.unread, bytes) ? crypto.randomUUID().slice(0, 8) : undefined;
    socket.send(mark === undefined ? plain : write(mark));
    return this.#attach(socket, { ...attached, unread: sent(attached.unread, bytes, mark) });
  }

  #attach(socket: Socket, attached: Attached): Attached {
    socket.attach(toAttachment(attached));
    this.#attached.set(socket, attached);
    return attached;
  }

  *#open(): Generator<[Socket, Peer, Unread]> {
    for (const socket of this.#sockets()) {
      if (!socket.isOpen || (!this.#attached.has(socket) && socket.attachment === null)) continue;
      const peer = this.peerOf(socket);
      if (peer) yield [socket, peer, this.#attached.get(socket)?.unread ?? nothingUnread];
    }
  }
}

const encoder = new TextEncoder();

function sizeOf(frame: string | Uint8Array): number {
  return typeof frame === "string" ? encoder.encode(frame).byteLength : frame.byteLength;
}
