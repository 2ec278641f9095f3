/** The room's open connections: who they are, how many, who must go. Knows no frame, no session and no PartyServer. */
import { encodeMessage } from "../../../../schemas/wire/codec.ts";
import { closeCodeOf, normalCloseCode } from "../../../../schemas/wire/errors.ts";
import type { RoomMessage } from "../../../../schemas/wire/messages.ts";
import { keyIdOfSubject } from "../../../shared/access/principal.ts";
import type { Socket } from "../host.ts";
import { credentialExpired, errorMessage, keyRevoked, type Refusal, sessionDeleted, tookNoTrack } from "../refusals.ts";
import type { SocketRequest } from "../socket-request.ts";
import { parseAttachment } from "./attachment.ts";
import type { Follower } from "./dispatcher.ts";
import { newFeed } from "./feed.ts";
import { type CaptureStreaming, endsAt, hasExpired, isSuperseded, newCapture, newWatcher, type Peer } from "./peer.ts";

const restarted: Refusal = {
  code: "internal",
  detail: "The room was updated. Reconnect and resend what was not acked.",
};

export class Connections {
  readonly #sockets: () => Iterable<Socket>;
  readonly #now: () => number;
  /** Attachments that were read or written since the room woke. */
  readonly #peers = new WeakMap<Socket, Peer>();

  constructor(sockets: () => Iterable<Socket>, now: () => number) {
    this.#sockets = sockets;
    this.#now = now;
  }

  /** Takes in a connection that was admitted. */
  add(socket: Socket, asked: SocketRequest): Peer {
    const ordinals = [...this.#open()].map(([, peer]) => (peer.role === "capture" ? peer.ordinal : 0));
    const peer =
      asked.role === "watch"
        ? newWatcher(asked, newFeed(null, asked.after))
        : newCapture(asked, Math.max(0, ...ordinals) + 1, this.#now());
    this.set(socket, peer);
    return peer;
  }

  /** @returns undefined, with the connection closed so that its client comes again, where its attachment can't be read. */
  peerOf(socket: Socket): Peer | undefined {
    const peer = this.#peers.get(socket) ?? parseAttachment(socket.attachment);
    if (peer) this.#peers.set(socket, peer);
    else this.end(socket, restarted);
    return peer;
  }

  set(socket: Socket, peer: Peer): void {
    socket.attach(peer);
    this.#peers.set(socket, peer);
  }

  send(socket: Socket, message: RoomMessage): void {
    socket.send(encodeMessage(message, this.#peers.get(socket)?.encoding ?? "json"));
  }

  /** Says why, and closes the connection. */
  end(socket: Socket, why: Refusal): void {
    this.send(socket, errorMessage(why));
    socket.close(closeCodeOf(why.code), why.code);
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
   * Ends the connections whose credential has expired, and those that were opened to stream and took no track. @returns when
   * there is one to end next, ms since 1970.
   */
  endOverdue(): number | undefined {
    let next: number | undefined;
    for (const [socket, peer] of this.#open()) {
      const at = endsAt(peer);
      if (hasExpired(peer, this.#now())) this.end(socket, credentialExpired(peer.subject));
      else if (at !== null && at <= this.#now()) this.end(socket, tookNoTrack);
      else if (at !== null) next = Math.min(next ?? Number.POSITIVE_INFINITY, at);
    }
    return next;
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
      if (!peer.feed) continue;
      yield {
        peer,
        pingedAt: socket.pingedAt,
        setPeer: (changed) => this.set(socket, changed),
        send: (message) => this.send(socket, message),
        close: (code, reason) => socket.close(code, reason),
      };
    }
  }

  *#open(): Generator<[Socket, Peer]> {
    for (const socket of this.#sockets()) {
      if (!socket.isOpen) continue;
      const peer = this.#peers.get(socket) ?? (socket.attachment === null ? undefined : this.peerOf(socket));
      if (peer) yield [socket, peer];
    }
  }
}
