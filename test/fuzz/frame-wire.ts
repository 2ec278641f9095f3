/** One connection as the fuzzer uses it, over whatever socket there is: one frame out, what must come back in. */
import { decode } from "@msgpack/msgpack";
import type { Frame } from "./build-frame.ts";
import type { Heard } from "./check-replies.ts";
import { Finding, hold } from "./finding.ts";

/** As much of a socket as is used here. */
export interface FuzzedSocket {
  send(frame: Frame): void;
  close(): void;
}

const answerTimeoutMs = 20_000;

export class FrameWire {
  readonly #socket: FuzzedSocket;
  readonly #isBinary: boolean;
  readonly #inbox: unknown[] = [];
  #closeCode: number | undefined;
  #fault: Finding | undefined;
  #wake: () => void = () => undefined;

  /** @param isBinary whether the connection chose to be answered in MessagePack. */
  constructor(socket: FuzzedSocket, isBinary: boolean) {
    this.#socket = socket;
    this.#isBinary = isBinary;
  }

  /** Call with each message of the room. */
  receive(data: string | ArrayBuffer | Uint8Array): void {
    try {
      // What the platform answers by itself is text, whatever the connection chose (W8).
      const isPlatforms = data === '{"type":"pong"}';
      hold(
        isPlatforms || (typeof data !== "string") === this.#isBinary,
        "answered in the encoding that was not chosen",
      );
      const message: unknown = typeof data === "string" ? JSON.parse(data) : decode(data);
      // Events come when they come: to be checked where the log is.
      if (!isEvent(message)) this.#inbox.push(message);
    } catch (cause) {
      this.#fault ??= cause instanceof Finding ? cause : new Finding("the room sent what can't be decoded", { cause });
    }
    this.#wake();
  }

  /** Call once the connection has ended. */
  hasClosed(code: number): void {
    this.#closeCode = code;
    this.#wake();
  }

  /** Sends a frame and waits for so many messages, and for the close where one must follow. */
  async exchange(frame: Frame, replies: number, mustClose: boolean): Promise<Heard> {
    if (this.#closeCode === undefined) this.#socket.send(frame);
    const deadline = Date.now() + answerTimeoutMs;
    const isMore = (): boolean => this.#closeCode === undefined && (mustClose || this.#inbox.length < replies);
    while (isMore() && !this.#fault) {
      if (Date.now() > deadline) throw new Finding(`not answered in ${answerTimeoutMs} ms`);
      await this.#change(deadline - Date.now());
    }
    if (this.#fault) throw this.#fault;
    return { messages: this.#inbox.splice(0), close: this.#closeCode };
  }

  end(): void {
    if (this.#closeCode === undefined) this.#socket.close();
  }

  async #change(waitMs: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#wake = resolve;
    const timer = setTimeout(resolve, waitMs);
    await promise;
    clearTimeout(timer);
  }
}

function isEvent(message: unknown): boolean {
  return typeof message === "object" && message !== null && "type" in message && message.type === "event";
}
