/**
 * Live tracks: a chunk a second each, whatever the server does, more and more of them until acks come too late. Archive and resolve are
 * at work, and what is kept and not in R2 yet must not grow.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { atRest, type Bench } from "../bench.ts";
import { type Contestant, contestantNamed, nullRoom } from "../contestants/contestants.ts";
import type { LoadResult } from "../load/job.ts";
import type { FigureTable } from "../report/figure.ts";
import { short, tail } from "../report/stats.ts";
import { archived, pendingOf } from "../rooms-state.ts";

const levels = [25, 50, 100, 200, 400, 800] as const;
const maxP99Ms = 250;
const warmUpSeconds = 4;
const [shortSeconds, longSeconds] = [16, 600] as const;
/** Sessions that are asked for their backlog: asking all would be a load of its own. */
const asked = 8;
/** Of what came between the two looks, the share that may have stayed. */
const maxBacklogGrowth = 0.25;

interface Level {
  readonly tracks: number;
  readonly result: LoadResult;
  /** Chunks a track that R2 lacks, in the middle and at the end. */
  readonly backlog: readonly [number, number] | undefined;
  readonly cpuShare: number;
  readonly holds: boolean;
}

export async function live(bench: Bench): Promise<FigureTable[]> {
  const roomtone = contestantNamed("roomtone");
  return [
    await climb(bench, roomtone, { perRoom: 1, title: "Live tracks, a room each" }),
    await climb(bench, roomtone, { perRoom: 8, title: "Live tracks, 8 a room" }),
    await climb(bench, contestantNamed(nullRoom), { perRoom: 1, title: "Live tracks, the null room, a room each" }),
  ];
}

async function climb(
  bench: Bench,
  contestant: Contestant,
  { perRoom, title }: { perRoom: number; title: string },
): Promise<FigureTable> {
  const seconds = bench.options.isLong ? longSeconds : shortSeconds;
  const rows: FigureTable["rows"][number][] = [];
  for (const tracks of levels) {
    bench.progress(`${title}: ${tracks}`);
    // A gateway of its own: a hundred tracks that ended together a moment ago are another load.
    await bench.stopServers();
    const level = await measure(bench, contestant, { tracks, perRoom, seconds });
    rows.push(rowOf(level));
    if (!level.holds) break;
  }
  const notes = [
    `${seconds} s a level, of which ${warmUpSeconds} s do not count; latency from when a chunk was due. A level holds with a p99 of at most ${maxP99Ms} ms, nothing refused, and a backlog that does not grow.`,
  ];
  return { title, rows, notes };
}

async function measure(
  bench: Bench,
  contestant: Contestant,
  { tracks, perRoom, seconds }: { tracks: number; perRoom: number; seconds: number },
): Promise<Level> {
  const server = await bench.server(contestant.server);
  const sessions = bench.sessions(Math.ceil(tracks / perRoom));
  const streams = Array.from({ length: tracks }, (_, index) => {
    const session = sessions[Math.floor(index / perRoom)] ?? "";
    return contestant.isGateway ? { session, track: `mic-${index % perRoom}` } : { session };
  });
  const drive = { kind: "schedule", everyMs: 1_000, warmUpMs: warmUpSeconds * 1_000 } as const;
  const before = server.usage().cpuMs;
  const some = sessions.filter((_, index) => index % Math.ceil(sessions.length / asked) === 0);
  const loaded = bench.load(contestant, { tracks: streams, chunks: seconds, drive });
  const watched = contestant.isGateway ? backlogHalfway(server.url, some, loaded, seconds) : undefined;
  const result = await loaded;
  const middle = await watched;
  const cpuShare = (server.usage().cpuMs - before) / result.tookMs;
  const trackCount = Math.min(tracks, some.length * perRoom);
  const end = contestant.isGateway ? (await pendingIn(server.url, some)) / trackCount : 0;
  const backlog = middle === undefined ? undefined : ([middle / trackCount, end] as const);
  if (contestant.isGateway) await archived(server.url, sessions);
  await atRest(server);
  const grew = backlog !== undefined && backlog[1] - backlog[0] > (maxBacklogGrowth * seconds) / 2;
  const isLate = tail(result.latenciesMs).p99 > maxP99Ms;
  return { tracks, result, backlog, cpuShare, holds: !isLate && !grew && result.refused + result.unanswered === 0 };
}

async function pendingIn(url: string, sessions: readonly string[]): Promise<number> {
  const each = await Promise.all(sessions.map((session) => pendingOf(url, session)));
  return each.reduce((sum, pending) => sum + pending, 0);
}

/** Looks when half of the time is over; rooms of a load that failed before are not asked. */
async function backlogHalfway(
  url: string,
  sessions: readonly string[],
  loaded: Promise<LoadResult>,
  seconds: number,
): Promise<number | undefined> {
  const isOver = await Promise.race([
    loaded.then(
      () => true,
      () => true,
    ),
    sleep((seconds * 1_000) / 2, false),
  ]);
  return isOver ? undefined : pendingIn(url, sessions);
}

function rowOf({ tracks, result, backlog, cpuShare, holds }: Level): FigureTable["rows"][number] {
  const { p50, p99, p999 } = tail(result.latenciesMs);
  return {
    tracks,
    "p50 ms": short(p50),
    "p99 ms": short(p99),
    "p99.9 ms": short(p999),
    refused: result.refused,
    unanswered: result.unanswered,
    "backlog/track": backlog ? `${short(backlog[0])} → ${short(backlog[1])}` : "-",
    "server cores": short(cpuShare),
    "generator late p99 ms": short(tail(result.sendLateMs).p99),
    holds: holds ? "yes" : "no",
  };
}
