/**
 * The service's HTTP side, over Node's server: the key is asked for before anything of a body is read, and each path has one
 * handler. One request is computed at a time, on the thread that serves. Knows no model.
 */
import { createHash, timingSafeEqual } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { Failure } from "../../../schemas/lib/failure.ts";
import type { Handler, Part } from "./part.ts";

/** A body of 32 MB within it, over any network that a model should be behind. */
const requestTimeoutMs = 60_000;
const maxConnections = 64;

export interface ServeOptions {
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  /** What `x-api-key` must be; undefined lets anyone in. */
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
  const server = createServer({ requestTimeout: requestTimeoutMs }, (request, response) => {
    void answer(request, apiKey, routes).then((result) => send(request, response, result));
  });
  server.maxConnections = maxConnections;
  await listen(server, host, port);
  const address = server.address() as AddressInfo;
  return {
    url: `http://${host.includes(":") ? `[${host}]` : host}:${address.port}`,
    close: () =>
      new Promise((done) => {
        server.close(() => done());
        server.closeIdleConnections();
        // A sender that doesn't come to an end is not waited for.
        setTimeout(() => server.closeAllConnections(), 1_000).unref();
      }),
  };
}

async function listen(server: Server, host: string, port: number): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.once("error", (cause) => reject(new Failure(`can't listen on ${host}, port ${port}: ${cause.message}.`)));
    server.listen(port, host, resolve);
  });
}

/** Never throws. */
async function answer(
  request: IncomingMessage,
  apiKey: string | undefined,
  routes: ReadonlyMap<string, Handler>,
): Promise<Response> {
  // Before anything of the body is read.
  if (!isAllowed(request.headers["x-api-key"], apiKey)) return problem(401, "x-api-key is missing or wrong");
  const url = URL.parse(request.url ?? "", "http://inference");
  const handle = url && routes.get(url.pathname);
  if (!handle) return problem(404, `there is nothing here but POST ${[...routes.keys()].join(", ")}`);
  if (request.method !== "POST") return problem(405, `${url.pathname} takes POST`);
  try {
    return await handle(new Request(url, { method: "POST", body: bodyOf(request), duplex: "half" }));
  } catch (cause) {
    if (!request.complete) return problem(400, "the body ended too early");
    console.error(cause);
    return problem(500, "the model could not take this audio; the service's log says why");
  }
}

/** Of equal length after hashing, so that the comparison takes as long whatever was sent. */
function isAllowed(given: string | string[] | undefined, apiKey: string | undefined): boolean {
  if (apiKey === undefined) return true;
  return typeof given === "string" && timingSafeEqual(digest(given), digest(apiKey));
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

function problem(status: number, detail: string): Response {
  return Response.json(
    { title: "cannot answer", status, detail },
    { status, headers: { "content-type": "application/problem+json", ...(status === 405 ? { allow: "POST" } : {}) } },
  );
}

async function send(request: IncomingMessage, response: ServerResponse, result: Response): Promise<void> {
  // What wasn't read can't be followed by another request.
  if (!request.complete) response.setHeader("connection", "close");
  for (const [name, value] of result.headers) response.setHeader(name, value);
  response.writeHead(result.status).end(new Uint8Array(await result.arrayBuffer()));
}
