/**
 * The service's HTTP side, over Node's server: the key is asked for before anything of a body is read, each method and path
 * has one handler, and an answer goes out as fast as it is made and taken. Knows no model.
 */
import { createHash, timingSafeEqual } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { type AddressInfo, BlockList, isIP } from "node:net";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { Failure } from "../../../schemas/lib/failure.ts";
import { bodyTimes, boundBody, readAway } from "./bound-body.ts";
import type { Handler, Part } from "./part.ts";

const maxConnections = 64;
/** Longer than a client holds on to an idle connection (the Workers' runtime: 5 s, as Node itself): the one who may ask again closes first. */
const keepAliveMs = 75_000;
const closePatienceMs = 1_000;

const loopback = new BlockList();
loopback.addSubnet("127.0.0.0", 8);
loopback.addAddress("::1", "ipv6");

export interface ServeOptions {
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  /** What `x-api-key` or the bearer token must be; undefined lets anyone in but web pages. */
  readonly apiKey: string | undefined;
  readonly parts: readonly Part[];
}

export interface InferenceServer {
  readonly url: string;
  /** Answers what was asked, and takes no more. */
  readonly close: () => Promise<void>;
}

/** @throws Failure where the address can't be had. */
export async function serveParts({ host, port, apiKey, parts }: ServeOptions): Promise<InferenceServer> {
  const routes = new Map(parts.flatMap((part) => Object.entries(part.routes)));
  routes.set("GET /health", () => {
    return Response.json({ status: "ok", models: Object.assign({}, ...parts.map((part) => part.models?.() ?? {})) });
  });
  const longBodies = new Set<string>(parts.flatMap((part) => part.longBodies ?? []));
  // Node's own bound on a body holds for all paths, and without it there is none on the head unless it is said.
  const server = createServer({ requestTimeout: 0, headersTimeout: bodyTimes.shortMs }, (request, response) => {
    const stopWaiting = boundBody(request, longBodies);
    response.once("close", stopWaiting);
    void exchange(request, response, apiKey, routes);
  });
  server.maxConnections = maxConnections;
  server.keepAliveTimeout = keepAliveMs;
  await listen(server, host, port);
  const address = server.address() as AddressInfo;
  return {
    url: `http://${host.includes(":") ? `[${host}]` : host}:${address.port}`,
    close: async () => {
      await new Promise<void>((done) => {
        server.close(() => done());
        server.closeIdleConnections();
        // A sender that doesn't come to an end is not waited for.
        setTimeout(() => server.closeAllConnections(), closePatienceMs).unref();
      });
      for (const part of parts) await part.close?.();
    },
  };
}

async function listen(server: Server, host: string, port: number): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.once("error", (cause) => reject(new Failure(`can't listen on ${host}, port ${port}: ${cause.message}.`)));
    server.listen(port, host, resolve);
  });
}

/** Never throws. */
async function exchange(
  request: IncomingMessage,
  response: ServerResponse,
  apiKey: string | undefined,
  routes: ReadonlyMap<string, Handler>,
): Promise<void> {
  const over = new AbortController();
  response.once("close", () => over.abort());
  try {
    await send(request, response, await answer(request, apiKey, routes, over.signal));
  } catch (cause) {
    if (!over.signal.aborted) console.error(cause);
    // A part of an answer must not pass for all of it.
    response.destroy();
  }
}

