/** Requests of the bad tenant: many at a time over kept connections, answers read only to be counted. */
import { Agent, request } from "node:http";
import type { Count } from "./abuse-socket.ts";

export interface FloodedRequest {
  readonly method: "GET" | "POST";
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: Uint8Array;
}

export interface HttpFloodOptions {
  /** Without a slash at the end. */
  readonly url: string;
  /** Requests at a time. */
  readonly parallel: number;
  readonly next: () => FloodedRequest;
  readonly count: Count;
  readonly signal: AbortSignal;
}

/** Resolves when the signal aborts. */
export async function floodHttp({ url, parallel, next, count, signal }: HttpFloodOptions): Promise<void> {
  const agent = new Agent({ keepAlive: true, maxSockets: parallel });
  const worker = async (): Promise<void> => {
    while (!signal.aborted) await one(url, agent, next(), count, signal);
  };
  await Promise.all(Array.from({ length: parallel }, worker));
  agent.destroy();
}

function one(
  url: string,
  agent: Agent,
  { method, path, headers, body }: FloodedRequest,
  count: Count,
  signal: AbortSignal,
) {
  return new Promise<void>((resolve) => {
    const asked = request(`${url}${path}`, { agent, method, headers, signal }, (answer) => {
      count(String(answer.statusCode));
      answer.resume();
      answer.once("close", resolve);
    });
    asked.once("error", () => {
      if (!signal.aborted) count("failed");
      resolve();
    });
    count("sent");
    asked.end(body);
  });
}
