/** Plays one plan against the gateway, and checks every answer and the end of it against the model. */
import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { fetchResult, fetchState, type HttpTarget } from "../../../scripts/smoke/gateway-http.ts";
import { until } from "../../../client/testkit/until.ts";
import { ChaosAudio } from "./chaos-audio.ts";
import { ChaosCapture } from "./chaos-capture.ts";
import { ChaosConnection } from "./chaos-connection.ts";
import { ChaosResolves } from "./chaos-resolves.ts";
import type { ChaosWorld } from "./chaos-world.ts";
import { checkEnd, checkPromised, type Finished } from "./check-end.ts";
import { type Ask, type Plan, planSchedule, type Step } from "./plan.ts";
import { TrackModel } from "./track-model.ts";
import { hold, Violation } from "./violation.ts";

/** The archive's alarm comes up to 5 s after the last second; 10 s after it a local workerd evicts the room. */
const idleMs = 17_500;
const drainTimeoutMs = 20_000;
const finalizeTimeoutMs = 40_000;

export interface ScheduleReport {
  readonly seed: number;
  readonly steps: number;
  readonly keptSeconds: number;
}

/** @throws Error naming seed, rule and steps, where the room broke a rule or could not be asked. */
export async function runSchedule(world: ChaosWorld, seed: number): Promise<ScheduleReport> {
  const schedule = new Schedule(world, planSchedule(seed));
  try {
    return await schedule.run();
  } catch (cause) {
    const why = cause instanceof Violation ? cause.message : String(cause instanceof Error ? cause.stack : cause);
    throw new Error(`seed ${seed}: ${why}\n${schedule.log.join("\n")}`, { cause });
  } finally {
    await schedule.end();
  }
}

class Schedule {
  readonly log: string[] = [];
  readonly #world: ChaosWorld;
  readonly #plan: Plan;
  readonly #session: string;
  readonly #audio: ChaosAudio;
  readonly #models: Map<string, TrackModel>;
  readonly #resolves = new ChaosResolves();
  #capture: ChaosCapture | undefined;
  /** The newest connection of each track, and the one before it. */
  readonly #newest = new Map<string, ChaosConnection>();
  readonly #stale = new Map<string, ChaosConnection>();
  readonly #all: ChaosConnection[] = [];

  constructor(world: ChaosWorld, plan: Plan) {
    this.#world = world;
    this.#plan = plan;
    // A seed may be played again over the same state.
    this.#session = `chaos-${plan.seed}-${randomUUID().slice(0, 8)}`;
    this.#audio = new ChaosAudio(this.#session);
    this.#models = new Map(plan.tracks.map((track) => [track, new TrackModel(track)]));
  }

