/**
 * A capture client for tests: sends anything, reads the room's messages in the order they came. Each must
 * fit the contract and come in the encoding that was agreed on. Every wait ends with a message.
 */
import assert from "node:assert/strict";
import { decode } from "@msgpack/msgpack";
import { WebSocket } from "ws";
import type { Encoding } from "../../schemas/wire/codec.ts";
import {
  jsonSubprotocol,
  msgpackSubprotocol,
  type RoomMessage,
  roomMessageSchema,
} from "../../schemas/wire/messages.ts";
import { chunkFrame, type ChunkOptions, encodeFields, type Fields } from "../../client/testkit/frames.ts";
import type { GatewayProcess } from "../../scripts/local/gateway-process.ts";

const waitMs = 10_000;
/**
 * How long the room may take to end the TCP connection after both close frames. A local workerd leaves one
 * open for 15 s on which it never read a message; the close code is known before.
 */
const closeTimeout = 300;

export type MessageOf<T extends RoomMessage["type"]> = Extract<RoomMessage, { type: T }>;

/** Every text that any client of this test file got from a room. */
export const receivedTexts: string[] = [];

export interface ClientOptions {
  readonly session: string;
  readonly track?: string;
  /** Chooses the subprotocol, and what this client sends. JSON by default. */
  readonly encoding?: Encoding;
  /** Instead of the encoding's own subprotocol. */
  readonly subprotocols?: readonly string[];
}

const clientOptions = { maxPayload: 0, closeTimeout };

export class TestClient {
  readonly session: string;
  readonly encoding: Encoding;
  readonly socket: WebSocket;
  readonly #inbox: RoomMessage[] = [];
  #read = 0;
  #problem: Error | undefined;
  #closed: { code: number; reason: string } | undefined;
  #wake: () => void = () => {};

  private constructor(socket: WebSocket, session: string, encoding: Encoding) {
    this.socket = socket;
    this.session = session;
    this.encoding = encoding;
    socket.on("open", () => this.#wake());
    socket.on("message", (data: Buffer, isBinary) => {
      try {
        this.#inbox.push(this.#parse(data, isBinary));
      } catch (cause) {
        this.#problem ??= cause instanceof Error ? cause : new Error(String(cause));
      }
      this.#wake();
    });
    socket.on("close", (code, reason) => {
      this.#closed = { code, reason: reason.toString() };
      this.#wake();
    });
    // A reset shows as close 1006 too; what matters is the code.
    socket.on("error", () => this.#wake());
  }

  static async connect(gateway: GatewayProcess, options: ClientOptions): Promise<TestClient> {
    const { session, track, encoding = "json" } = options;
    const offers = options.subprotocols ?? [encoding === "json" ? jsonSubprotocol : msgpackSubprotocol];
    const url = `${gateway.wsUrl}/v1/audio/ws/${session}${track === undefined ? "" : `/${track}`}`;
    const socket = new WebSocket(url, [...offers], clientOptions);
    const client = new TestClient(socket, session, encoding);
    await client.#until("the connection to open", () => {
      if (client.#closed) throw new Error(`the connection closed before it opened: ${client.#closed.code}`);
      return socket.readyState === WebSocket.OPEN || undefined;
    });
    return client;
  }

  /** Sends bytes or text as they are. */
  sendRaw(frame: string | Uint8Array): void {
    this.socket.send(frame);
  }

  send(fields: Fields): void {
    this.sendRaw(encodeFields(this.encoding, fields));
  }

  sendChunk(seq: number, options: ChunkOptions = {}): void {
    this.sendRaw(chunkFrame(this.encoding, this.session, seq, options));
  }

  /** The next message, which must be of this type. */
  next<T extends RoomMessage["type"]>(type: T): Promise<MessageOf<T>> {
    return this.nextOf(type);
  }

  /** The next message, which must be of one of these types. */
  async nextOf<T extends RoomMessage["type"]>(...types: T[]): Promise<MessageOf<T>> {
    const wanted = types.join(" or ");
    const message = await this.#until(`the next message: ${wanted}`, () => {
      const next = this.#inbox[this.#read];
      if (!next && this.#closed) throw new Error(`closed ${JSON.stringify(this.#closed)}, and no ${wanted} came`);
      return next;
    });
    this.#read += 1;
    const isWanted = types.some((type) => type === message.type);
    assert.ok(isWanted, `the next message: expected ${wanted}, got ${JSON.stringify(message)}`);
    return message as MessageOf<T>;
  }

  /** The next `count` messages, all of this type. */
  async take<T extends RoomMessage["type"]>(type: T, count: number): Promise<MessageOf<T>[]> {
    const messages: MessageOf<T>[] = [];
    while (messages.length < count) messages.push(await this.next(type));
    return messages;
  }

  /** Sends one chunk and reads its ack. */
  async keep(seq: number, options: ChunkOptions = {}): Promise<MessageOf<"ack">> {
    this.sendChunk(seq, options);
    const ack = await this.next("ack");
    assert.equal(ack.seq, seq, "the ack's seq");
    return ack;
  }

  /** The room's close, once every message before it was read. */
  async closed(): Promise<{ code: number; reason: string }> {
    const closed = await this.#until("the room to close the connection", () => this.#closed);
    assert.deepEqual(this.#inbox.slice(this.#read), [], "unread messages before the close");
    return closed;
  }

  /** Ends the connection from this side, in the clean way, and waits for the end. */
  async leave(): Promise<void> {
    this.socket.close(1000);
    await this.#until("the connection to close", () => this.#closed);
  }

  #parse(data: Buffer, isBinary: boolean): RoomMessage {
    const text = data.toString("latin1");
    receivedTexts.push(text);
    // The platform's own pong is text on every connection (W8).
    if (isBinary !== (this.encoding === "msgpack") && text !== '{"type":"pong"}') {
      throw new Error(`a ${isBinary ? "binary" : "text"} message on a ${this.encoding} connection: ${text}`);
    }
    return roomMessageSchema.parse(isBinary ? decode(data) : JSON.parse(data.toString()));
  }

  async #until<T>(what: string, look: () => T | undefined): Promise<T> {
    const deadline = Date.now() + waitMs;
    for (;;) {
      if (this.#problem) throw this.#problem;
      const seen = look();
      if (seen !== undefined) return seen;
      const left = deadline - Date.now();
      if (left <= 0) throw new Error(`${this.session}: waited ${waitMs} ms in vain for ${what}`);
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, left);
        this.#wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
  }
}
