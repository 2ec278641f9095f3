/** A room that nobody spoke to for a while: how long it takes to answer, and to ack; and a client that comes back after ten minutes. */
import { setTimeout as sleep } from "node:timers/promises";
import { archived } from "../rooms-state.ts";
import type { Bench } from "../bench.ts";
import { contestantNamed } from "../contestants/contestants.ts";
import type { FigureTable } from "../report/figure.ts";
import { short, shortSpread, spreadOf } from "../report/stats.ts";

/** The runtime puts an object away after ten seconds without work. */
const quietMs = 15_000;
const rooms = 9;
const [keptChunks, missedChunks] = [60, 600] as const;

export async function wake(bench: Bench): Promise<FigureTable> {
  const roomtone = contestantNamed("roomtone");
  const { url } = await bench.server(roomtone.server);
  const sessions = bench.sessions(rooms);
  bench.progress("Wake: rooms that are quiet for 15 s");
  const tracks = sessions.map((session) => ({ session, track: "mic" }));
  const drive = { kind: "window", window: roomtone.window } as const;
  await bench.load(roomtone, { tracks, chunks: keptChunks, drive });
  await archived(url, sessions);
  await sleep(quietMs);
  const [first, second]: [number[], number[]] = [[], []];
  for (const session of sessions) {
    first.push(await stateMs(url, session));
    second.push(await stateMs(url, session));
  }
  const idle = await bench.load(roomtone, {
    tracks: bench.sessions(rooms).map((session) => ({ session, track: "mic" })),
    chunks: 2,
    drive: { kind: "schedule", everyMs: quietMs, warmUpMs: quietMs },
  });
  return {
    title: "A room that was quiet for 15 s",
    rows: [
      row("ms", "GET /state, the first", first),
      row("ms", "GET /state, right after it", second),
      row("ms", "ack of a chunk on an open connection", idle.latenciesMs),
    ],
    notes: [`${rooms} rooms of ${keptChunks} chunks. The runtime puts an object away after ten seconds without work.`],
  };
}

function row(unit: "ms" | "s", what: string, values: readonly number[]): FigureTable["rows"][number] {
  const spread = spreadOf(values);
  return { what, [`median ${unit}`]: short(spread.median), spread: shortSpread(spread) };
}

async function stateMs(url: string, session: string): Promise<number> {
  const startedAt = performance.now();
  const answer = await fetch(`${url}/v1/sessions/${session}/state`);
  await answer.arrayBuffer();
  return performance.now() - startedAt;
}

/** Ten minutes of a track that its client kept while it was offline: from the connection to the last ack, and to R2. */
export async function resume(bench: Bench): Promise<FigureTable> {
  const roomtone = contestantNamed("roomtone");
  const { url } = await bench.server(roomtone.server);
  const drive = { kind: "window", window: roomtone.window } as const;
  const [acked, inR2]: [number[], number[]] = [[], []];
  for (let round = 1; round <= bench.options.rounds; round += 1) {
    bench.progress(`Resume: round ${round} of ${bench.options.rounds}`);
    const sessions = bench.sessions(1);
    const tracks = sessions.map((session) => ({ session, track: "mic" }));
    await bench.load(roomtone, { tracks, chunks: keptChunks, drive });
    await archived(url, sessions);
    const { openMs, tookMs } = await bench.load(roomtone, {
      tracks,
      chunks: missedChunks,
      firstSeq: keptChunks + 1,
      drive,
    });
    const ackedAt = performance.now();
    await archived(url, sessions);
    acked.push((openMs + tookMs) / 1_000);
    inR2.push((openMs + tookMs + performance.now() - ackedAt) / 1_000);
  }
  return {
    title: "A client that was offline for ten minutes, one track",
    rows: [row("s", "all is acked", acked), row("s", "all is in R2", inR2)],
    notes: [
      `${missedChunks} chunks in a window of ${roomtone.window}, from the connection on; the rate is not capped.`,
    ],
  };
}
