/**
 * The listener that everything outside reaches, before the local runtime: a small HTTP server that forwards each request to
 * the gateway Worker's own socket. Guarantees that no header of the runtime's comes from outside, that no route but the
 * Worker's answers, that connections, headers and bodies are bounded in number, size and time, and that the gateway goes on
 * when there are too many. It knows nothing of the gateway's operations.
 */
import { once } from "node:events";
import { Agent, createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import type { Duplex } from "node:stream";
import { err, ok, type Result } from "../../schemas/lib/result.ts";
import { Connections } from "./connections.ts";
import { forwardRequest, type Target } from "./forward-request.ts";
import { forwardSocket, type OpenSocket } from "./forward-socket.ts";
import { frontLimits } from "./front-limits.ts";
import { endWith, inTraceOf, type Refusal, refusal } from "./refusal.ts";

export interface FrontOptions {
  readonly hostname: string;
  /** 0 picks a free port. */
  readonly port: number;
  readonly target: URL;
  readonly maxConnections: number;
}

export interface Front {
  /** `http://HOST:PORT`, without a slash at the end. */
  readonly url: string;
  /** Tells open WebSockets that the gateway goes away, and ends everything soon after. */
  stop(): Promise<void>;
}

const brokeOff = "HPE_INVALID_EOF_STATE";
const noRequest = "This is no HTTP request.";
/** What Node's parser says of what it can't read, by its code. */
const parseFailures: Readonly<Record<string, string>> = {
  HPE_HEADER_OVERFLOW: "The request's head is too large.",
  [brokeOff]: "The request broke off before its end.",
};

export async function openFront({ hostname, port, target: url, maxConnections }: FrontOptions): Promise<Front> {
  const target: Target = { host: url.hostname, port: Number(url.port) };
  const { maxFreeSockets, freeSocketTimeoutMs } = frontLimits;
  const agents = {
    forBodies: new Agent({ keepAlive: true, maxFreeSockets: 0 }),
    others: new Agent({ keepAlive: true, maxFreeSockets, timeout: freeSocketTimeoutMs, scheduling: "lifo" }),
  };
  const connections = new Connections(maxConnections);
  const sockets = new Set<OpenSocket>();
  /** The last request of each connection. */
  const asked = new WeakMap<Duplex, { readonly request: IncomingMessage; isAnswered: boolean }>();
  let isStopping = false;
  const server = createServer({
    maxHeaderSize: frontLimits.maxHeaderBytes,
    headersTimeout: frontLimits.headersTimeoutMs,
    // A body has a limit of its own: as long as it arrives it may take its time.
    requestTimeout: 0,
    keepAliveTimeout: frontLimits.keepAliveTimeoutMs,
    keepAliveTimeoutBuffer: frontLimits.keepAliveBufferMs,
    connectionsCheckingInterval: 1_000,
    keepAlive: true,
    keepAliveInitialDelay: frontLimits.tcpKeepAliveMs,
    noDelay: true,
    shouldUpgradeCallback: isWebSocket,
  });
  server.on("connection", (socket: Socket) => {
    if (!connections.admit(socket)) endWith(socket, tooMany());
  });
  server.on("request", (request: IncomingMessage, response: ServerResponse) => {
    const { socket } = request;
    connections.begin(socket);
    const last = { request, isAnswered: false };
    asked.set(socket, last);
    response.once("finish", () => {
      last.isAnswered = true;
    });
    response.once("close", () => {
      if (response.statusCode < 400) connections.handleAccepted(socket);
      connections.end(socket);
    });
    const path = pathOf(request);
    if (path.ok) forwardRequest(agents, target, path.value, request, response);
    else answer(response, inTraceOf(request, path.error));
  });
  server.on("upgrade", (request: IncomingMessage, client: Duplex, head: Buffer) => {
    connections.begin(request.socket);
    const path = pathOf(request);
    if (!path.ok) {
      endWith(client, inTraceOf(request, path.error));
      return;
    }
    forwardSocket(target, path.value, request, client, head, {
      onOpen: (socket) => {
        // Its handshake was under way when the others were told.
        if (isStopping) socket.goAway();
        sockets.add(socket);
        client.once("close", () => sockets.delete(socket));
      },
      onStays: () => connections.handleAccepted(request.socket),
      onCloses: () => connections.end(request.socket),
    });
  });
  server.on("clientError", (cause: NodeJS.ErrnoException, socket: Duplex) => {
    const { request, isAnswered = false } = asked.get(socket) ?? {};
    const isOpen = request !== undefined && !isAnswered;
    // A body that nobody waited for: its request has its answer, and gets no second one.
    if (isAnswered && cause.code === brokeOff) socket.destroy();
    else {
      const refused = refusal("bad_request", parseFailures[cause.code ?? ""] ?? noRequest);
      endWith(socket, isOpen ? inTraceOf(request, refused) : refused, isOpen && request.method === "HEAD");
    }
  });
  server.listen(port, hostname);
  await once(server, "listening");
  return {
    url: `http://${hostname.includes(":") ? `[${hostname}]` : hostname}:${(server.address() as AddressInfo).port}`,
    stop: async () => {
      isStopping = true;
      const isClosed = once(server, "close");
      server.close();
      for (const socket of sockets) socket.goAway();
      const late = setTimeout(() => {
        server.closeAllConnections();
        for (const socket of connections.all()) socket.destroy();
      }, frontLimits.goodbyeMs);
      await isClosed;
      clearTimeout(late);
      for (const agent of Object.values(agents)) agent.destroy();
    },
  };
}

function isWebSocket({ method, headers }: IncomingMessage): boolean {
  return method === "GET" && /^websocket$/i.test(headers.upgrade ?? "");
}

/**
 * The path as the Worker is to see it, with its dot segments resolved, as Cloudflare's edge does it. Refused is what has none:
 * the URL of another server, or a Host that names no host.
 */
function pathOf({ url = "", headers: { host } }: IncomingMessage): Result<string, Refusal> {
  if (host === undefined || !URL.canParse(`http://${host}`)) {
    return err(refusal("bad_request", "The Host header names no host."));
  }
  const parsed = url.startsWith("/") ? URL.parse(`http://localhost${url}`) : null;
  if (!parsed) return err(refusal("bad_request", "The request's target is no path."));
  return ok(parsed.pathname + parsed.search);
}

function tooMany(): Refusal {
  const { headers, ...rest } = refusal("rate_limited", "Too many connections. Try again.");
  return { ...rest, headers: { ...headers, "retry-after": "1" } };
}

function answer(response: ServerResponse, { status, reason, headers, body }: Refusal): void {
  response.writeHead(status, reason, headers).end(body);
}