  async run(): Promise<ScheduleReport> {
    const { seed, steps } = this.#plan;
    for (const [index, step] of steps.entries()) {
      this.log.push(`${index} ${describeStep(step)}`);
      await this.#do(step);
      for (const connection of this.#all) connection.check();
    }
    const result = await fetchResult(this.#target);
    this.#resolves.check(result.state, result.events);
    if (this.#capture?.neverCame(result)) this.#models.delete(this.#capture.track);
    const kept = await checkEnd(this.#finished, result);
    for (const connection of this.#all) connection.check();
    for (const [digest, where] of kept) this.#world.noteKept(digest, where);
    return { seed, steps: steps.length, keptSeconds: kept.size };
  }

  async end(): Promise<void> {
    this.#world.setR2Down(false);
    for (const connection of this.#all) connection.cut(undefined);
    await this.#capture?.dispose();
  }

  get #target(): HttpTarget {
    return { baseHttp: new URL(`${this.#world.gateway.url}/`), sessionId: this.#session };
  }

  get #finished(): Finished {
    return {
      session: this.#session,
      models: [...this.#models.values()],
      audio: this.#audio,
      bucket: this.#world.bucket,
    };
  }

  async #do(step: Step): Promise<void> {
    switch (step.do) {
      case "connect":
        return this.#connect(step);
      case "send":
        this.#newest.get(step.track)?.send(step.asks);
        return step.settle ? this.#newest.get(step.track)?.settle() : undefined;
      case "send_stale":
        return this.#stale.get(step.track)?.send(step.asks);
      case "drop": {
        const connection = this.#newest.get(step.track);
        connection?.send(step.asks);
        connection?.cut(step.half);
        return void this.#newest.delete(step.track);
      }
      case "state":
        return this.#observeState();
      case "r2":
        return this.#world.setR2Down(step.isDown);
      case "resolve":
        this.#resolves.start(this.#target, step.asks);
        return step.settle ? this.#resolves.settle() : undefined;
      case "idle":
        await this.#settleAll();
        await this.#resolves.settle();
        await sleep(idleMs);
        return undefined;
      case "restart":
        return this.#restart(step);
      case "capture":
        return this.#startCapture(step);
      case "capture_kill":
        return this.#capture?.killAndRestart();
      case "finalize":
        return this.#finalize(step);
    }
  }

  async #connect({ track, encoding, hello }: Extract<Step, { do: "connect" }>): Promise<void> {
    const model = this.#models.get(track);
    if (!model) throw new Error(`no track ${track}`);
    const older = this.#newest.get(track);
    // Answers may still come for what the older one sent; which frames the room takes before the new one is open.
    older?.retire();
    if (older) this.#stale.set(track, older);
    const options = { wsUrl: this.#world.gateway.wsUrl, session: this.#session, encoding, model, audio: this.#audio };
    const connection = await ChaosConnection.open(options);
    this.#newest.set(track, connection);
    this.#all.push(connection);
    if (!hello) return;
    connection.send([{ kind: "hello" }]);
    await connection.settle();
  }

  async #observeState(): Promise<void> {
    await this.#settleAll();
    await this.#resolves.settle();
    const state = await fetchState(this.#target);
    this.#resolves.check(state.state);
    for (const [track, model] of this.#models) {
      const status = state.ingest_by_track[track];
      if (!status) {
        // Of a capture that is still starting, and of whoever has sent no frame that was accepted.
        if (!this.#plan.tracks.includes(track) || model.sure().length === 0) continue;
        throw new Violation(`state has no track ${track}`);
      }
      // Frames of a connection that was cut may come until another one has taken its track.
      model.observe(status, this.#newest.get(track)?.hasTaken === true);
    }
  }

  async #restart({ how, asks, settle }: Extract<Step, { do: "restart" }>): Promise<void> {
    this.#sendAll(asks);
    if (settle) await this.#settleAll();
    for (const connection of this.#newest.values()) connection.retire();
    this.#newest.clear();
    this.#stale.clear();
    this.#resolves.isGatewayDown = true;
    await this.#world.restart(how);
    await this.#resolves.settle();
    this.#resolves.isGatewayDown = false;
    this.#capture?.retarget(this.#world.gateway.url);
  }

  async #startCapture({ track, seconds }: Extract<Step, { do: "capture" }>): Promise<void> {
    const model = new TrackModel(track);
    this.#models.set(track, model);
    const { gateway } = this.#world;
    const { seed } = this.#plan;
    this.#capture = await ChaosCapture.start({ gatewayUrl: gateway.url, session: this.#session, seed, seconds, model });
  }

  async #finalize(step: Extract<Step, { do: "finalize" }>): Promise<void> {
    const { before, after, expect, drainFirst, captureFirst } = step;
    await this.#settleAll();
    if (captureFirst) await this.#capture?.ended();
    if (drainFirst) await this.#drained();
    this.#resolves.isFinalizing = true;
    for (const [track, model] of this.#models) {
      model.isFinalizing = true;
      const seq = expect[track];
      if (seq !== undefined) model.expected(seq);
    }
    this.#sendAll(before);
    const asked = this.#askFinalize(expect);
    this.#sendAll(after);
    if (!(await asked)) {
      // Answered "not yet": while R2 is down it can't be otherwise.
      this.#world.setR2Down(false);
      await until(async () => ((await this.#askFinalize(expect)) ? true : undefined), {
        what: "finalize to be done",
        timeoutMs: finalizeTimeoutMs,
      });
    }
    await this.#resolves.settle();
    await this.#capture?.stop();
    await checkPromised(this.#finished, "after finalize");
    this.#world.setR2Down(false);
    await this.#settleAll();
  }

  /** R2 gets everything without the client's help, and without finalize. */
  async #drained(): Promise<void> {
    await until(
      async () => {
        const { ingest_by_track: tracks } = await fetchState(this.#target);
        return Object.values(tracks).every((status) => status.archived_seq === status.last_seq) || undefined;
      },
      { what: "R2 to have everything", timeoutMs: drainTimeoutMs },
    );
    await checkPromised(this.#finished, "with archived_seq at last_seq");
  }

  /** @returns whether the session is finalized. */
  async #askFinalize(expect: Readonly<Record<string, number>>): Promise<boolean> {
    const url = new URL(`v1/sessions/${this.#session}/finalize`, this.#target.baseHttp);
    const headers = { "content-type": "application/json" };
    const signal = AbortSignal.timeout(finalizeTimeoutMs);
    const answer = await fetch(url, { method: "POST", headers, body: JSON.stringify({ expect }), signal });
    const text = await answer.text();
    hold(answer.status === 200 || answer.status === 202, `finalize was answered ${answer.status}: ${text}`);
    return answer.status === 200;
  }

  #sendAll(asks: Readonly<Record<string, readonly Ask[]>>): void {
    for (const [track, list] of Object.entries(asks)) this.#newest.get(track)?.send(list);
  }

  async #settleAll(): Promise<void> {
    for (const connection of this.#newest.values()) await connection.settle();
  }
}

/** One line, as short as it can tell everything. */
function describeStep(step: Step): string {
  const { do: what, ...rest } = step;
  return `${what} ${JSON.stringify(rest, (_key, value: unknown) => (isAsk(value) ? describeAsk(value) : value))}`;
}

function isAsk(value: unknown): value is Ask {
  return typeof value === "object" && value !== null && "kind" in value;
}

function describeAsk(ask: Ask): string {
  switch (ask.kind) {
    case "chunk":
      return `${ask.seq}${["", "*", "!"][ask.variant] ?? ""}`;
    case "bad":
      return `bad ${ask.bad} ${ask.seq}`;
    case "end":
      return `end ${ask.lastSeq} +${ask.padding}`;
    case "hello":
    case "status":
    case "ping":
      return ask.kind;
  }
}
