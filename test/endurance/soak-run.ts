/**
 * A long meeting as fast as the gateway admits it, in tenths: at the end of each all tracks stand still at the same
 * second for a moment, and what the room costs is looked at.
 */
import { randomBytes } from "node:crypto";
import { limits } from "../../schemas/limits.ts";
import { setTimeout as sleep } from "node:timers/promises";
import type { SessionState } from "../../schemas/http/sessions.ts";
import { Failure } from "../../schemas/lib/failure.ts";
import { fetchResult, fetchState, finalizeSession, type HttpTarget } from "../../scripts/smoke/gateway-http.ts";
import { type HostileLoad, startHostileLoad } from "./hostile/hostile-load.ts";
import type { LongRun, LongRunReport } from "./long-run.ts";
import { percentile } from "../../scripts/cli/percentile.ts";
import { SidePace } from "./soak-pace.ts";
import { roomBytes, workerdBytes } from "../../scripts/bench/probe.ts";
import { reportSoak, type SoakTenth, tenthLine } from "./soak-report.ts";
import { unlimited } from "../../scripts/local/unlimited.ts";
import { stampedSecond } from "../../client/testkit/stamped-second.ts";
import { type StreamReport, streamTrack } from "../../client/testkit/track-stream.ts";

const tenths = 10;
/** On a busy machine a local workerd may leave a socket alone for half a minute. */
const answerTimeoutMs = 120_000;
const memoryEveryMs = 500;
const maxTries = 120;
const retryMs = 500;
/** The window of the slowest track, and as much again for the others. */
const lead = 2 * limits.maxInFlightFrames;

export interface SoakOptions {
  /** Of each track. */
  readonly seconds: number;
  readonly tracks: number;
  /** How long it takes at least. */
  readonly minutes: number;
  /** Whether it is attacked all the time. */
  readonly isHostile: boolean;
  /** 0 takes a free one. */
  readonly port: number;
}

/** @throws Failure when a second is not kept as it was sent. */
export async function runSoak(run: LongRun, options: SoakOptions): Promise<LongRunReport> {
  const startedAt = performance.now();
  const soak = new Soak(run, await run.startGateway(options.port, unlimited), options);
  const costs = await soak.stream();
  const { lines, isFlat } = reportSoak(costs, options.isHostile);
  const took = ((performance.now() - startedAt) / 1_000).toFixed(0);
  const end = `Finalized with coverage 1, hash chains as sent; ${took} s in all.`;
  return { lines: [...lines, "", end], isGood: isFlat };
}

class Soak {
  readonly #run: LongRun;
  readonly #seconds: number;
  readonly #tracks: readonly string[];
  readonly #target: HttpTarget;
  readonly #pace: SidePace;
  #acked = 0;
  /** Of the tenth that runs. */
  #ackMs: number[] = [];
  #memory: number[] = [];
  #hostile: HostileLoad | undefined;
  readonly #isHostile: boolean;

  constructor(run: LongRun, url: string, { seconds, tracks, minutes, isHostile }: SoakOptions) {
    this.#run = run;
    this.#isHostile = isHostile;
    this.#seconds = seconds;
    this.#tracks = Array.from({ length: tracks }, (_, index) => `track-${index + 1}`);
    this.#target = { baseHttp: new URL(`${url}/`), sessionId: `soak-${randomBytes(4).toString("hex")}` };
    this.#pace = new SidePace(this.#tracks, lead, (minutes * 60_000) / seconds);
    const frames = seconds * tracks;
    run.print(`${frames} frames, ${seconds} s of meeting in ${tracks} tracks, as fast as admitted, to ${url}`);
  }

