/** A service on this machine that looks again at who speaks in whole tracks, and says what a test has it say, when the test lets it. */
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { ReviewSegment } from "../../schemas/speech/review.ts";

export class ReviewServer {
  readonly #answers = new Map<string, Promise<readonly ReviewSegment[]>>();
  #server: Server | undefined;

  async start(): Promise<void> {
    const server = createServer((request, response) => {
      const answer = this.#answers.get(String(request.headers["x-session-id"])) ?? Promise.resolve([]);
      request.resume().on("end", () => {
        void answer.then((segments) =>
          response.setHeader("content-type", "application/json").end(JSON.stringify({ segments })),
        );
      });
    });
    await new Promise<void>((resolve) => {
      server.listen(0, "127.0.0.1", resolve);
    });
    this.#server = server;
  }

  get url(): string {
    const address = this.#server?.address();
    if (!address) throw new Error("the service is not started");
    return `http://127.0.0.1:${(address as AddressInfo).port}`;
  }

  /** What it says of a session once that is settled; of any other: nobody speaks. */
  answer(session: string, segments: Promise<readonly ReviewSegment[]>): void {
    this.#answers.set(session, segments);
  }

  /** Ends all connections, those that wait for an answer too. */
  async stop(): Promise<void> {
    const server = this.#server;
    await new Promise<void>((resolve) => {
      if (!server) return resolve();
      server.close(() => resolve());
      server.closeAllConnections();
    });
  }
}
