/**
 * The resolve contract over Node's HTTP server: who may ask, and where; what is asked goes to the embedded resolver's
 * door. One request is computed at a time, on the thread that serves: nothing here waits for anything else.
 */
import { createHash, timingSafeEqual } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { createResolveHandler, type Resolve } from "../../shared/diarizer/handle-resolve.ts";
import { Failure } from "../../../schemas/lib/failure.ts";

export const resolvePath = "/speaker/resolve";

/** A body of 32 MB within it, on any line that a resolver should be on. */
const requestTimeoutMs = 60_000;
const maxConnections = 64;

export interface ServeOptions {
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  /** What `x-api-key` must be; undefined lets anyone in. */
  readonly apiKey: string | undefined;
  readonly resolve: Resolve;
}

export interface ResolverServer {
  readonly url: string;
  /** Answers what was asked, and takes no more. */
  readonly close: () => Promise<void>;
}

/** @throws Failure where the address can't be had. */
export async function serveResolver({ host, port, apiKey, resolve }: ServeOptions): Promise<ResolverServer> {
  const handle = createResolveHandler(resolve);
  const server = createServer({ requestTimeout: requestTimeoutMs }, (request, response) => {
    void answer(request, apiKey, handle).then((result) => send(request, response, result));
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
  handle: (request: Request) => Promise<Response>,
): Promise<Response> {
  // Before anything of the body is read.
  if (!isAllowed(request.headers["x-api-key"], apiKey)) return problem(401, "x-api-key is missing or wrong");
  const url = URL.parse(request.url ?? "", "http://resolver");
  if (url?.pathname !== resolvePath) return problem(404, `there is nothing here but POST ${resolvePath}`);
  if (request.method !== "POST") return problem(405, `${resolvePath} takes POST`);
  try {
    return await handle(new Request(url, { method: "POST", body: bodyOf(request), duplex: "half" }));
  } catch (cause) {
    if (!request.complete) return problem(400, "the body ended too early");
    console.error(cause);
    return problem(500, "the model could not hear this audio; the resolver's log says why");
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
    { title: "cannot resolve", status, detail },
    { status, headers: { "content-type": "application/problem+json", ...(status === 405 ? { allow: "POST" } : {}) } },
  );
}

async function send(request: IncomingMessage, response: ServerResponse, result: Response): Promise<void> {
  // What wasn't read can't be followed by another request.
  if (!request.complete) response.setHeader("connection", "close");
  for (const [name, value] of result.headers) response.setHeader(name, value);
  response.writeHead(result.status).end(new Uint8Array(await result.arrayBuffer()));
}