/** Never throws. */
async function answer(
  request: IncomingMessage,
  apiKey: string | undefined,
  routes: ReadonlyMap<string, Handler>,
  signal: AbortSignal,
): Promise<Response> {
  const url = URL.parse(request.url ?? "", "http://inference");
  const method = request.method ?? "";
  if (apiKey === undefined && isOfPage(request)) return problem(403, "web pages are not answered; call from a program");
  // Before anything of the body is read. Whether the service runs, anyone may know.
  if (url?.pathname !== "/health" && !isAllowed(keyIn(request), apiKey)) {
    return problem(401, "x-api-key is missing or wrong");
  }
  const handle = url && routes.get(`${method} ${url.pathname}`);
  if (!handle) {
    const allowed = [...routes.keys()].flatMap((key) => (key.endsWith(` ${url?.pathname}`) ? [key.split(" ", 1)] : []));
    if (allowed.length > 0) return problem(405, `${url?.pathname} takes ${allowed.join(", ")}`, allowed.join(", "));
    return problem(404, `there is nothing here but ${[...routes.keys()].join(", ")}`);
  }
  const headers = Object.entries(request.headers).flatMap(([name, value]): [string, string][] =>
    typeof value === "string" ? [[name, value]] : [],
  );
  const body = method === "POST" ? { body: bodyOf(request), duplex: "half" as const } : {};
  try {
    return await handle(new Request(url, { method, headers, signal, ...body }));
  } catch (cause) {
    if (!request.complete) return problem(400, "the body ended too early");
    console.error(cause instanceof Failure ? cause.message : cause);
    return problem(500, "the model could not take this; the service's log says why");
  }
}

/**
 * Whether a web page asks, which has no business here: without a key, any page that is open on this machine could have the models
 * work for it, and one whose name was made to lead here could read what they say. Programs send no `Origin`, and name the address
 * that they call.
 */
function isOfPage({ headers, socket }: IncomingMessage): boolean {
  if (headers.origin !== undefined || headers["sec-fetch-site"] !== undefined) return true;
  const isLocal = socket.localAddress !== undefined && isLoopbackAddress(socket.localAddress);
  const host = URL.parse(`http://${headers.host ?? ""}`)?.hostname.replace(/^\[|\]$/g, "") ?? "";
  return isLocal && host !== "localhost" && !isLoopbackAddress(host);
}

function isLoopbackAddress(address: string): boolean {
  return isIP(address) !== 0 && loopback.check(address, isIP(address) === 6 ? "ipv6" : "ipv4");
}

/** As the gateway sends it, or as clients of OpenAI do. */
function keyIn({ headers }: IncomingMessage): string | undefined {
  const key = headers["x-api-key"];
  if (typeof key === "string") return key;
  return /^bearer (\S+)$/i.exec(headers.authorization ?? "")?.[1];
}

/** Of equal length after hashing, so that the comparison takes as long whatever was sent. */
function isAllowed(given: string | undefined, apiKey: string | undefined): boolean {
  if (apiKey === undefined) return true;
  return given !== undefined && timingSafeEqual(digest(given), digest(apiKey));
}

function digest(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}

/** Unlike `Readable.toWeb`, cancelling it leaves the socket open: a body that is too large still gets its answer. */
function bodyOf(request: IncomingMessage): ReadableStream<Uint8Array> {
  const chunks = request.iterator({ destroyOnReturn: false }) as AsyncIterableIterator<Buffer>;
  return new ReadableStream<Uint8Array>({
    pull: async (controller) => {
      const { done, value } = await chunks.next();
      if (done) controller.close();
      else controller.enqueue(new Uint8Array(value));
    },
    cancel: async () => {
      await chunks.return?.();
    },
  });
}

function problem(status: number, detail: string, allow?: string): Response {
  return Response.json(
    { title: "cannot answer", status, detail },
    {
      status,
      headers: { "content-type": "application/problem+json", ...(allow === undefined ? {} : { allow }) },
    },
  );
}

async function send(request: IncomingMessage, response: ServerResponse, result: Response): Promise<void> {
  // What wasn't read can't be followed by another request.
  const isUnread = !request.complete && request.method === "POST";
  if (isUnread) response.setHeader("connection", "close");
  for (const [name, value] of result.headers) response.setHeader(name, value);
  response.writeHead(result.status);
  if (result.body) await pipeline(Readable.fromWeb(result.body), response, { end: !isUnread });
  if (isUnread) await readAway(request);
  response.end();
}
