/** Drives connections: as many chunks in flight as the window holds, or each chunk at its time whatever the server does. */
import { setTimeout as sleep } from "node:timers/promises";
import type { LoadJob, LoadResult } from "./job.ts";
import { chunkFrame, loadSpeech } from "./frames.ts";
import { latencies, schedule } from "./schedule.ts";
import { LoadConnection } from "./connection.ts";

/** Chunks without an ack are waited for so long after the last send. */
const patienceMs = 20_000;
/** Connections opened at the same time. */
const openAtOnce = 16;
/** A timer's own grain: what is due within it is sent now. */
const grainMs = 0.5;

export async function driveLoad(job: LoadJob): Promise<LoadResult> {
  const connections = await prepared(job);
  const openedAt = performance.now();
  for (let at = 0; at < connections.length; at += openAtOnce)
    await Promise.all(connections.slice(at, at + openAtOnce).map((each) => each.open()));
  const openMs = performance.now() - openedAt;
  const cpuBefore = process.cpuUsage();
  const startedAt = performance.now();
  const sendLateMs: number[] = [];
  const dueMs: number[][] = connections.map(() => []);
  if (job.drive.kind === "window") {
    const { window } = job.drive;
    const sendOne = (index: number): void => {
      dueMs[index]?.push(performance.now() - startedAt);
      connections[index]?.sendNext();
    };
    for (const [index, connection] of connections.entries()) {
      connection.onAnswer = () => {
        if (connection.hasMore) sendOne(index);
      };
    }
    for (let at = 0; at < Math.min(window, job.chunks); at += 1) for (const index of connections.keys()) sendOne(index);
  } else {
    for (const { track, atMs } of schedule(connections.length, job.chunks, job.drive.everyMs)) {
      const waitMs = startedAt + atMs - performance.now();
      if (waitMs > grainMs) await sleep(waitMs);
      dueMs[track]?.push(atMs);
      connections[track]?.sendNext();
      sendLateMs.push(Math.max(0, performance.now() - startedAt - atMs));
    }
  }
  await Promise.race([Promise.all(connections.map((each) => each.done)), idleFor(connections, patienceMs)]);
  const cpu = process.cpuUsage(cpuBefore);
  const endMs = performance.now() - startedAt;
  const failure = connections.find((each) => each.failure !== undefined)?.failure;
  if (failure) throw failure;
  const answeredAt = connections.map((each) => each.ackedAt.map((at) => at && at - startedAt));
  const warmUpMs = job.drive.kind === "schedule" ? job.drive.warmUpMs : 0;
  const acked = answeredAt.flat().filter((at) => at !== undefined);
  for (const each of connections) each.close();
  const refused = connections.reduce((sum, each) => sum + each.refused, 0);
  return {
    acked: acked.length,
    refused,
    unanswered: connections.length * job.chunks - acked.length - refused,
    openMs,
    tookMs: acked.reduce((latest, at) => Math.max(latest, at), 0),
    latenciesMs: dueMs.flatMap((due, index) => latencies(due, answeredAt[index] ?? [], { endMs, warmUpMs })),
    sendLateMs,
    cpuMs: (cpu.user + cpu.system) / 1_000,
  };
}

/** With every frame encoded. */
async function prepared({
  url,
  encoding,
  isGateway,
  tracks,
  chunks,
  firstSeq = 1,
}: LoadJob): Promise<LoadConnection[]> {
  const speech = await loadSpeech(encoding);
  const capturedAt = Date.now() - chunks * 1_000;
  return tracks.map(({ session, track }, offset) => {
    const frames = Array.from({ length: chunks }, (_, index) =>
      chunkFrame(speech, encoding, {
        session,
        seq: firstSeq + index,
        at: capturedAt + index * 1_000,
        offset: offset * 7,
      }),
    );
    return new LoadConnection({ url, encoding, isGateway, session, track, frames });
  });
}

/** Ends when nothing came for so long. */
async function idleFor(connections: readonly LoadConnection[], patience: number): Promise<void> {
  const startedAt = performance.now();
  for (;;) {
    if (connections.some(({ failure }) => failure !== undefined)) return;
    const last = connections.reduce((latest, { lastAnswerAt }) => Math.max(latest, lastAnswerAt), startedAt);
    if (performance.now() - last > patience) return;
    await sleep(250, undefined, { ref: false });
  }
}
