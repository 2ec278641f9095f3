/**
 * A speaker-resolve service that does what each request asks of it, well or badly. It hears one speaker and counts its
 * windows, so that an answer computed from a stale state shows.
 */
import { once } from "node:events";
import { createServer, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import type { ResolveAnswer, ResolveRequest } from "../../../schemas/speech/speakers.ts";

export const resolveModes = ["well", "slow", "error", "garbage", "stranger", "cut", "hang"] as const;
export type ResolveMode = (typeof resolveModes)[number];

/** What the gateway waits for an answer. */
export const inferenceTimeoutMs = 1_000;
const slowMs = 250;

export class ChaosInference {
  readonly #server: Server;

  private constructor() {
    this.#server = createServer((request, response) => {
      const parts: Buffer[] = [];
      request.on("data", (part: Buffer) => parts.push(part));
      request.on("end", () => void answer(JSON.parse(Buffer.concat(parts).toString()) as ResolveRequest, response));
    });
  }

  static async start(): Promise<ChaosInference> {
    const inference = new ChaosInference();
    inference.#server.listen(0, "127.0.0.1");
    await once(inference.#server, "listening");
    return inference;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  close(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }
}

/** The request's text says how. */
async function answer(request: ResolveRequest, response: ServerResponse): Promise<void> {
  switch (request.asr_text as ResolveMode) {
    case "slow":
      await sleep(slowMs);
      return answerJson(response, goodAnswer(request));
    case "well":
      return answerJson(response, goodAnswer(request));
    case "error":
      return void response.writeHead(500).end("the model is not loaded");
    case "garbage":
      return answerJson(response, { ...goodAnswer(request), updated_state: { clusters: "none" } });
    case "stranger":
      return answerJson(response, { ...goodAnswer(request), session_id: "another" });
    case "cut":
      return void response.destroy();
    case "hang":
  }
}

function goodAnswer({ session_id, state }: ResolveRequest): ResolveAnswer {
  const heard = (state.clusters[0]?.sample_count ?? 0) + 1;
  return {
    session_id,
    cluster_id: "c1",
    speaker_name: null,
    decision: "auto",
    evidence: { segment_count: heard },
    updated_state: { ...state, clusters: [{ cluster_id: "c1", centroid: [0.5], sample_count: heard }] },
  };
}

function answerJson(response: ServerResponse, value: unknown): void {
  response.setHeader("content-type", "application/json").end(JSON.stringify(value));
}
