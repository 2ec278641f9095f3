/** A backend on this machine that takes webhooks, and answers each path as a test says. */
import { createServer, type IncomingHttpHeaders, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { Webhook } from "standardwebhooks";
import { type WebhookPayload, webhookPayloadSchema } from "../../schemas/webhooks.ts";

export const webhookSecret = `whsec_${Buffer.from("roomtone contract test secret 1!").toString("base64")}`;

export interface ReceivedWebhook {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** Answers one request; may never do. */
export type ReceiverBehaviour = (response: ServerResponse, tries: number) => void;

export class WebhookReceiver {
  readonly #behaviours = new Map<string, ReceiverBehaviour>();
  readonly #received: ReceivedWebhook[] = [];
  #server: Server | undefined;
  #port = 0;

  async start(): Promise<void> {
    const server = createServer((request, response) => {
      const parts: Buffer[] = [];
      request.on("data", (part: Buffer) => parts.push(part));
      request.on("end", () => {
        const { url: path = "", headers } = request;
        const body = Buffer.concat(parts).toString();
        // Every session begins with it; who waits for it hears of nothing else.
        if (isCreation(body) && !path.startsWith("/begins")) return void response.writeHead(204).end();
        this.#received.push({ path, headers, body });
        const behave = this.#behaviours.get(path);
        if (behave) behave(response, this.received(path).length);
        else response.writeHead(204).end();
      });
    });
    await new Promise<void>((resolve) => {
      server.listen(0, "127.0.0.1", resolve);
    });
    this.#port = (server.address() as AddressInfo).port;
    this.#server = server;
  }

  async stop(): Promise<void> {
    const server = this.#server;
    await new Promise<void>((resolve) => {
      if (!server) return resolve();
      server.close(() => resolve());
      server.closeAllConnections();
    });
  }

  urlOf(path: string): string {
    return `http://127.0.0.1:${this.#port}${path}`;
  }

  /** How requests to a path are answered from now on; 204, unless told otherwise. */
  behave(path: string, behaviour: ReceiverBehaviour): void {
    this.#behaviours.set(path, behaviour);
  }

  received(path: string): ReceivedWebhook[] {
    return this.#received.filter((one) => one.path === path);
  }
}

function isCreation(body: string): boolean {
  return webhookPayloadSchema.parse(JSON.parse(body)).type === "session.created";
}

/** What it says; throws where the public library does not accept its signature or the contract its shape. */
export function verified({ body, headers }: ReceivedWebhook): WebhookPayload {
  return webhookPayloadSchema.parse(new Webhook(webhookSecret).verify(body, headers as Record<string, string>));
}
