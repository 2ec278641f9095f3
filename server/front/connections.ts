/**
 * Which connections the front listener holds. Of all callers only one thing is known before a credential is looked at: whether
 * the gateway has ever answered them with anything but a refusal. Those that it has not may hold half of the places, and
 * when a place is wanted, the one of them that was silent longest goes first.
 */
import type { Socket } from "node:net";

interface Held {
  /** Requests whose answer is not complete, and open WebSockets. */
  busy: number;
  isKnown: boolean;
}

export class Connections {
  readonly #max: number;
  /** In the order they were last used. */
  readonly #held = new Map<Socket, Held>();
  #strangers = 0;

  constructor(max: number) {
    this.#max = max;
  }

  all(): Iterable<Socket> {
    return this.#held.keys();
  }

  /** Whether a new connection gets a place; another one may lose its own for it. */
  admit(socket: Socket): boolean {
    const areStrangersMany = this.#strangers >= this.#max / 2;
    const isFull = areStrangersMany || this.#held.size >= this.#max;
    // Beyond their half strangers take places from one another alone.
    if (isFull && !this.#dropIdle({ mayBeKnown: !areStrangersMany })) return false;
    this.#held.set(socket, { busy: 0, isKnown: false });
    this.#strangers += 1;
    socket.once("close", () => this.#forget(socket));
    return true;
  }

  begin(socket: Socket): void {
    const held = this.#held.get(socket);
    if (!held) return;
    held.busy += 1;
    this.#held.delete(socket);
    this.#held.set(socket, held);
  }

  end(socket: Socket): void {
    const held = this.#held.get(socket);
    if (held) held.busy -= 1;
  }

  /** The gateway answered it with what only those get whom it lets in, or what anyone may have. */
  handleAccepted(socket: Socket): void {
    const held = this.#held.get(socket);
    if (!held || held.isKnown) return;
    held.isKnown = true;
    this.#strangers -= 1;
  }

  #dropIdle({ mayBeKnown }: { readonly mayBeKnown: boolean }): boolean {
    const idle = [...this.#held].filter(([, { busy }]) => busy === 0);
    const [socket] = idle.find(([, { isKnown }]) => !isKnown) ?? (mayBeKnown ? idle[0] : undefined) ?? [];
    if (!socket) return false;
    this.#forget(socket);
    socket.destroy();
    return true;
  }

  #forget(socket: Socket): void {
    const held = this.#held.get(socket);
    if (!held) return;
    this.#held.delete(socket);
    if (!held.isKnown) this.#strangers -= 1;
  }
}
