/** Durable acks a second of clients that catch up: as many frames in flight as the server allows, one room or many. */
import { Failure } from "../../../schemas/lib/failure.ts";
import { atRest, type Bench } from "../bench.ts";
import { type Contestant, contestantNamed, contestants, nullRoom } from "../contestants/contestants.ts";
import type { FigureTable } from "../report/figure.ts";
import { median, ratiosOf, short, shortSpread, spreadOf, tail } from "../report/stats.ts";
import { archived } from "../rooms-state.ts";

interface Round {
  readonly perSecond: number;
  /** Until R2 has everything too; where nothing follows an ack, the same. */
  readonly sustained: number;
  readonly latenciesMs: readonly number[];
  /** The server's, until it was at rest, per minute of audio. */
  readonly cpuMs: number;
  readonly writtenMb: number;
  /** The load generator's share of a core. */
  readonly generatorShare: number;
}

const warmUpChunks = 60;
const minute = 60;

export async function acks(bench: Bench): Promise<FigureTable> {
  const chunks = bench.options.isLong ? 3_000 : 600;
  return measure(bench, contestants, { rooms: 1, chunks, title: "Acked chunks a second, one room that catches up" });
}

export async function rooms(bench: Bench): Promise<FigureTable> {
  const names = [nullRoom, "roomtone", "put-then-ack", "ws-fsync"].map(contestantNamed);
  const chunks = bench.options.isLong ? 200 : 30;
  return measure(bench, names, { rooms: 32, chunks, title: "Acked chunks a second, 32 rooms that catch up at once" });
}

/** Round by round over all contestants: whatever the machine does meanwhile, it does to all of them. */
async function measure(
  bench: Bench,
  all: readonly Contestant[],
  { rooms: count, chunks, title }: { rooms: number; chunks: number; title: string },
): Promise<FigureTable> {
  const rounds = new Map<string, Round[]>(all.map(({ name }) => [name, []]));
  for (const contestant of all) await one(bench, contestant, 1, warmUpChunks);
  for (let round = 1; round <= bench.options.rounds; round += 1)
    for (const contestant of all) {
      bench.progress(`${title}: ${contestant.name}, round ${round} of ${bench.options.rounds}`);
      rounds.get(contestant.name)?.push(await one(bench, contestant, count, chunks));
    }
  const ratesOf = (name: string): number[] => (rounds.get(name) ?? []).map(({ perSecond }) => perSecond);
  const rows = all.map(({ name, window }) => {
    const of = rounds.get(name) ?? [];
    const { p50, p99 } = tail(of.flatMap(({ latenciesMs }) => latenciesMs));
    const middle = (key: "cpuMs" | "writtenMb" | "sustained" | "generatorShare"): number =>
      median(of.map((each) => each[key]));
    return {
      contestant: name,
      window,
      "acks/s": short(spreadOf(ratesOf(name)).median),
      spread: shortSpread(spreadOf(ratesOf(name))),
      "of null room": short(ratiosOf(ratesOf(name), ratesOf(nullRoom)).median),
      "of put-then-ack": short(ratiosOf(ratesOf(name), ratesOf("put-then-ack")).median),
      "in R2/s": short(middle("sustained")),
      "ack p50 ms": short(p50),
      "ack p99 ms": short(p99),
      "CPU ms/audio min": short(middle("cpuMs")),
      "MB written/audio min": short(middle("writtenMb")),
      "generator CPU": `${(100 * middle("generatorShare")).toFixed(0)} %`,
    };
  });
  const bars = all.map(({ name }) => {
    const { median: value, min, max } = ratiosOf(ratesOf(name), ratesOf(nullRoom));
    return { label: name, value, min, max };
  });
  const notes = [
    `${chunks} chunks a room and round, ${bench.options.rounds} rounds; medians, and ratios within a round.`,
  ];
  return { title, rows, bars, notes };
}

async function one(bench: Bench, contestant: Contestant, count: number, chunks: number): Promise<Round> {
  const server = await bench.server(contestant.server);
  const sessions = bench.sessions(count);
  const tracks = sessions.map((session) => (contestant.isGateway ? { session, track: "mic" } : { session }));
  const before = server.usage();
  const drive = { kind: "window", window: contestant.window } as const;
  const { acked, refused, unanswered, tookMs, latenciesMs, cpuMs } = await bench.load(contestant, {
    tracks,
    chunks,
    drive,
  });
  if (refused + unanswered > 0)
    throw new Failure(`${contestant.name} refused ${refused} chunks and left ${unanswered} without an answer.`);
  const perSecond = (acked / tookMs) * 1_000;
  let sustained = perSecond;
  if (contestant.isGateway) {
    const loadedAt = performance.now();
    await archived(server.url, sessions);
    sustained = (acked / (tookMs + performance.now() - loadedAt)) * 1_000;
  }
  await atRest(server);
  const after = server.usage();
  return {
    perSecond,
    sustained,
    latenciesMs,
    cpuMs: ((after.cpuMs - before.cpuMs) / acked) * minute,
    writtenMb: ((after.writtenBytes - before.writtenBytes) / 1e6 / acked) * minute,
    generatorShare: cpuMs / tookMs,
  };
}
