/** List prices of an hour of audio, counted from operations that were really made, beside those of a room that puts and then acks. */
import { setTimeout as sleep } from "node:timers/promises";
import * as z from "zod";
import type { Bench } from "../bench.ts";
import { contestantNamed, type ServerName } from "../contestants/contestants.ts";
import { startServer } from "../contestants/server.ts";
import { runLoad } from "../load/run-load.ts";
import { awakeHour, costOf, isObject, type Operations, operationsOf, pricePages, pricesReadOn } from "../prices.ts";
import type { FigureTable } from "../report/figure.ts";
import { short } from "../report/stats.ts";
import { archived } from "../rooms-state.ts";
import { sharedByMany } from "../million.ts";
import { finalizeSession } from "../../smoke/gateway-http.ts";

const meetings = 4;
/** After the opening, which happens once. */
const settledAfterS = 20;
const [shortSeconds, longSeconds] = [80, 600] as const;
/** For what is told after the end: webhooks, counts, the app. */
const afterEndMs = 15_000;
const countsSchema = z.object({
  gateway: z.record(z.string(), z.number()),
  app: z.record(z.string(), z.number()),
});

/** Counts as the meter names them. */
interface Counted {
  /** An hour of a live track, as it goes on. */
  readonly live: Readonly<Record<string, number>>;
  /** What the end of one meeting took. */
  readonly end: Readonly<Record<string, number>>;
}

export async function cost(bench: Bench): Promise<FigureTable[]> {
  const seconds = bench.options.isLong ? longSeconds : shortSeconds;
  // At the same time: what is counted is not a matter of time.
  const [counted, seeded] = await Promise.all([
    count(bench, "roomtone", seconds),
    count(bench, "put-then-ack", seconds),
  ]);
  const seed = operationsOf(seeded.live);
  const [ours, end] = [operationsOf(counted.live), operationsOf(counted.end)];
  const kinds = Object.keys(ours) as (keyof Operations)[];
  const amounts = kinds.map((kind) => ({
    operation: kind,
    roomtone: short(ours[kind]),
    "roomtone a chunk": short(ours[kind] / 3_600),
    "end of a meeting": short(end[kind]),
    "put-then-ack": short(seed[kind]),
  }));
  const [live, atEnd, seedLive] = [costOf(ours), costOf(end), costOf(seed)];
  const costs = Object.keys(live).map((kind) => ({
    "USD an audio hour": kind,
    roomtone: usd(live[kind] ?? 0),
    "end of a meeting": usd(atEnd[kind] ?? 0),
    "put-then-ack": usd(seedLive[kind] ?? 0),
  }));
  costs.push({
    "USD an audio hour": "all of these",
    roomtone: usd(total(live)),
    "end of a meeting": usd(total(atEnd)),
    "put-then-ack": usd(total(seedLive)),
  });
  return [
    {
      title: "Operations an hour of one live track, a room each",
      rows: amounts,
      notes: [
        `${meetings} meetings of one track, ${seconds} s at one chunk a second, of which the first ${settledAfterS} s are the opening and do not count; then finalized: the end is that of one such meeting, and reads each chunk once. Both Workers are counted.`,
      ],
    },
    {
      title: "List prices of an hour of one live track",
      rows: costs,
      notes: [
        `Beyond what is included; prices as of ${pricesReadOn}: ${pricePages.join(", ")}.`,
        `Duration is beside these: between nothing, where a room hibernates between chunks, and ${usd(awakeHour)} USD an hour where it never does. One room of 8 tracks has it once.`,
      ],
    },
    byClass(counted.live),
    byStatement(counted.live),
    sharedByMany(counted.live, counted.end),
  ];
}

