/**
 * A connection of protocol 1 over anything that sends, brings messages and closes: a WebSocket of `ws`, of a browser, of
 * workerd, or a fake. Sends whatever it is given, right or wrong. Every message of the room is checked against the contract
 * and handed out in order; every wait ends, with a sentence that says what never came.
 */
import { decode } from "@msgpack/msgpack";
import { Failure } from "../../schemas/lib/failure.ts";
import type { Encoding } from "../../schemas/wire/codec.ts";
import { type RoomMessage, roomMessageSchema } from "../../schemas/wire/messages.ts";
import { chunkFrame, type ChunkOptions, encodeFields, type Fields, helloFields } from "./frames.ts";

export type Frame = string | Uint8Array<ArrayBuffer>;
export type MessageOf<T extends RoomMessage["type"]> = Extract<RoomMessage, { type: T }>;

export interface Carrier {
  send(frame: Frame): void;
  close(code: number, reason: string): void;
  /** Called once, before anything can have come. */
  listen(on: {
    readonly message: (data: string | ArrayBuffer | Uint8Array) => void;
    /** At the end of the connection, however it ends. */
    readonly close: (code: number, reason: string) => void;
  }): void;
}

export interface ProtocolOptions {
  readonly sessionId: string;
  /** Of what is sent, and of what must come. */
  readonly encoding: Encoding;
  /** How long a wait takes unless it says so itself. */
  readonly waitMs?: number;
  /** Checked, and handed to nobody: `event` for whoever asks for none. */
  readonly ignores?: readonly RoomMessage["type"][];
  /** Whether the room is never told what was read. */
  readonly tellsNothing?: boolean;
  /** Gets each message instead of the inbox. What it throws ends the next wait. */
  readonly onMessage?: (message: RoomMessage) => void;
  /** Called after the connection has ended. */
  readonly onClose?: (close: Close) => void;
}

export interface Received {
  readonly message: RoomMessage;
  /** Of `performance.now()`. */
  readonly at: number;
}

export interface Close {
  readonly code: number;
  readonly reason: string;
}

/** What the platform answers by itself to the exact text of a ping, on a connection of any encoding (SPEC W8). */
const platformPong = '{"type":"pong"}';
const defaultWaitMs = 10_000;

export class ProtocolSocket {
  readonly sessionId: string;
  readonly encoding: Encoding;
  readonly #carrier: Carrier;
  readonly #options: ProtocolOptions;
  readonly #inbox: Received[] = [];
  #problem: Error | undefined;
  #close: Close | undefined;
  /** Whether this side closed it. */
  #hasEnded = false;
  #wake: () => void = () => undefined;

