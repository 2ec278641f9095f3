/** An HTTP server that answers each request with the next line of a script, and keeps what it was asked. */
import { createServer, type IncomingHttpHeaders, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach } from "vitest";
import type { HttpErrorCode } from "../../../schemas/wire/errors.ts";
import { httpErrors } from "../../../schemas/wire/errors.ts";

export interface Asked {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  /** Of `performance.now()`. */
  readonly at: number;
}

export type Line = (response: ServerResponse) => void;

export interface ScriptedGateway {
  readonly url: string;
  readonly asked: readonly Asked[];
}

const running: { close: () => void }[] = [];
afterEach(() => {
  for (const server of running.splice(0)) server.close();
});

/** Ends with the test. The last line answers all further requests too. */
export async function scriptedGateway(...script: readonly Line[]): Promise<ScriptedGateway> {
  const asked: Asked[] = [];
  const server = createServer((request, response) => {
    const at = performance.now();
    const parts: Buffer[] = [];
    request.on("data", (part: Buffer) => parts.push(part));
    request.on("end", () => {
      const { method = "", url: path = "", headers } = request;
      asked.push({ method, path, headers, body: Buffer.concat(parts).toString(), at });
      script[Math.min(asked.length, script.length) - 1]?.(response);
    });
  });
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  running.push({
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked };
}

export function json(value: unknown, status = 200, headers: Record<string, string> = {}): Line {
  return (response) =>
    void response.writeHead(status, { "content-type": "application/json", ...headers }).end(JSON.stringify(value));
}

export function html(status: number): Line {
  return (response) => void response.writeHead(status, { "content-type": "text/html" }).end("<h1>Proxy</h1>");
}

export const scriptedTraceId = "5".repeat(32);

export function problem(code: HttpErrorCode, headers: Record<string, string> = {}, detail = "A sentence."): Line {
  const { status, title } = httpErrors[code];
  return json(
    { type: `urn:roomtone:problem:${code}`, title, status, detail, code, trace_id: scriptedTraceId },
    status,
    {
      "x-trace-id": scriptedTraceId,
      ...headers,
    },
  );
}

export const hang: Line = () => undefined;
export const hangUp: Line = (response) => void response.destroy();
/** Half an answer, and then nothing more. */
export const stall: Line = (response) => void response.writeHead(200).write('{"status":');
