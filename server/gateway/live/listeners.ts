/** The connections that listen, and what those that stream are told of them. Knows no session. */
import { type Encoding, encodeMessage } from "../../../schemas/wire/codec.ts";
import type { Connections } from "../room/connections/connections.ts";
import { isStreaming, type Peer } from "../room/connections/peer.ts";
import type { Socket } from "../room/host.ts";
import type { LiveAudio } from "./part.ts";

type Frame = ReturnType<typeof encodeMessage>;

/** Between two words on whether somebody listens: who comes and goes without end has each of them sent to everybody who streams. */
export const tellEveryMs = 250;

export class Listeners {
  readonly #connections: Connections;
  /** Found once, and again when somebody comes or goes: a frame of live audio must not look at every connection. */
  #listening: readonly Socket[] | undefined;
  readonly #onFailure: (cause: unknown) => void;
  #isTelling = false;
  /** Whether somebody came or went since the last word. */
  #hasChanged = false;

  constructor(connections: Connections, onFailure: (cause: unknown) => void) {
    this.#connections = connections;
    this.#onFailure = onFailure;
  }

  /** Whether somebody else than this connection listens. */
  isHeard(peer: Peer): boolean {
    return this.#sockets().some((socket) => socket.isOpen && this.#connections.peerOf(socket) !== peer);
  }

  /** Sends to each who listens and reads along; written once for each encoding. */
  send(audio: LiveAudio): void {
    const frames: Partial<Record<Encoding, Frame>> = {};
    let hasLeft = false;
    for (const socket of this.#sockets()) {
      const peer = socket.isOpen ? this.#connections.peerOf(socket) : undefined;
      if (!peer) hasLeft = true;
      else if (!isStreaming(peer) || peer.track !== audio.track) {
        const write = (mark: string | undefined): Frame => {
          if (mark !== undefined) return encodeMessage({ ...audio, mark }, peer.encoding);
          return (frames[peer.encoding] ??= encodeMessage(audio, peer.encoding));
        };
        this.#connections.offerLive(socket, write);
      }
    }
    if (hasLeft) this.changed();
  }

  /** Tells connections that stream whether live audio is of use, where that is news to them. */
  changed(): void {
    this.#listening = undefined;
    this.#hasChanged = true;
    if (!this.#isTelling && this.#tell()) this.#pause();
  }

  /** What changes meanwhile is told at its end, once. */
  #pause(): void {
    this.#isTelling = true;
    setTimeout(() => {
      this.#isTelling = false;
      try {
        if (this.#hasChanged && this.#tell()) this.#pause();
      } catch (cause) {
        this.#onFailure(cause);
      }
    }, tellEveryMs);
  }

  /** @returns whether it was news to anybody. */
  #tell(): boolean {
    this.#hasChanged = false;
    let isNews = false;
    for (const [socket, peer] of this.#connections.all()) {
      if (!isStreaming(peer) || peer.heard === null) continue;
      const live = this.isHeard(peer);
      if (live === peer.heard) continue;
      this.#connections.set(socket, { ...peer, heard: live });
      this.#connections.send(socket, { type: "listeners", live });
      isNews = true;
    }
    return isNews;
  }

  #sockets(): readonly Socket[] {
    return (this.#listening ??= [...this.#connections.all()].flatMap(([socket, { listens }]) =>
      listens ? [socket] : [],
    ));
  }
}