/** Which objects write, wake and are asked: where the price is to be saved. */
function byClass(live: Readonly<Record<string, number>>): FigureTable {
  const names = [...new Set(Object.keys(live).map((key) => key.split(" ")[0] ?? ""))];
  const a = (who: string, what: string): number => (live[`${who} ${what}`] ?? 0) / 3_600;
  const rows = names
    .filter((name) => isObject(name))
    .toSorted((x, y) => a(y, "rows_written") - a(x, "rows_written"))
    .map((name) => ({
      "objects, a chunk": name,
      "rows written": short(a(name, "rows_written")),
      "alarms set": short(a(name, "alarms_set")),
      "alarms run": short(a(name, "alarms_run")),
      requests: short(a(name, "requests")),
      "rows read": short(a(name, "rows_read")),
    }));
  return { title: "By class of objects, a chunk of one live track", rows };
}

/** Less than this of a row a chunk is not worth a line. */
const leastRows = 0.01;
/** As the meter names what wrote rows: a class of objects, and the beginning of a statement. */
const written = /^(\S+) wrote (.+)$/;

/** Which statements the rows are of. */
function byStatement(live: Readonly<Record<string, number>>): FigureTable {
  const rows = Object.entries(live)
    .flatMap(([key, anHour]) => {
      const [, who, what] = written.exec(key) ?? [];
      const each = anHour / 3_600;
      return who === undefined || what === undefined || each < leastRows ? [] : [{ who, what, each }];
    })
    .toSorted((x, y) => y.each - x.each)
    .map(({ who, what, each }) => ({
      "objects, a chunk": who,
      "rows written": short(each),
      by: what.replaceAll("|", "\\|"),
    }));
  return { title: "By statement, a chunk of one live track", rows };
}

const usd = (value: number): string => value.toFixed(5);

function total(of: Readonly<Record<string, number>>): number {
  return Object.values(of).reduce((sum, each) => sum + each, 0);
}

async function count(bench: Bench, name: ServerName, seconds: number): Promise<Counted> {
  const { run } = bench;
  bench.progress(`Cost: ${seconds} s of live tracks`);
  const server = await startServer(run, name, {
    variables: { AUTH_MODE: "off", CAPTIONS: "off", RESOLVE_REVIEW: "off" },
    isCounted: true,
  });
  const contestant = contestantNamed(name);
  const sessions = bench.sessions(meetings);
  const tracks = sessions.map((session) => (contestant.isGateway ? { session, track: "mic" } : { session }));
  const read = async (): Promise<Record<string, number>> => {
    const answer = await fetch(`${server.url}/bench-counts`);
    const { gateway, app } = countsSchema.parse(await answer.json());
    return Object.fromEntries(
      [...new Set([...Object.keys(gateway), ...Object.keys(app)])].map((key) => [
        key,
        (gateway[key] ?? 0) + (app[key] ?? 0),
      ]),
    );
  };
  const drive = { kind: "schedule", everyMs: 1_000, warmUpMs: 0 } as const;
  const loaded = runLoad({ ...contestant, url: server.url, tracks, chunks: seconds, drive }, run.signal);
  const [settled] = await Promise.all([sleep(settledAfterS * 1_000).then(read), sleep(seconds * 1_000)]);
  const before = await read();
  await loaded;
  const live = scaled(before, settled, 3_600 / ((seconds - settledAfterS) * meetings));
  if (!contestant.isGateway) {
    await server.stop();
    return { live, end: {} };
  }
  await archived(server.url, sessions);
  const atEnd = await read();
  for (const sessionId of sessions)
    await finalizeSession({ baseHttp: new URL(`${server.url}/`), sessionId }, { mic: seconds });
  await sleep(afterEndMs);
  const end = scaled(await read(), atEnd, 1 / meetings);
  await server.stop();
  return { live, end };
}

function scaled(
  after: Readonly<Record<string, number>>,
  before: Readonly<Record<string, number>>,
  by: number,
): Record<string, number> {
  return Object.fromEntries(Object.entries(after).map(([key, then]) => [key, (then - (before[key] ?? 0)) * by]));
}
