/**
 * A WebSocket proxy that breaks things on purpose: what a bad network, a bad proxy and a deploy do to a capture
 * client, with a seed. URL, subprotocols and credentials go through as they are; plain HTTP goes through unharmed.
 */
import { once } from "node:events";
import {
  createServer,
  type IncomingMessage,
  request as httpRequest,
  type Server,
  type ServerResponse,
} from "node:http";
import type { AddressInfo } from "node:net";
import type { Duplex } from "node:stream";
import { WebSocket, WebSocketServer } from "ws";
import { FaultLink } from "./fault-link.ts";
import { checkRates, connectionRandom, type Direction, type FaultKind, type FaultRates } from "./fault-plan.ts";

export interface FaultProxyOptions {
  /** The gateway's address, `http://HOST:PORT`. */
  readonly target: string;
  /** 0, the default, takes a free one. */
  readonly port?: number;
  readonly seed?: number;
  readonly rates?: FaultRates;
  /** Of `delay` and `stall`. */
  readonly delayMs?: number;
}

/** What the proxy did so far. */
export interface FaultCounts {
  connections: number;
  /** Attempts that were turned away while `refuse` was set, or that the target did not take. */
  refused: number;
  readonly forwarded: Record<Direction, number>;
  readonly faults: Partial<Record<FaultKind, number>>;
}

/** Ends of a refused connection a client understands as "try again". */
const badGateway = "HTTP/1.1 502 Bad Gateway\r\nconnection: close\r\ncontent-length: 0\r\n\r\n";
/** Headers of the handshake that each side makes for itself. */
const ownHeaders = /^(connection|upgrade|host|sec-websocket-.*)$/;

export class FaultProxy {
  readonly counts: FaultCounts = {
    connections: 0,
    refused: 0,
    forwarded: { to_room: 0, to_client: 0 },
    faults: {},
  };
  readonly seed: number;
  /** Where new connections go. A gateway that restarts may come back on another port. */
  target: string;
  /** Turns every new connection away: the network is down. */
  refuse = false;
  readonly #server: Server;
  readonly #sockets = new WebSocketServer({ noServer: true, maxPayload: 0, perMessageDeflate: false });
  readonly #links = new Set<FaultLink>();
  readonly #delayMs: number;
  #rates: FaultRates = {};

  private constructor({ target, seed = 1, rates = {}, delayMs = 200 }: FaultProxyOptions) {
    this.target = target;
    this.seed = seed;
    this.#delayMs = delayMs;
    this.setRates(rates);
    this.#server = createServer((request, response) => this.#relay(request, response));
    this.#server.on("upgrade", (request, stream, head) => this.#connect(request, stream, head));
  }

  static async start(options: FaultProxyOptions): Promise<FaultProxy> {
    const proxy = new FaultProxy(options);
    proxy.#server.listen(options.port ?? 0, "127.0.0.1");
    await once(proxy.#server, "listening");
    return proxy;
  }

  /** `http://127.0.0.1:PORT` */
  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Connections that are open now, half-open ones included. */
  get openLinks(): number {
    return this.#live().length;
  }

  /** Of these, half-open ones: neither side can end them. */
  get halfOpenLinks(): number {
    return this.#live().filter(({ isHalfOpen }) => isHalfOpen).length;
  }

  /** From the next message on. The decisions stay those of the seed. */
  setRates(rates: FaultRates): void {
    checkRates(rates);
    this.#rates = rates;
  }

  /** Ends every connection without a close frame. */
  dropAll(): void {
    for (const link of this.#live()) link.drop();
  }

  /** Makes every connection half-open. */
  halfOpenAll(): void {
    for (const link of this.#live()) link.halfOpen();
  }

  async close(): Promise<void> {
    this.dropAll();
    this.#sockets.close();
    this.#server.close();
    this.#server.closeAllConnections();
    if (this.#server.listening) await once(this.#server, "close");
  }

  #live(): FaultLink[] {
    for (const link of this.#links) if (link.isOver) this.#links.delete(link);
    return [...this.#links];
  }

  /** Connects to the target first: what it refuses is refused here, and its subprotocol is the answer. */
  #connect(request: IncomingMessage, clientStream: Duplex, head: Buffer): void {
    clientStream.on("error", () => undefined);
    const turnAway = (): void => {
      this.counts.refused += 1;
      clientStream.end(badGateway);
    };
    if (this.refuse) return turnAway();
    const offers = (request.headers["sec-websocket-protocol"] ?? "").split(",").map((offer) => offer.trim());
    const given = Object.entries(request.headers).filter(([name]) => !ownHeaders.test(name));
    const room = new WebSocket(
      new URL(request.url ?? "/", this.target.replace(/^http/, "ws")),
      offers.filter((offer) => offer !== ""),
      { headers: Object.fromEntries(given) as Record<string, string>, maxPayload: 0, perMessageDeflate: false },
    );
    let roomStream: Duplex | undefined;
    room.on("upgrade", (response) => {
      roomStream = response.socket;
      // What the room says at once must not come before there is anybody to say it to.
      room.pause();
    });
    room.on("error", () => {
      if (room.readyState !== WebSocket.OPEN && !roomStream) turnAway();
    });
    clientStream.on("close", () => {
      if (room.readyState === WebSocket.CONNECTING) room.terminate();
    });
    room.on("open", () => {
      if (!roomStream) return room.terminate();
      this.#accept(request, { stream: clientStream, head }, { socket: room, stream: roomStream });
    });
  }

  #accept(
    request: IncomingMessage,
    client: { readonly stream: Duplex; readonly head: Buffer },
    room: { readonly socket: WebSocket; readonly stream: Duplex },
  ): void {
    // The room's choice, whatever the client's order was.
    this.#sockets.options.handleProtocols = () => room.socket.protocol || false;
    this.#sockets.handleUpgrade(request, client.stream, client.head, (socket) => {
      this.counts.connections += 1;
      const number = this.counts.connections;
      const link = new FaultLink(
        { client: socket, clientStream: client.stream, room: room.socket, roomStream: room.stream },
        {
          rates: () => this.#rates,
          random: {
            to_room: connectionRandom(this.seed, number, "to_room"),
            to_client: connectionRandom(this.seed, number, "to_client"),
          },
          delayMs: this.#delayMs,
          onForward: (direction) => {
            this.counts.forwarded[direction] += 1;
          },
          onFault: (kind) => {
            this.counts.faults[kind] = (this.counts.faults[kind] ?? 0) + 1;
          },
        },
      );
      this.#links.add(link);
      socket.on("close", () => this.#links.delete(link));
      room.socket.resume();
    });
  }

  #relay(request: IncomingMessage, response: ServerResponse): void {
    const { method, headers } = request;
    const forward = httpRequest(new URL(request.url ?? "/", this.target), { method, headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    });
    forward.on("error", () => {
      if (!response.headersSent) response.writeHead(502);
      response.end();
    });
    request.pipe(forward);
  }
}
