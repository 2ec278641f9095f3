/** A speaker-resolve service on this machine that does what each test's session asks of it. */
import { createServer, type IncomingHttpHeaders, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { ResolveAnswer, ResolveRequest, SpeakerState } from "../../schemas/speech/speakers.ts";

export interface ReceivedResolve {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly request: ResolveRequest;
}

/** Answers one request; may never do. */
export type Behaviour = (received: ReceivedResolve, response: ServerResponse) => void | Promise<void>;

export class InferenceServer {
  readonly #behaviours = new Map<string, Behaviour>();
  readonly #received: ReceivedResolve[] = [];
  #server: Server | undefined;
  #port = 0;

  /** Listens; after `stop`, on the same port again. */
  async start(): Promise<void> {
    const server = createServer((request, response) => {
      const parts: Buffer[] = [];
      request.on("data", (part: Buffer) => parts.push(part));
      request.on("end", () => {
        const { method = "", url: path = "", headers } = request;
        // `GET /ready` asks whether anybody is there.
        if (method === "HEAD") return void response.writeHead(204).end();
        const body = JSON.parse(Buffer.concat(parts).toString()) as ResolveRequest;
        const received = { method, path, headers, request: body };
        this.#received.push(received);
        void (this.#behaviours.get(body.session_id) ?? answerWell)(received, response);
      });
    });
    await new Promise<void>((resolve) => {
      server.listen(this.#port, "127.0.0.1", resolve);
    });
    this.#port = (server.address() as AddressInfo).port;
    this.#server = server;
  }

  /** Ends all connections and refuses new ones. */
  async stop(): Promise<void> {
    const server = this.#server;
    await new Promise<void>((resolve) => {
      if (!server) return resolve();
      server.close(() => resolve());
      server.closeAllConnections();
    });
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  /** How requests of one session are answered from now on; well, unless told otherwise. */
  behave(session: string, behaviour: Behaviour): void {
    this.#behaviours.set(session, behaviour);
  }

  received(session: string): ReceivedResolve[] {
    return this.#received.filter(({ request }) => request.session_id === session);
  }
}

/** The answer of a service that hears one speaker, `c1`, and counts its windows. */
export function goodAnswer(request: ResolveRequest): ResolveAnswer {
  const heard = (request.state.clusters[0]?.sample_count ?? 0) + 1;
  const updated: SpeakerState = {
    ...request.state,
    clusters: [{ cluster_id: "c1", centroid: [0.5, -0.25], sample_count: heard, bound_name: "Ann" }],
    bindings: { c1: "Ann" },
  };
  return {
    session_id: request.session_id,
    cluster_id: "c1",
    speaker_name: "Ann",
    decision: "auto",
    evidence: { sv_score: 0.9, threshold_low: 0.4, threshold_high: 0.7, segment_count: heard },
    updated_state: updated,
  };
}

export const answerWell: Behaviour = ({ request }, response) => answerJson(response, goodAnswer(request));

export function answerJson(response: ServerResponse, value: unknown): void {
  response.setHeader("content-type", "application/json").end(JSON.stringify(value));
}

export function answerText(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, { "content-type": "text/html" }).end(text);
}
