/**
 * A meeting with a long log, made in a minute: a track is streamed at full speed and resolved by a service of this process
 * that hears a new speaker every few milliseconds, up to 1,000 stretches a window; utterances come 500 a request, some of them
 * revised; then people correct turns and name speakers. Three events of ten are stretches, the rest are utterances.
 */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { stampedSecond } from "../../client/testkit/stamped-second.ts";
import { streamTrack } from "../../client/testkit/track-stream.ts";
import { until } from "../../client/testkit/until.ts";
import { Failure } from "../../schemas/lib/failure.ts";
import { limits } from "../../schemas/limits.ts";
import type { ResolveAnswer, ResolveRequest } from "../../schemas/speech/speakers.ts";
import type { CommandRun } from "../cli/run-command.ts";
import { fetchState, type HttpTarget } from "../smoke/gateway-http.ts";

const windowChunks = 10;
const windowMs = windowChunks * 1_000;
const speakers = ["c1", "c2", "c3", "c4"] as const;
const corrections = 500;
const answerTimeoutMs = 120_000;
const resolveTimeoutMs = 300_000;
export const pastTrack = "past";

/** A speaker-resolve service that hears many short stretches. @returns its address. */
export async function startBusyService({ atEnd }: Pick<CommandRun, "atEnd">): Promise<string> {
  const server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on("data", (part: Buffer) => parts.push(part));
    request.on("end", () => {
      const asked = JSON.parse(Buffer.concat(parts).toString()) as ResolveRequest;
      response.setHeader("content-type", "application/json").end(JSON.stringify(answerTo(asked)));
    });
  });
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  atEnd(() => server.closeAllConnections());
  atEnd(() => server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

function answerTo({ session_id, state }: ResolveRequest): ResolveAnswer {
  const each = windowMs / limits.maxSegmentsPerAnswer;
  const segments = Array.from({ length: limits.maxSegmentsPerAnswer }, (_, index) => ({
    start_ms: index * each,
    end_ms: (index + 1) * each,
    cluster_id: speakers[index % speakers.length] ?? "c1",
  }));
  const centroid = Array.from({ length: 192 }, (_, index) => Math.sin(index));
  const clusters = speakers.map((cluster_id) => ({ cluster_id, centroid, sample_count: 1 }));
  const updated_state = { ...state, clusters };
  return { session_id, cluster_id: "c1", speaker_name: null, decision: "auto", evidence: {}, updated_state, segments };
}

/** Fills the log of a session that nobody used. @returns how many events it has. */
export async function fillLog(target: HttpTarget, events: number, { progress }: CommandRun): Promise<number> {
  await post(target, "", "POST", {
    session_id: target.sessionId,
    resolve: { auto: true, window_chunks: windowChunks },
  });
  const windows = Math.max(1, Math.floor((events * 0.3) / limits.maxSegmentsPerAnswer));
  const stream = { baseWs: new URL(target.baseHttp.href.replace(/^http/, "ws")), sessionId: target.sessionId };
  const seconds = windows * windowChunks;
  const how = { encoding: "msgpack", second: halfQuiet, resends: true, answerTimeoutMs } as const;
  await streamTrack({ ...stream, ...how, track: pastTrack, seconds });
  const isResolved = async (): Promise<true | undefined> => {
    const { event_count, ingest_by_track } = await fetchState(target);
    progress.update(event_count, events, `${event_count} events`);
    return ingest_by_track[pastTrack]?.resolved_seq === seconds || undefined;
  };
  await until(isResolved, { what: "all windows to be resolved", timeoutMs: resolveTimeoutMs });
  for (const [index, cluster] of speakers.entries()) {
    await post(target, `/bindings/${cluster}`, "PUT", { name: `Speaker ${index + 1}` });
  }
  await correctTurns(target);
  let count = (await fetchState(target)).event_count;
  for (let from = 0; count < events; from += limits.maxUtterancesPerRequest) {
    const utterances = Array.from({ length: Math.min(limits.maxUtterancesPerRequest, events - count) }, (_, index) =>
      utterance(from + index, seconds),
    );
    await post(target, "/utterances", "POST", { utterances });
    count += utterances.length;
    progress.update(count, events, `${count} events`);
  }
  return (await fetchState(target)).event_count;
}

/** A second that is loud and then quiet: audio without any pause would be taken for noise, and never be resolved. */
function halfQuiet(seq: number): Uint8Array {
  const bytes = stampedSecond(seq);
  const samples = new Int16Array(bytes.buffer);
  for (let at = samples.length / 2; at < samples.length; at += 1) samples[at] = (samples[at] ?? 0) / 100;
  return bytes;
}

/** Each tenth takes the place of the one before it. */
function utterance(n: number, seconds: number): object {
  const id = n % 10 === 9 ? n - 1 : n;
  const start_ms = (id * 37) % (seconds * 1_000);
  const text = `Sentence ${n} of a long meeting, about as long as people speak between two breaths, and no longer.`;
  return { utterance_id: `u${id}`, track: pastTrack, start_ms, end_ms: start_ms + 1_500, text };
}

async function correctTurns(target: HttpTarget): Promise<void> {
  const page = await fetch(new URL(`v1/sessions/${target.sessionId}/events?after=0&limit=1000`, target.baseHttp));
  const { events } = (await page.json()) as { events: { event_id: number; type: string; cluster_id?: string }[] };
  const turns = events.filter(({ type, cluster_id }) => type === "speaker.resolved" && cluster_id === "c1");
  for (const { event_id } of turns.slice(0, corrections)) {
    await post(target, `/turns/${event_id}`, "PATCH", { cluster_id: "c2" });
  }
}

async function post(target: HttpTarget, path: string, method: string, body: object): Promise<void> {
  const at = path === "" ? "v1/sessions" : `v1/sessions/${target.sessionId}${path}`;
  const init = { method, headers: { "content-type": "application/json" }, body: JSON.stringify(body) };
  const answer = await fetch(new URL(at, target.baseHttp), init);
  const text = await answer.text();
  if (!answer.ok) throw new Failure(`${method} ${at} was answered ${answer.status}: ${text.slice(0, 300)}`);
}
