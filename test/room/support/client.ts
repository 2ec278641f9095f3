/** A capture client without cleverness: sends frames, hands out what the room says, in order. */
import { decode, encode } from "@msgpack/msgpack";
import type { Encoding } from "../../../schemas/wire/codec.ts";
import { type AckMessage, type RoomMessage, roomMessageSchema } from "../../../schemas/wire/messages.ts";
import { chunkFrame, pcmOf } from "./audio.ts";
import { gateway } from "./bindings.ts";
import { within } from "./waiting.ts";

export interface ClientOptions {
  readonly track?: string;
  readonly encoding?: Encoding;
  /** Comes as a subprotocol, as a browser has to send it. */
  readonly credential?: string;
  /** The Worker that is asked. */
  readonly via?: (path: string, init: RequestInit) => Promise<Response>;
}

export class Client {
  readonly sessionId: string;
  readonly closed: Promise<{ code: number; reason: string }>;
  /** Once it is closed. */
  closeCode: number | undefined;
  readonly #socket: WebSocket;
  readonly #encoding: Encoding;
  readonly #inbox: RoomMessage[] = [];
  #arrived = Promise.withResolvers<void>();

  static async connect(sessionId: string, options: ClientOptions = {}): Promise<Client> {
    const { track, encoding = "json", credential, via = gateway } = options;
    const path = track === undefined ? sessionId : `${sessionId}/${track}`;
    const offer = `roomtone.v1.${encoding}${credential === undefined ? "" : `, bearer.${credential}`}`;
    const headers = { upgrade: "websocket", "sec-websocket-protocol": offer };
    return Client.over(await via(`/v1/audio/ws/${path}`, { headers }), sessionId, encoding);
  }

  /** Over the socket of an answer; throws where it has none. */
  static async over(answer: Response, sessionId: string, encoding: Encoding = "json"): Promise<Client> {
    if (answer.webSocket) return new Client(sessionId, answer.webSocket, encoding);
    throw new Error(`no WebSocket: ${answer.status} ${await answer.text()}`);
  }

  private constructor(sessionId: string, socket: WebSocket, encoding: Encoding) {
    this.sessionId = sessionId;
    this.#socket = socket;
    this.#encoding = encoding;
    const { promise, resolve } = Promise.withResolvers<{ code: number; reason: string }>();
    this.closed = promise;
    socket.binaryType = "arraybuffer";
    socket.addEventListener("message", (event) => {
      const value: unknown =
        typeof event.data === "string" ? JSON.parse(event.data) : decode(event.data as ArrayBuffer);
      // Every message a room sends in these tests is checked against the contract.
      this.#inbox.push(roomMessageSchema.parse(value));
      this.#arrived.resolve();
    });
    socket.addEventListener("close", ({ code, reason }) => {
      this.closeCode = code;
      resolve({ code, reason });
    });
    socket.accept();
  }

  /** Sends a message as the client's encoding has it, or a frame just as it is. */
  send(message: object | string): void {
    if (typeof message === "string") this.#socket.send(message);
    else this.#socket.send(this.#encoding === "json" ? JSON.stringify(message) : encode(message));
  }

  sendBytes(bytes: Uint8Array): void {
    this.#socket.send(bytes);
  }

  sendChunk(seq: number, pcm: Uint8Array = pcmOf(seq)): void {
    this.send(chunkFrame({ sessionId: this.sessionId, seq, pcm, encoding: this.#encoding }));
  }

  /** The next message of the room. */
  async next(what = "a message of the room"): Promise<RoomMessage> {
    for (;;) {
      const message = this.#inbox.shift();
      if (message) return message;
      this.#arrived = Promise.withResolvers<void>();
      await within(this.#arrived.promise, what);
    }
  }

  async nextOf<T extends RoomMessage["type"]>(type: T): Promise<Extract<RoomMessage, { type: T }>> {
    const message = await this.next(`a message of type ${type}`);
    if (message.type !== type) throw new Error(`expected a message of type ${type}, got ${JSON.stringify(message)}`);
    return message as Extract<RoomMessage, { type: T }>;
  }

  /** Sends a chunk and waits for its ack. */
  async keep(seq: number, pcm?: Uint8Array): Promise<AckMessage> {
    this.sendChunk(seq, pcm);
    return this.ackOf(seq);
  }

  /** Sends chunks without waiting between them, then waits for all acks. */
  async keepAll(seqs: readonly number[], pcm: (seq: number) => Uint8Array = pcmOf): Promise<AckMessage[]> {
    for (const seq of seqs) this.sendChunk(seq, pcm(seq));
    const acks: AckMessage[] = [];
    for (const seq of seqs) {
      acks.push(await this.ackOf(seq));
    }
    return acks;
  }

  async ackOf(seq: number): Promise<AckMessage> {
    const ack = await this.nextOf("ack");
    if (ack.seq !== seq) throw new Error(`expected the ack of chunk ${seq}, got that of ${ack.seq}`);
    return ack;
  }

  /** Sends a message and expects to be refused with this code. */
  async refused(message: object | string, code: string): Promise<void> {
    this.send(message);
    const error = await this.nextOf("error");
    if (error.code !== code) throw new Error(`expected the refusal ${code}, got ${JSON.stringify(error)}`);
  }

  async hello(fields: object = {}): Promise<Extract<RoomMessage, { type: "ready" }>> {
    this.send({ type: "hello", sample_rate: 16_000, channels: 1, format: "pcm_s16le", ...fields });
    return this.nextOf("ready");
  }

  async expectClose(code: number): Promise<void> {
    const close = await within(this.closed, `the close ${code}`);
    if (close.code !== code) throw new Error(`expected the close ${code}, got ${close.code} ${close.reason}`);
  }

  close(): void {
    this.#socket.close(1000, "test over");
  }
}
