/** A connection of protocol 1 to a gateway, over the WebSocket of package `ws`. Every way it can fail becomes one sentence. */
import { type RawData, WebSocket } from "ws";
import { problemSchema } from "../../schemas/http/problem.ts";
import { Failure } from "../../schemas/lib/failure.ts";
import type { Encoding } from "../../schemas/wire/codec.ts";
import { jsonSubprotocol, msgpackSubprotocol } from "../../schemas/wire/messages.ts";
import { type Carrier, ProtocolSocket } from "./protocol-socket.ts";
import { within } from "./within.ts";

export interface RoomSocketOptions {
  /** Ends with a slash. */
  readonly baseWs: URL;
  readonly sessionId: string;
  readonly track: string;
  readonly encoding: Encoding;
  readonly token?: string | undefined;
  readonly waitMs?: number;
}

const openTimeoutMs = 15_000;

/**
 * For any connection to a gateway. `closeTimeout`: a local workerd may leave a connection open for 15 s after both close
 * frames; the close code is known before.
 */
export const socketOptions = { perMessageDeflate: false, maxPayload: 0, closeTimeout: 300 };

export function subprotocolOf(encoding: Encoding): string {
  return encoding === "json" ? jsonSubprotocol : msgpackSubprotocol;
}

export function overWs(socket: WebSocket): Carrier {
  return {
    send: (frame) => socket.send(frame),
    close: (code, reason) => socket.close(code, reason),
    listen: ({ message, close }) => {
      socket.on("message", (data: RawData, isBinary) => {
        const bytes = Array.isArray(data) ? Buffer.concat(data) : new Uint8Array(data);
        message(isBinary ? bytes : new TextDecoder().decode(bytes));
      });
      socket.on("close", (code, reason) => close(code, reason.toString()));
      // A failure shows as close 1006 too.
      socket.on("error", () => undefined);
    },
  };
}

/** An open connection that the room has agreed to. */
export class RoomSocket extends ProtocolSocket {
  readonly #socket: WebSocket;

  private constructor(socket: WebSocket, options: RoomSocketOptions) {
    super(overWs(socket), options);
    this.#socket = socket;
  }

  /** Connects. The token goes as a subprotocol, since a browser could send it in no other way. */
  static async open(options: RoomSocketOptions): Promise<RoomSocket> {
    const { baseWs, sessionId, track, encoding, token } = options;
    const subprotocol = subprotocolOf(encoding);
    const socket = new WebSocket(
      new URL(`v1/audio/ws/${sessionId}/${track}`, baseWs),
      token === undefined ? [subprotocol] : [subprotocol, `bearer.${token}`],
      { ...socketOptions, handshakeTimeout: openTimeoutMs },
    );
    // Listens from the start: the room's first words may come in the same packet as its handshake.
    const room = new RoomSocket(socket, options);
    await within(openTimeoutMs + 1_000, opened(socket, baseWs), `No gateway answered at ${baseWs.href}.`);
    if (socket.protocol === subprotocol) return room;
    socket.terminate();
    throw new Failure(`The gateway chose subprotocol "${socket.protocol}", not the offered "${subprotocol}".`);
  }

  /** Says goodbye, and waits for the room to close. */
  async sayGoodbye(reason: string): Promise<void> {
    this.send({ type: "close", reason });
    // As patient as for an ack: the close stands behind whatever the gateway has to do first.
    await this.until("the gateway to close the connection when asked to", () => this.close !== undefined);
  }

  /** Cuts the connection. Harmless on one that has ended. */
  terminate(): void {
    this.#socket.terminate();
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
function problemDetail(body: string): string {
  try {
    const problem = problemSchema.safeParse(JSON.parse(body));
    if (problem.success) return `${problem.data.code}: ${problem.data.detail}`;
  } catch {
    // Not JSON: no problem document.
  }
  return "the answer is no problem document of a Roomtone gateway.";
}
