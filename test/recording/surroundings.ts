/** What stands around the recorded gateway, on one port: a speaker-resolve service, and a backend that takes webhooks. */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { ResolveAnswer, ResolveRequest } from "../../schemas/speech/speakers.ts";
import { anyWebhookSchema, type WebhookPayload } from "../../schemas/webhooks.ts";

export interface Surroundings {
  readonly url: string;
  readonly webhooks: readonly WebhookPayload[];
  stop(): void;
}

/** The session for which the service is away. */
export const awaySession = "corridor-4";
/** The session whose audio the service refuses: its windows are given up. */
export const refusedSession = "standup-3";
/** The session whose requests the service fails on. */
export const failingSession = "retro-4";

const thresholds = { threshold_low: 0.45, threshold_high: 0.65, segment_count: 1 };
type Heard = Pick<ResolveAnswer, "cluster_id" | "speaker_name" | "decision"> & {
  readonly evidence: ResolveAnswer["evidence"];
  readonly centroid: number[];
};
/** Whom it hears in a window, by how many voices it knows. Centroids of a real service are longer. */
const heard: readonly Heard[] = [
  {
    cluster_id: "c1",
    speaker_name: "Ada Lovelace",
    decision: "auto",
    evidence: { sv_score: 0.31, ...thresholds, name_hit: "Ada", roster_hit: "Ada Lovelace" },
    centroid: [0.12, -0.4, 0.88, 0.07],
  },
  {
    cluster_id: "c2",
    speaker_name: "Grace Hopper",
    decision: "confirm",
    evidence: { sv_score: 0.52, ...thresholds },
    centroid: [-0.51, 0.33, 0.2, 0.64],
  },
  {
    cluster_id: "c3",
    speaker_name: null,
    decision: "unknown",
    evidence: { sv_score: 0.2, ...thresholds },
    centroid: [0.15, -0.35, 0.8, 0.1],
  },
];

const reviewed = [
  { start_ms: 300, end_ms: 4_900, speaker: "voice_1" },
  { start_ms: 5_000, end_ms: 9_900, speaker: "voice_2" },
];

function answer({ session_id, state }: ResolveRequest): ResolveAnswer {
  const { centroid, ...found } = heard[state.clusters.length % heard.length] ?? raise("nobody is heard");
  const { cluster_id, speaker_name, decision } = found;
  const isBound = decision === "auto" && speaker_name !== null;
  const others = state.clusters.filter((cluster) => cluster.cluster_id !== cluster_id);
  const cluster = { cluster_id, centroid, sample_count: 1, bound_name: isBound ? speaker_name : null };
  const bindings = isBound ? { ...state.bindings, [cluster_id]: speaker_name } : state.bindings;
  const segments = [{ start_ms: 300, end_ms: 900, cluster_id }];
  return { session_id, ...found, updated_state: { ...state, clusters: [...others, cluster], bindings }, segments };
}

/** Webhooks are answered 204, but for the first try of `session.finalized`: 500. */
export async function startSurroundings(): Promise<Surroundings> {
  const webhooks: WebhookPayload[] = [];
  const server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on("data", (part: Buffer) => parts.push(part));
    request.on("end", () => {
      // Whether it is there at all.
      if (request.method !== "POST") return void response.writeHead(405).end();
      // Samples: who speaks in all of a track.
      if (request.url?.startsWith("/speaker/review")) {
        response.setHeader("content-type", "application/json");
        return void response.end(JSON.stringify({ segments: reviewed }));
      }
      const body: unknown = JSON.parse(Buffer.concat(parts).toString());
      if (request.url?.startsWith("/webhooks")) {
        const webhook = anyWebhookSchema.parse(body);
        // That is about no session, and comes when it likes.
        if (webhook.type === "budget.reached") return void response.writeHead(204).end();
        const isFirst = webhook.type === "session.finalized" && !webhooks.some(({ type }) => type === webhook.type);
        webhooks.push(webhook);
        response.writeHead(isFirst ? 500 : 204).end();
        return;
      }
      const asked = body as ResolveRequest;
      if (asked.session_id === refusedSession) response.writeHead(422).end("no speech that it can use");
      else if ([failingSession, awaySession].includes(asked.session_id)) response.writeHead(500).end("it failed");
      else response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(answer(asked)));
    });
  });
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    webhooks,
    stop: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}

function raise(sentence: string): never {
  throw new Error(sentence);
}