  constructor(carrier: Carrier, options: ProtocolOptions) {
    this.#carrier = carrier;
    this.#options = options;
    this.sessionId = options.sessionId;
    this.encoding = options.encoding;
    carrier.listen({
      message: (data) => this.#take(data),
      close: (code, reason) => {
        this.#close = { code, reason };
        options.onClose?.(this.#close);
        this.#wake();
      },
    });
  }

  /** Undefined while the connection lasts. */
  get close(): Close | undefined {
    return this.#close;
  }

  /** Messages that nobody has taken. */
  get unread(): readonly RoomMessage[] {
    return this.#inbox.map(({ message }) => message);
  }

  /** Sends text or bytes as they are. */
  sendRaw(frame: string | Uint8Array): void {
    this.#carrier.send(frame as Frame);
  }

  /** Sends fields in the connection's encoding; `content` goes as it does there. */
  send(fields: Fields): void {
    this.sendRaw(encodeFields(this.encoding, fields));
  }

  sendChunk(seq: number, options: ChunkOptions = {}): void {
    this.sendRaw(chunkFrame(this.encoding, this.sessionId, seq, options));
  }

  /**
   * The next message, or undefined when none came in time.
   * @throws Failure once the connection has ended and all it brought is taken.
   */
  async receive(waitMs = this.#waitMs): Promise<Received | undefined> {
    await this.#wait(() => this.#inbox.length > 0, waitMs);
    const next = this.#inbox.shift();
    if (!next) this.#assertOpen();
    return next;
  }

  /** The next message, which must be of one of these types; any, where none is given. @throws Failure */
  async next<T extends RoomMessage["type"]>(...types: readonly T[]): Promise<MessageOf<T>> {
    const wanted = types.length === 0 ? "message" : types.join(" or ");
    const received = await this.receive();
    if (!received) throw new Failure(`${this.sessionId}: no ${wanted} came for ${this.#waitMs / 1_000} s.`);
    const { message } = received;
    if (types.length === 0 || types.some((type) => type === message.type)) return message as MessageOf<T>;
    throw new Failure(`${this.sessionId}: expected ${wanted}, got ${JSON.stringify(message)}.`);
  }

  /** The next messages, all of this type. */
  async take<T extends RoomMessage["type"]>(type: T, count: number): Promise<MessageOf<T>[]> {
    const messages: MessageOf<T>[] = [];
    while (messages.length < count) messages.push(await this.next(type));
    return messages;
  }

  /** Sends one chunk and takes its ack. */
  async keep(seq: number, options: ChunkOptions = {}): Promise<MessageOf<"ack">> {
    this.sendChunk(seq, options);
    const ack = await this.next("ack");
    if (ack.seq !== seq) throw new Failure(`${this.sessionId}: expected the ack of ${seq}, got that of ${ack.seq}.`);
    return ack;
  }

  async hello(fields: Fields = {}): Promise<MessageOf<"ready">> {
    this.send({ ...helloFields, ...fields });
    return this.next("ready");
  }

  /** Sends a frame, and takes so many messages, or all until the close where one must follow. */
  async exchange(frame: Frame, replies: number, mustClose: boolean): Promise<RoomMessage[]> {
    if (!this.#close) this.sendRaw(frame);
    const isDone = (): boolean => this.#close !== undefined || (!mustClose && this.#inbox.length >= replies);
    if (!(await this.#wait(isDone, this.#waitMs)))
      throw new Failure(`${this.sessionId}: not answered in ${this.#waitMs / 1_000} s.`);
    return this.#inbox.splice(0).map(({ message }) => message);
  }

  /** Waits until something is so that messages and the close decide. @throws Failure naming `what` */
  async until(what: string, isSo: () => boolean, waitMs = this.#waitMs): Promise<void> {
    if (!(await this.#wait(isSo, waitMs)))
      throw new Failure(`${this.sessionId}: waited ${waitMs / 1_000} s in vain for ${what}.`);
  }

  /** The end of the connection. @throws Failure where it brought messages that nobody took */
  async closed(): Promise<Close> {
    await this.#wait(() => this.#close !== undefined, this.#waitMs);
    if (!this.#close) throw new Failure(`${this.sessionId}: the connection was not closed.`);
    if (this.#inbox.length > 0)
      throw new Failure(`${this.sessionId}: unread before the close: ${JSON.stringify(this.unread)}.`);
    return this.#close;
  }

  /** Closes from this side in the clean way. */
  end(reason = ""): void {
    this.#hasEnded = true;
    this.#carrier.close(1_000, reason);
  }

  /** As `end`, and waits for the close. */
  async leave(): Promise<void> {
    this.end();
    await this.until("the connection to close", () => this.#close !== undefined);
  }

  /** @throws what went wrong so far: a message against the contract, or what the listener objected to. */
  check(): void {
    if (this.#problem !== undefined) throw this.#problem;
  }

  get #waitMs(): number {
    return this.#options.waitMs ?? defaultWaitMs;
  }

  #assertOpen(): void {
    if (!this.#close) return;
    const { code, reason } = this.#close;
    throw new Failure(`The gateway closed the connection (${code}${reason === "" ? "" : ` ${reason}`}).`);
  }

  #take(data: string | ArrayBuffer | Uint8Array): void {
    const at = performance.now();
    try {
      const message = this.#parse(data);
      this.#tell(message);
      if (this.#options.ignores?.includes(message.type)) return;
      if (this.#options.onMessage) this.#options.onMessage(message);
      else this.#inbox.push({ message, at });
    } catch (cause) {
      // The first cause counts; what follows from it doesn't.
      this.#problem ??= cause instanceof Error ? cause : new Error(String(cause));
    }
    this.#wake();
  }

  /** Says what was read, where the room asks for it and it can still be said. */
  #tell(message: RoomMessage): void {
    if (!("mark" in message) || message.mark === undefined) return;
    if (this.#hasEnded || this.#close || this.#options.tellsNothing === true) return;
    this.send({ type: "seen", mark: message.mark });
  }

  #parse(data: string | ArrayBuffer | Uint8Array): RoomMessage {
    const isText = typeof data === "string";
    if (isText === (this.encoding === "msgpack") && data !== platformPong)
      throw new Failure(`The gateway answered a ${this.encoding} connection in the other encoding.`);
    const { data: message } = roomMessageSchema.safeParse(isText ? jsonOf(data) : msgpackOf(data));
    if (message) return message;
    const shown = isText ? data.slice(0, 300) : `${data.byteLength} bytes`;
    throw new Failure(`The gateway sent a message that is not of protocol 1: ${shown}`);
  }

  /** @returns whether it is so; false when the time is up, or the connection ended without it. @throws a problem */
  async #wait(isSo: () => boolean, waitMs: number): Promise<boolean> {
    const deadline = performance.now() + waitMs;
    for (;;) {
      this.check();
      if (isSo()) return true;
      const leftMs = deadline - performance.now();
      if (leftMs <= 0 || this.#close) return false;
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, leftMs);
        this.#wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
  }
}

/** Undefined for what is not JSON; so for the other. The decoders throw for no other reason. */
function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function msgpackOf(bytes: ArrayBuffer | Uint8Array): unknown {
  try {
    return decode(bytes);
  } catch {
    return undefined;
  }
}
