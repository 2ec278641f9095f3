/** Drives rooms at full speed and says where the runtime's time goes: by Worker, by source, by function. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createServer } from "node:net";
import { once } from "node:events";
import { limits } from "../../schemas/limits.ts";
import type { Encoding } from "../../schemas/wire/codec.ts";
import type { CommandRun } from "../cli/run-command.ts";
import { runLoad } from "../bench/load/run-load.ts";
import { archived } from "../bench/rooms-state.ts";
import { benchFolder } from "../bench/bench-gateway.ts";
import type { LoadResult } from "../bench/load/job.ts";
import { startGateway } from "../local/gateway.ts";
import { workerBundle } from "../local/bundle/worker-bundle.ts";
import { unlimited } from "../local/unlimited.ts";
import { stopGateway, workerdPids } from "../local/workerd-processes.ts";
import { cpuMs } from "./cpu-time.ts";
import { type CpuProfile, filesOfBundle, sharesOf, type Share, timeOfOwners } from "./cpu-profile.ts";
import { openGatewayProfiler } from "./inspector.ts";

export interface ProfileOptions {
  /** Frames of each room. */
  readonly chunks: number;
  readonly rooms: number;
  readonly encoding: Encoding;
  readonly resolve: "on" | "off";
  /** What ends the profile: the last ack, or that all is in R2. */
  readonly until: "acked" | "archived";
  /** How many functions are listed. */
  readonly top: number;
  /** Where the gateway's profile is written, for a browser's DevTools. */
  readonly out?: string | undefined;
  /** Only the CPU time a chunk: a profile costs time itself. */
  readonly timeOnly: boolean;
}

const warmUpChunks = 200;
/** As the runtime calls the gateway's bundle, and where it is below the bundle's folder. */
const bundled = "roomtone/index.js";
/** Of all, below which a source is not listed. */
const leastShare = 0.002;

export async function profile(options: ProfileOptions, { print, atEnd, signal }: CommandRun): Promise<void> {
  const { chunks, rooms, encoding, resolve } = options;
  const inspectorPort = options.timeOnly ? undefined : await freePort();
  const variables = { AUTH_MODE: "off", ...unlimited, RESOLVE_AUTO: resolve };
  const gateway = await startGateway({ port: 0, stateDir: benchFolder(), variables, inspectorPort });
  atEnd(() => stopGateway(gateway));
  const drive = { kind: "window", window: limits.maxInFlightFrames } as const;
  const load = (sessions: readonly string[], count: number): Promise<LoadResult> => {
    const tracks = sessions.map((session) => ({ session, track: "mic" }));
    return runLoad({ url: gateway.url, encoding, isGateway: true, tracks, chunks: count, drive }, signal);
  };
  await load(["warm-up"], warmUpChunks);
  const profiler = inspectorPort === undefined ? undefined : await openGatewayProfiler(inspectorPort);
  await profiler?.start();
  const before = cpuMs(workerdPids());
  const names = Array.from({ length: rooms }, (_, i) => `room-${i}`);
  const { acked, tookMs } = await load(names, chunks);
  const ackedMs = cpuMs(workerdPids()) - before;
  const untilAcked = options.until === "acked" ? await profiler?.stop() : undefined;
  await archived(gateway.url, names);
  const allMs = cpuMs(workerdPids()) - before;
  const total = chunks * rooms;
  print(`CPU of the runtime, ms a chunk: ${(allMs / total).toFixed(3)} until all is in R2,`);
  print(`  of which ${(ackedMs / total).toFixed(3)} until the last ack`);
  print(`acks a second, all rooms: ${((acked / tookMs) * 1_000).toFixed(0)} (with other work on the machine: fewer)`);
  if (!profiler) return;
  await report(untilAcked ?? (await profiler.stop()), total, options, print);
  profiler.close();
}

async function report(
  cpuProfile: CpuProfile,
  total: number,
  { top, out }: ProfileOptions,
  print: (line: string) => void,
): Promise<void> {
  if (out !== undefined) writeFileSync(out, JSON.stringify(cpuProfile));
  const { folder } = await workerBundle();
  const fileAt = filesOfBundle(readFileSync(join(folder, bundled), "utf8"));
  const inBundle = (url: string, at: number): string | undefined => (url === bundled ? fileAt(at) : undefined);
  const own = sharesOf(cpuProfile, inBundle);
  const all = sumOf(own);
  const line = (ms: number, text: string): void =>
    print(`${(ms / total).toFixed(3).padStart(8)} ${((100 * ms) / all).toFixed(1).padStart(5)} %  ${text}`);
  print("\nms a chunk in the gateway's Worker, by whose work it is, with what that calls of packages and the runtime:");
  line(all, "all");
  const byOwner = [...timeOfOwners(cpuProfile, inBundle, ownerOf)].toSorted((a, b) => b[1] - a[1]);
  for (const [owner, ms] of byOwner) if (ms > all * leastShare) line(ms, owner);
  print("\nms a chunk in the gateway's Worker, by source:");
  const bySource = [...Map.groupBy(own, ({ name }) => sourceOf(name))].map(
    ([source, of]) => [source, sumOf(of)] as const,
  );
  for (const [source, ms] of bySource.toSorted((a, b) => b[1] - a[1])) if (ms > all * leastShare) line(ms, source);
  print("\nby function, on top of the stack (and anywhere on it):");
  for (const { name, selfMs, allMs } of own.slice(0, top)) line(selfMs, `(${(allMs / total).toFixed(3)})  ${name}`);
}

/** What counts, measures and tells is one (SPEC Z5), what everything is built of nobody's, and each other folder one of its own. */
function ownerOf(file: string): string | undefined {
  if (file.startsWith("server/gateway/telemetry/") || file.startsWith("server/shared/telemetry/")) return "telemetry";
  if (!file.startsWith("server/") || file.startsWith("server/shared/lib/")) return undefined;
  return file.split("/").slice(0, 3).join("/");
}

const sumOf = (shares: readonly Share[]): number => shares.reduce((sum, { selfMs }) => sum + selfMs, 0);

/** The folder that a function is of; a package by its name; what has no file is the runtime's. */
function sourceOf(name: string): string {
  const file = name.slice(name.lastIndexOf(" ") + 1);
  const module = /^node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(file)?.[1];
  if (module !== undefined) return `package ${module}`;
  return file.includes("/") ? file.split("/").slice(0, 3).join("/") : "the runtime";
}

async function freePort(): Promise<number> {
  const probe = createServer();
  probe.listen(0, "127.0.0.1");
  await once(probe, "listening");
  const address = probe.address();
  probe.close();
  await once(probe, "close");
  if (address === null || typeof address === "string") throw new Error("no port");
  return address.port;
}