  async stream(): Promise<SoakTenth[]> {
    const { href } = this.#target.baseHttp;
    const baseWs = new URL(href.replace(/^http/, "ws"));
    const startedAt = performance.now();
    const streams = Promise.all(
      this.#tracks.map((track) =>
        streamTrack({
          baseWs,
          sessionId: this.#target.sessionId,
          track,
          encoding: "msgpack",
          seconds: this.#seconds,
          second: stampedSecond,
          pace: this.#pace,
          resends: true,
          answerTimeoutMs,
          onAck: ({ ackMs }) => this.#noteAck(track, ackMs, startedAt),
        }),
      ),
    );
    const probe = setInterval(() => void workerdBytes().then((bytes) => this.#memory.push(bytes)), memoryEveryMs);
    if (this.#isHostile) this.#attack();
    const costs: SoakTenth[] = [];
    try {
      for (let tenth = 1; tenth <= tenths; tenth += 1) {
        const since = performance.now();
        await Promise.race([this.#pace.reach(Math.round((this.#seconds * tenth) / tenths)), streams]);
        costs.push(await this.#cost(performance.now() - since));
        this.#run.print(tenthLine(tenth, costs));
      }
    } finally {
      clearInterval(probe);
      const counts = await this.#hostile?.stop();
      if (counts !== undefined) this.#run.print(`What was done to it: ${counts}`);
    }
    await this.#checkKept(await streams);
    return costs;
  }

  #attack(): void {
    const { origin } = this.#target.baseHttp;
    this.#hostile = startHostileLoad(origin);
    this.#run.atEnd(async () => void (await this.#hostile?.stop()));
  }

  /** While all places may be taken, a request finds one after a while. */
  async #state(): Promise<SessionState> {
    for (let tries = 1; ; tries += 1) {
      try {
        return await fetchState(this.#target);
      } catch (cause) {
        if (!this.#isHostile || tries === maxTries) throw cause;
        await sleep(retryMs);
      }
    }
  }

  #noteAck(track: string, ackMs: number, startedAt: number): void {
    this.#acked += 1;
    this.#ackMs.push(ackMs);
    const total = this.#seconds * this.#tracks.length;
    const perSecond = Math.round((this.#acked / (performance.now() - startedAt)) * 1_000);
    this.#run.progress.update(this.#acked, total, `${this.#acked} of ${total} frames acked, ${perSecond} a second`);
    this.#pace.acked(track);
  }

  /** What the tenth that just ended cost. */
  async #cost(elapsedMs: number): Promise<SoakTenth> {
    const { ingest_by_track: status } = await this.#state();
    const pending = Object.values(status).map((track) => track.last_seq - track.archived_seq);
    const [ackMs, memory] = [this.#ackMs, this.#memory];
    this.#ackMs = [];
    this.#memory = [];
    const { onDisk, used } = await roomBytes(this.#run.stateDir);
    return {
      acked: this.#acked,
      perSecond: (ackMs.length / elapsedMs) * 1_000,
      sqliteBytes: onDisk,
      usedBytes: used,
      memoryBytes: percentile(memory.length > 0 ? memory : [await workerdBytes()], 0.5),
      ackMsP50: percentile(ackMs, 0.5),
      ackMsP99: percentile(ackMs, 0.99),
      pendingChunks: pending.reduce((sum, count) => sum + count, 0),
    };
  }

  /** Finalizes, and compares what the result says with what was sent. */
  async #checkKept(reports: readonly StreamReport[]): Promise<void> {
    const seconds = this.#seconds;
    await finalizeSession(this.#target, Object.fromEntries(reports.map(({ track }) => [track, seconds])));
    const result = await fetchResult(this.#target);
    if (result.coverage !== 1) throw new Failure(`The result has coverage ${result.coverage}; every second was acked.`);
    for (const { track, chainHead } of reports) {
      const audio = result.audio.find((entry) => entry.track === track);
      if (audio?.chunks !== seconds)
        throw new Failure(`The result has ${audio?.chunks ?? 0} seconds of ${track}; ${seconds} were acked.`);
      if (audio.chain_head !== chainHead)
        throw new Failure(`The hash chain of ${track} is not that of the seconds that were sent.`);
    }
  }
}
