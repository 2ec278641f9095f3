/** A user's documents behind HTTP, as the routes give them, for clients that talk to a gateway. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { startBodySchema, syncKnowledgeBodySchema, syncSettingsBodySchema } from "../../../schemas/http/sync.ts";
import type { Result } from "../../../schemas/lib/result.ts";
import { collectionSchema } from "../../../schemas/sync/documents.ts";
import { httpErrors, type HttpErrorCode } from "../../../schemas/wire/errors.ts";
import type { UserSync } from "../../../server/app/sync/user-sync.ts";

export interface HttpSync {
  readonly url: string;
  /** Requests that came, as `POST /v1/sync/knowledge`. */
  readonly asked: string[];
  /** Answers of which the connection is cut before they are sent. */
  loses: (request: string) => boolean;
  readonly server: Server;
}

export async function syncOverHttp(
  user: () => UserSync,
  bodyOf: (sha256: string) => Uint8Array | undefined,
): Promise<HttpSync> {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on("data", (part: Buffer) => parts.push(part));
    request.on("end", () => {
      const { method = "", url = "" } = request;
      const name = `${method} ${url}`;
      asked.push(name);
      void reply(name, Buffer.concat(parts), request, response);
    });
  });
  async function reply(name: string, bytes: Buffer, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { status, type, body } = await answerOf(user(), bodyOf, name, bytes);
    if (http.loses(name)) request.socket.destroy();
    else response.writeHead(status, { "content-type": type }).end(body);
  }
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const http: HttpSync = { url: `http://127.0.0.1:${port}`, asked, loses: () => false, server };
  return http;
}

interface Answered {
  readonly status: number;
  readonly type: string;
  readonly body: string | Uint8Array;
}

async function answerOf(
  sync: UserSync,
  bodyOf: (sha256: string) => Uint8Array | undefined,
  name: string,
  bytes: Buffer,
): Promise<Answered> {
  const [, method, rest = ""] = /^(\w+) \/v1\/sync\/(.*)$/.exec(name) ?? [];
  const [what = "", sha256 = "", action, part] = rest.split("/");
  const json = (): unknown => JSON.parse(bytes.toString());
  if (what === "status") return told({ ok: true, value: sync.status() });
  if (what === "bodies" && method === "GET") {
    const body = bodyOf(sha256);
    return body
      ? { status: 200, type: "application/octet-stream", body }
      : told({ ok: false, error: "body_not_found" });
  }
  if (what === "bodies" && action === "parts") return told(await sync.bodies.putPart(sha256, Number(part), bytes));
  if (what === "bodies" && action === "complete") return told(await sync.bodies.complete(sha256));
  if (what === "bodies") {
    const begun = startBodySchema.parse(json());
    return told(sync.bodies.start(begun.sha256, begun.bytes));
  }
  const collection = collectionSchema.parse(what);
  const asked = (collection === "settings" ? syncSettingsBodySchema : syncKnowledgeBodySchema).parse(json());
  return told(sync.sync(collection, asked));
}

function told(result: Result<unknown, string>): Answered {
  if (result.ok) return { status: 200, type: "application/json", body: JSON.stringify(result.value) };
  const code = result.error as HttpErrorCode;
  const { status, title } = httpErrors[code];
  const problem = {
    type: `urn:roomtone:problem:${code}`,
    title,
    status,
    detail: title,
    code,
    trace_id: "0".repeat(32),
  };
  const error = { message: title, type: "roomtone_error", param: null, code };
  return { status, type: "application/problem+json", body: JSON.stringify({ ...problem, error }) };
}
