/**
 * A plain protocol-1 connection: messages out in the chosen encoding, parsed messages in, each with the
 * time it came. Every wait has an end, and every way a connection can fail becomes one sentence.
 */
import { decode, encode } from "@msgpack/msgpack";
import { type RawData, WebSocket } from "ws";
import { encodeBase64 } from "../../schemas/wire/base64.ts";
import type { Encoding } from "../../schemas/wire/codec.ts";
import {
  type ClientMessage,
  jsonSubprotocol,
  msgpackSubprotocol,
  type RoomMessage,
  roomMessageSchema,
} from "../../schemas/wire/messages.ts";
import { problemSchema } from "../../schemas/http/problem.ts";
import { Failure } from "../../schemas/lib/failure.ts";
import { within } from "./within.ts";

export interface RoomSocketOptions {
  readonly baseWs: URL;
  readonly sessionId: string;
  readonly track: string;
  readonly encoding: Encoding;
  readonly token?: string | undefined;
}

export interface Received {
  readonly message: RoomMessage;
  /** Of `performance.now()`. */
  readonly at: number;
}

const openTimeoutMs = 15_000;
const closeTimeoutMs = 5_000;

export class RoomSocket {
  readonly #socket: WebSocket;
  readonly #encoding: Encoding;
  readonly #queue: Received[] = [];
  #ended: Failure | undefined;
  #wake: () => void = () => undefined;

  private constructor(socket: WebSocket, encoding: Encoding) {
    this.#socket = socket;
    this.#encoding = encoding;
    socket.on("message", (data, isBinary) => this.#take(data, isBinary));
    socket.on("close", (code, reason) => {
      this.#end(`The gateway closed the connection (${code}${reason.length > 0 ? ` ${reason.toString()}` : ""}).`);
    });
    socket.on("error", (cause) => this.#end(`The connection failed: ${cause.message}.`));
  }

  /** Connects. The token goes as a subprotocol, since a browser could send it in no other way. */
  static async open({ baseWs, sessionId, track, encoding, token }: RoomSocketOptions): Promise<RoomSocket> {
    const subprotocol = encoding === "json" ? jsonSubprotocol : msgpackSubprotocol;
    const socket = new WebSocket(
      new URL(`v1/audio/ws/${sessionId}/${track}`, baseWs),
      token === undefined ? [subprotocol] : [subprotocol, `bearer.${token}`],
      { perMessageDeflate: false, handshakeTimeout: openTimeoutMs },
    );
    // Listens from the start: the room's first words may come in the same packet as its handshake.
    const room = new RoomSocket(socket, encoding);
    await within(openTimeoutMs + 1_000, opened(socket, baseWs), `No gateway answered at ${baseWs.href}.`);
    if (socket.protocol === subprotocol) return room;
    socket.terminate();
    throw new Failure(`The gateway chose subprotocol "${socket.protocol}", not the offered "${subprotocol}".`);
  }

  send(message: ClientMessage): void {
    if (message.type !== "chunk" || this.#encoding === "msgpack") {
      this.#socket.send(this.#encoding === "json" ? JSON.stringify(message) : encode(message));
      return;
    }
    const { content, ...rest } = message;
    this.#socket.send(JSON.stringify({ ...rest, content_b64: encodeBase64(content) }));
  }

  /**
   * The next message, or undefined when none came in `waitMs`.
   * @throws Failure once the connection has ended and all it brought is taken.
   */
  async receive(waitMs: number): Promise<Received | undefined> {
    if (this.#queue.length === 0 && !this.#ended && waitMs > 0) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, waitMs);
        this.#wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
    const next = this.#queue.shift();
    if (!next && this.#ended) throw this.#ended;
    return next;
  }

  /** Says goodbye, and waits for the room to close. */
  async close(reason: string): Promise<void> {
    this.send({ type: "close", reason });
    const closed = new Promise<void>((resolve) => {
      if (this.#socket.readyState === WebSocket.CLOSED) resolve();
      this.#socket.once("close", () => resolve());
    });
    await within(closeTimeoutMs, closed, "The gateway did not close the connection when asked to.");
  }

  /** Cuts the connection. Harmless on one that has ended. */
  terminate(): void {
    this.#socket.terminate();
  }

  #take(data: RawData, isBinary: boolean): void {
    const at = performance.now();
    if (isBinary !== (this.#encoding === "msgpack"))
      return this.#end(`The gateway answered a ${this.#encoding} connection in the other encoding.`);
    const message = parseMessage(data, isBinary);
    if (!message) return this.#end("The gateway sent a message that is not of protocol 1.");
    this.#queue.push({ message, at });
    this.#wake();
  }

  #end(sentence: string): void {
    // The first cause counts; what follows from it doesn't.
    this.#ended ??= new Failure(sentence);
    this.#wake();
  }
}

function parseMessage(data: RawData, isBinary: boolean): RoomMessage | undefined {
  const bytes = Array.isArray(data) ? Buffer.concat(data) : new Uint8Array(data);
  try {
    const value: unknown = isBinary ? decode(bytes) : JSON.parse(new TextDecoder().decode(bytes));
    return roomMessageSchema.safeParse(value).data;
  } catch {
    // Neither JSON nor MessagePack; both decoders throw for no other reason.
    return undefined;
  }
}

function opened(socket: WebSocket, baseWs: URL): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.once("open", resolve);
    socket.once("error", (cause) => {
      // System errors have a code: nobody was reached. Others are about what was answered.
      const code = "code" in cause && typeof cause.code === "string" ? cause.code : undefined;
      const unreached = `No gateway answers at ${baseWs.href} (${code}); start one with npm start.`;
      reject(new Failure(code ? unreached : `The handshake with ${baseWs.href} failed: ${cause.message}.`));
    });
    socket.once("unexpected-response", (_request, answer) => {
      const parts: Buffer[] = [];
      answer.on("data", (part: Buffer) => parts.push(part));
      answer.once("close", () => {
        const detail = problemDetail(Buffer.concat(parts).toString());
        reject(new Failure(`The gateway refused the connection (HTTP ${answer.statusCode ?? "?"}): ${detail}`));
        socket.terminate();
      });
    });
  });
}

/** What a problem+json body says, or that it is none. */
export function problemDetail(body: string): string {
  try {
    const problem = problemSchema.safeParse(JSON.parse(body));
    if (problem.success) return `${problem.data.code}: ${problem.data.detail}`;
  } catch {
    // Not JSON: no problem document.
  }
  return "the answer is no problem document of a Roomtone gateway.";
}
