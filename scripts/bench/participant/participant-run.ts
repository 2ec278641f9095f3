/** What the room adds to a conversation with a model, each way, beside a connection to the same provider without it. */
import { writeFile } from "node:fs/promises";
import { cpus } from "node:os";
import { Failure } from "../../../schemas/lib/failure.ts";
import { percentile } from "../../cli/percentile.ts";
import type { CommandRun } from "../../cli/run-command.ts";
import { GatewayProcess } from "../../local/gateway-process.ts";
import { unlimited } from "../../local/unlimited.ts";
import { lookAtMachine } from "../reference.ts";
import { reasonsToDoubt } from "../report/verdict.ts";
import { BenchTalk, type Ways } from "./bench-talk.ts";
import { BenchModel } from "./model-server.ts";

export interface ParticipantOptions {
  readonly conversations: number;
  readonly seconds: number;
  /** A file for the figures. */
  readonly json?: string | undefined;
  /** On a busy machine too. */
  readonly anyway: boolean;
}

/** What it may add, ms. */
const most = { p50: 30, p99: 100 };
const warmUpMs = 5_000;
/** Over the machine's own loopback; longer is a machine that is busy. */
const mostDirectMs = 20;

/** Of what arrives over a direct connection. */
const leastShare = 0.98;

interface Figures {
  readonly p50: number;
  readonly p99: number;
  readonly count: number;
  readonly missing: number;
}

export async function participantBench(
  { conversations, seconds, json, anyway }: ParticipantOptions,
  { print, atEnd }: CommandRun,
): Promise<void> {
  const before = await lookAtMachine();
  const early = reasonsToDoubt([before]);
  if (early.length > 0 && !anyway)
    throw new Failure(`${early.join(" ")} Nothing would follow from a run: --anyway runs regardless.`);
  const talks = new Map<string, BenchTalk>();
  const model = await BenchModel.start(({ line, level, at }) => {
    const [way, number = ""] = line.split("-");
    const { toModel } = talks.get(number) ?? {};
    if (toModel) (way === "room" ? toModel.room : toModel.direct).arrived(level, at);
  });
  atEnd(() => model.stop());
  const live = { LIVE_MODEL: "google/bench", GOOGLE_BASE_URL: model.url, GOOGLE_API_KEY: "not-a-real-key" };
  const gateway = new GatewayProcess({ env: { ...unlimited, ...live } });
  atEnd(() => gateway.dispose());
  await gateway.start();
  for (let n = 0; n < conversations; n += 1) {
    const talk = new BenchTalk(gateway, model, n);
    talks.set(String(n), talk);
    await talk.join();
  }
  const all = [...talks.values()];
  const countFrom = performance.now() + warmUpMs;
  for (const { toModel, toPlayer } of all)
    for (const delays of [...Object.values(toModel), ...Object.values(toPlayer)]) delays.countFrom(countFrom);
  await Promise.all(all.map((talk) => talk.run(warmUpMs + seconds * 1_000)));
  for (const talk of all) await talk.leave();
  await gateway.dispose();
  const doubts = reasonsToDoubt([before, await lookAtMachine()]);

  const ways = {
    "voice in → provider": report(all.map(({ toModel }) => toModel)),
    "provider → player": report(all.map(({ toPlayer }) => toPlayer)),
  };
  print(`${conversations} conversations at once for ${seconds} s, on ${cpus().length} cores`);
  for (const [name, { direct, room, adds, ratio }] of Object.entries(ways)) {
    const missing = room.missing + direct.missing;
    print(`${name.padEnd(20)}  ${room.count} through the room, ${direct.count} beside it; ${missing} did not arrive`);
    print(`  direct              p50 ${direct.p50} ms  p99 ${direct.p99} ms`);
    print(`  through the room    p50 ${room.p50} ms  p99 ${room.p99} ms`);
    print(`  the room adds       p50 ${adds.p50} ms  p99 ${adds.p99} ms  (${ratio.p50} and ${ratio.p99} times)`);
  }
  const verdict = judge(doubts, Object.values(ways));
  print(verdict.text);
  if (json !== undefined) {
    const figures = { conversations, seconds, cores: cpus().length, most, ways, verdict };
    await writeFile(json, `${JSON.stringify(figures, null, 2)}\n`);
  }
}

type Report = ReturnType<typeof report>;

function report(all: readonly Ways[]) {
  const of = (way: keyof Ways): Figures => {
    const ms = all.flatMap((ways) => ways[way].ms);
    const missing = all.reduce((sum, ways) => sum + ways[way].missing, 0);
    return { p50: percentile(ms, 0.5), p99: percentile(ms, 0.99), count: ms.length, missing };
  };
  const [direct, room] = [of("direct"), of("room")];
  const adds = (p: "p50" | "p99"): number => Number((room[p] - direct[p]).toFixed(2));
  const times = (p: "p50" | "p99"): number => Number((room[p] / Math.max(0.01, direct[p])).toFixed(1));
  return {
    direct,
    room,
    adds: { p50: adds("p50"), p99: adds("p99") },
    ratio: { p50: times("p50"), p99: times("p99") },
  };
}

/** None where the machine was busy: a figure that says nothing is not compared. */
function judge(
  doubts: readonly string[],
  ways: readonly Report[],
): { readonly held: boolean | null; readonly text: string } {
  const slowest = Math.max(...ways.map(({ direct }) => direct.p99));
  const busy = [
    ...doubts,
    ...(slowest > mostDirectMs ? [`A direct connection took ${slowest} ms (p99) over the loopback.`] : []),
  ];
  if (busy.length > 0) return { held: null, text: `The machine is busy, no conclusion. ${busy.join(" ")}` };
  const isWhole = ways.every(({ direct, room }) => room.count > 0 && room.count >= leastShare * direct.count);
  if (!isWhole)
    return { held: false, text: "Too much did not arrive through the room: its delays are those of the rest." };
  const held = ways.every(({ adds }) => adds.p50 <= most.p50 && adds.p99 <= most.p99);
  return {
    held,
    text: `At most ${most.p50} ms (p50) and ${most.p99} ms (p99) are added: ${held ? "held" : "missed"}.`,
  };
}
