/** A capture client for tests over real sockets: `ProtocolSocket`, dialled at a gateway of this machine. */
import { WebSocket } from "ws";
import { overWs, socketOptions, subprotocolOf } from "../../client/testkit/room-socket.ts";
import { type MessageOf, ProtocolSocket } from "../../client/testkit/protocol-socket.ts";
import type { Encoding } from "../../schemas/wire/codec.ts";
import type { RoomMessage } from "../../schemas/wire/messages.ts";
import type { GatewayProcess } from "../../scripts/local/gateway-process.ts";

export type { MessageOf };

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

export class TestClient extends ProtocolSocket {
  readonly session: string;
  readonly socket: WebSocket;

  private constructor(socket: WebSocket, session: string, encoding: Encoding) {
    super(overWs(socket), { sessionId: session, encoding });
    this.socket = socket;
    this.session = session;
    socket.on("message", (data: Buffer) => receivedTexts.push(data.toString("latin1")));
  }

  static async connect(gateway: GatewayProcess, options: ClientOptions): Promise<TestClient> {
    const { session, track, encoding = "json" } = options;
    const offers = options.subprotocols ?? [subprotocolOf(encoding)];
    const url = `${gateway.wsUrl}/v1/audio/ws/${session}${track === undefined ? "" : `/${track}`}`;
    const socket = new WebSocket(url, [...offers], socketOptions);
    const client = new TestClient(socket, session, encoding);
    const opened = new Promise((resolve) => socket.once("open", resolve).once("close", resolve));
    await opened;
    if (client.close) throw new Error(`the connection closed before it opened: ${client.close.code}`);
    return client;
  }

  /** The next message, which must be of one of these types. */
  nextOf<T extends RoomMessage["type"]>(...types: T[]): Promise<MessageOf<T>> {
    return this.next(...types);
  }
}
