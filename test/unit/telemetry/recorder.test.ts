import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { TelemetryBatch } from "../../../schemas/telemetry.ts";
import { telemetryBatchSchema, telemetryLimits } from "../../../schemas/telemetry.ts";
import { log } from "../../../server/shared/telemetry/log.ts";
import {
  closeOutlet,
  observe,
  openOutlet,
  type Recorder,
  recorderTimings,
} from "../../../server/shared/telemetry/recorder.ts";

class World {
  now = 0;
  isDown = false;
  readonly sent: TelemetryBatch[] = [];
  readonly work: Promise<unknown>[] = [];
  /** Those who sleep, each with what wakes it. */
  readonly #sleeping: (() => void)[] = [];
  readonly recorder: Recorder;

  constructor() {
    this.recorder = openOutlet({
      now: () => this.now,
      sleep: () => new Promise((resolve) => this.#sleeping.push(resolve)),
      keepAlive: (work) => this.work.push(work),
      send: async (batch) => {
        this.sent.push(batch);
        if (this.isDown) throw new Error("down");
      },
    });
  }

  get timers(): number {
    return this.#sleeping.length;
  }

  async pass(ms: number): Promise<void> {
    this.now += ms;
    for (const wake of this.#sleeping.splice(0)) wake();
    await Promise.all(this.work.splice(0));
  }

  totals(): Record<string, number> {
    const sums: Record<string, number> = {};
    for (const { name, labels, value } of this.sent.flatMap(({ counts }) => counts)) {
      const key = [name, ...labels].join(" ");
      sums[key] = (sums[key] ?? 0) + value;
    }
    return sums;
  }
}

beforeEach(() => {
  for (const name of ["log", "warn", "error"] as const) vi.spyOn(console, name).mockImplementation(() => undefined);
});
afterEach(() => {
  closeOutlet();
  vi.restoreAllMocks();
});

test("[Z5] lines and what they count as are handed on together, once in a while, however many there are", async () => {
  const world = new World();
  const request = { route: "getState", status: 200, duration_ms: 7 };
  for (let n = 0; n < 10; n += 1) log.info("cf_request", request);
  log.warn("cf_request", { ...request, status: 429, code: "rate_limited" });
  expect(world.timers).toBe(1);
  await world.pass(recorderTimings.gatherMs);
  expect(world.sent).toHaveLength(1);
  expect(world.sent[0]?.lines).toHaveLength(11);
  expect(telemetryBatchSchema.parse(world.sent[0])).toEqual(world.sent[0]);
  expect(world.totals()).toMatchObject({
    "roomtone_http_requests_total getState 200": 10,
    "roomtone_http_requests_total getState 429": 1,
    roomtone_rate_limited_total: 1,
    "roomtone_refusals_total rate_limited": 1,
    "roomtone_http_request_seconds_bucket 0.01": 11,
    "roomtone_log_lines_total info": 10,
  });
});

test("[Z5] a model's call counts its tokens, seconds and cost; what no label may hold is in none", async () => {
  const world = new World();
  const call = {
    model: "openai/x",
    status: "ok",
    duration_ms: 900,
    input_tokens: 10,
    output_tokens: 5,
    audio_ms: 2_000,
  };
  log.info("model_infer_stop", { ...call, cost_nano_usd: 2_000_000, session_id: "m1", trace_id: "t1" });
  observe("roomtone_ack_seconds", 0.2);
  await world.pass(recorderTimings.gatherMs);
  expect(world.totals()).toMatchObject({
    "roomtone_model_calls_total openai/x ok": 1,
    "roomtone_model_tokens_total openai/x input": 10,
    "roomtone_model_audio_seconds_total openai/x": 2,
    "roomtone_model_cost_usd_total openai/x": 0.002,
    "roomtone_ack_seconds_bucket 0.25": 1,
  });
  expect(JSON.stringify(world.sent[0]?.counts)).not.toMatch(/m1|t1/);
});

test("[Z5] a clock that is set back by an hour keeps nothing back for that hour", async () => {
  const world = new World();
  world.now = 3_600_000;
  world.isDown = true;
  log.info("one");
  await world.pass(recorderTimings.gatherMs);
  world.isDown = false;
  world.now -= 3_600_000;
  log.info("two");
  await world.pass(recorderTimings.gatherMs);
  await world.pass(recorderTimings.gatherMs);
  expect(world.sent.slice(1).flatMap(({ lines }) => lines.map(({ event }) => event))).toEqual(["one", "two"]);
});

test("[Z5] who does not take a batch gets it again under its id, after a rest; nothing that comes meanwhile is lost, and what is too much is counted", async () => {
  const world = new World();
  world.isDown = true;
  log.info("one");
  await world.pass(recorderTimings.gatherMs);
  for (let n = 0; n < telemetryLimits.maxLines + 5; n += 1) log.info("many");
  await world.pass(recorderTimings.gatherMs);
  // Left alone.
  expect(world.sent).toHaveLength(1);
  world.isDown = false;
  world.now += recorderTimings.restMs;
  log.info("late");
  await world.pass(recorderTimings.gatherMs);
  await world.pass(recorderTimings.gatherMs);
  const [first, again, rest] = world.sent;
  expect(again?.id).toBe(first?.id);
  expect(rest?.lines).toHaveLength(telemetryLimits.maxLines);
  expect(rest?.counts).toContainEqual({ name: "roomtone_log_lines_dropped_total", labels: ["isolate"], value: 6 });
  expect(rest?.counts).toContainEqual({
    name: "roomtone_log_lines_total",
    labels: ["info"],
    value: telemetryLimits.maxLines + 6,
  });
});

test("[Z5] a timer that died with its request is set again by the next one", async () => {
  const world = new World();
  log.info("one");
  world.now += recorderTimings.lostMs;
  log.info("two");
  expect(world.timers).toBe(2);
});
