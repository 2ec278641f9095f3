/** A capture client inside workerd: `ProtocolSocket` over the socket of an answer. */
import { ProtocolSocket } from "../../../client/testkit/protocol-socket.ts";
import type { Encoding } from "../../../schemas/wire/codec.ts";
import type { AckMessage, RoomMessage } from "../../../schemas/wire/messages.ts";
import { chunkFrame, pcmOf } from "./audio.ts";
import { gateway } from "./bindings.ts";
import { within } from "./waiting.ts";

export interface ClientOptions {
  readonly track?: string;
  readonly encoding?: Encoding;
  /** Whether it never tells what it has read. */
  readonly tellsNothing?: boolean;
  /** Comes as a subprotocol, as a browser has to send it. */
  readonly credential?: string;
  /** The Worker that is asked. */
  readonly via?: (path: string, init: RequestInit) => Promise<Response>;
}

export class Client {
  readonly sessionId: string;
  readonly closed: Promise<{ code: number; reason: string }>;
  readonly #socket: ProtocolSocket;

  static async connect(sessionId: string, options: ClientOptions = {}): Promise<Client> {
    const { track, encoding = "json", credential, via = gateway, tellsNothing } = options;
    const path = track === undefined ? sessionId : `${sessionId}/${track}`;
    const offer = `roomtone.v1.${encoding}${credential === undefined ? "" : `, bearer.${credential}`}`;
    const headers = { upgrade: "websocket", "sec-websocket-protocol": offer };
    return Client.over(await via(`/v1/audio/ws/${path}`, { headers }), sessionId, encoding, tellsNothing);
  }

  /** Over the socket of an answer; throws where it has none. */
  static async over(
    answer: Response,
    sessionId: string,
    encoding: Encoding = "json",
    tellsNothing = false,
  ): Promise<Client> {
    if (answer.webSocket) return new Client(sessionId, answer.webSocket, encoding, tellsNothing);
    throw new Error(`no WebSocket: ${answer.status} ${await answer.text()}`);
  }

  private constructor(sessionId: string, socket: WebSocket, encoding: Encoding, tellsNothing: boolean) {
    const { promise, resolve } = Promise.withResolvers<{ code: number; reason: string }>();
    this.sessionId = sessionId;
    this.closed = promise;
    this.#socket = overWorkerd(socket, { sessionId, encoding, tellsNothing, onClose: resolve });
  }

  /** Once it is closed. */
  get closeCode(): number | undefined {
    return this.#socket.close?.code;
  }

  /** Sends a message as the client's encoding has it, or a frame just as it is. */
  send(message: object | string): void {
    if (typeof message === "string") this.#socket.sendRaw(message);
    else this.#socket.send(message as Record<string, unknown>);
  }

  sendBytes(bytes: Uint8Array): void {
    this.#socket.sendRaw(bytes);
  }

  sendChunk(seq: number, pcm: Uint8Array = pcmOf(seq)): void {
    this.send(chunkFrame({ sessionId: this.sessionId, seq, pcm, encoding: this.#socket.encoding }));
  }

  /** The next message of the room. */
  next(): Promise<RoomMessage> {
    return this.#socket.next();
  }

  nextOf<T extends RoomMessage["type"]>(type: T): Promise<Extract<RoomMessage, { type: T }>> {
    return this.#socket.next(type);
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

  hello(fields: Record<string, unknown> = {}): Promise<Extract<RoomMessage, { type: "ready" }>> {
    return this.#socket.hello(fields);
  }

  async expectClose(code: number): Promise<void> {
    const close = await within(this.closed, `the close ${code}`);
    if (close.code !== code) throw new Error(`expected the close ${code}, got ${close.code} ${close.reason}`);
  }

  close(): void {
    this.#socket.end("test over");
  }
}

/** A socket of workerd that was not accepted yet. */
export function overWorkerd(
  socket: WebSocket,
  options: ConstructorParameters<typeof ProtocolSocket>[1],
): ProtocolSocket {
  socket.binaryType = "arraybuffer";
  return new ProtocolSocket(
    {
      send: (frame) => socket.send(frame),
      close: (code, reason) => socket.close(code, reason),
      listen: ({ message, close }) => {
        socket.addEventListener("message", ({ data }) => message(data as string | ArrayBuffer));
        socket.addEventListener("close", ({ code, reason }) => close(code, reason));
        socket.accept();
      },
    },
    options,
  );
}
