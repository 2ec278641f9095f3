/** Somebody on this machine to whom webhooks or alerts are posted; may be away, and comes back at the same address. */
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";

export class Receiver {
  /** Bodies that were taken, in order. */
  readonly received: string[] = [];
  /** Their `traceparent` headers. */
  readonly traces: string[] = [];
  #server: Server | undefined;
  #port = 0;

  get url(): string {
    return `http://127.0.0.1:${this.#port}/`;
  }

  async start(): Promise<void> {
    const server = createServer((request, response) => {
      const parts: Buffer[] = [];
      request.on("data", (part: Buffer) => parts.push(part));
      request.on("end", () => {
        if (request.method === "POST") {
          this.received.push(Buffer.concat(parts).toString());
          this.traces.push(String(request.headers["traceparent"]));
        }
        response.writeHead(204).end();
      });
    });
    server.listen(this.#port, "127.0.0.1");
    await once(server, "listening");
    this.#port = (server.address() as AddressInfo).port;
    this.#server = server;
  }

  async stop(): Promise<void> {
    const server = this.#server;
    if (!server) return;
    this.#server = undefined;
    server.close();
    server.closeAllConnections();
    await once(server, "close");
  }

  /** Whether it was told so of an alert: how often it fired and was over. */
  count(alert: string, state: "firing" | "resolved"): number {
    return this.received.filter((body) => {
      const told = JSON.parse(body) as { alert?: string; state?: string };
      return told.alert === alert && told.state === state;
    }).length;
  }
}
