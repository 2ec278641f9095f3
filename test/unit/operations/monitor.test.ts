import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { TelemetryBatch } from "../../../schemas/telemetry.ts";
import { exposition } from "../../../server/app/operations/exposition.ts";
import { MonitorWorld as World } from "./support/monitor-world.ts";

const totals = (kept: number, archived = kept) => ({ kept, duplicate: 0, rejected: 0, archived });

beforeEach(() => {
  for (const name of ["log", "warn", "error"] as const) vi.spyOn(console, name).mockImplementation(() => undefined);
});
afterEach(() => {
  vi.restoreAllMocks();
});

test("[Z5] what rooms count is summed up over all, each second once, though reports come twice, late, and after restarts", () => {
  const world = new World();
  world.report({ totals: totals(10) });
  world.report({ totals: totals(10) });
  world.report({ session_id: "m2", totals: totals(5) });
  world.restart();
  // A room that was killed before it knew that it had told.
  world.report({ totals: totals(14), told: totals(0) });
  expect(world.value("roomtone_chunks_kept_total")).toBe(19);
  expect(world.value("roomtone_chunk_bytes_kept_total")).toBe(19 * 32_000);
  world.report({ status: "finalized", totals: totals(20), told: totals(14) });
  expect(world.monitor.health().sums.open).toBe(1);
  // Its row is gone: what it was told before is in its report.
  world.report({ status: "finalized", totals: totals(21), told: totals(20) });
  expect(world.value("roomtone_chunks_kept_total")).toBe(26);
});

test("[Z5] a batch that comes again under its id counts once", () => {
  const world = new World();
  const batch = { id: "again", counts: [{ name: "roomtone_rate_limited_total", labels: [], value: 3 }] };
  for (const _ of [1, 2, 3]) world.take(batch);
  expect(world.value("roomtone_rate_limited_total")).toBe(3);
});

test("[Z6] archive_behind fires once when a second has waited too long, and resolves once; through a restart in between", async () => {
  const world = new World({ ALERT_ARCHIVE_BEHIND_S: "60" });
  world.report({ totals: totals(3, 0), pending_chunks: 3, oldest_pending_at: world.now });
  await world.pass(30);
  expect(world.notices()).toEqual([]);
  await world.pass(31);
  await world.pass(10);
  world.restart();
  await world.pass(10);
  expect(world.notices()).toEqual(["archive_behind firing"]);
  expect(world.monitor.health()).toMatchObject({
    alerts: [{ alert: "archive_behind" }],
    troubled: [{ session_id: "m1", pending_chunks: 3 }],
  });
  world.report({ totals: totals(3) });
  await world.pass(10);
  await world.pass(10);
  expect(world.notices()).toEqual(["archive_behind firing", "archive_behind resolved"]);
  expect(world.posted.every(({ headers }) => headers.get("authorization") === "Bearer pager-token")).toBe(true);
  // Nothing to look at: nobody is woken.
  expect(world.monitor.nextRunAt).toBeUndefined();
});

test("[Z6] error_rate goes by the requests of five minutes, of twenty at least, and is over when they are", async () => {
  const world = new World();
  world.requests("500", 19);
  await world.pass(5);
  expect(world.notices()).toEqual([]);
  world.requests("200", 60);
  await world.pass(5);
  expect(world.notices()).toEqual(["error_rate firing"]);
  await world.pass(400);
  expect(world.notices()).toEqual(["error_rate firing", "error_rate resolved"]);
});

test("[Z6] a receiver that is away is told later, in order, each under one id", async () => {
  const world = new World({ ALERT_INFERENCE_DOWN_S: "1" });
  world.answer = () => new Response(null, { status: 500 });
  world.report({ is_inference_down: true });
  await world.pass(5);
  world.report({ is_inference_down: false });
  await world.pass(5);
  expect(new Set(world.notices())).toEqual(new Set(["inference_down firing"]));
  world.answer = () => new Response(null, { status: 204 });
  await world.pass(60);
  expect(world.notices().slice(-2)).toEqual(["inference_down firing", "inference_down resolved"]);
  const ids = world.posted.map(({ headers }) => headers.get("webhook-id"));
  expect(new Set(ids).size).toBe(2);
});

test("[Z8] a drain gets lines in batches; one that is away costs the oldest beyond the bound, whose number is told", async () => {
  const world = new World({ LOG_DRAIN_URL: "https://drain.example", LOG_DRAIN_TOKEN: "drain-token" });
  const lines = (n: number, from = 0): TelemetryBatch["lines"] =>
    Array.from({ length: n }, (_, i) => ({ at: world.now, level: "info" as const, event: `e${from + i}` }));
  world.answer = () => new Response(null, { status: 503 });
  for (let n = 0; n < 6; n += 1) world.take({ lines: lines(1_000, n * 1_000) });
  await world.pass(1);
  expect(world.value("roomtone_log_lines_dropped_total")).toBe(1_000);
  expect(world.posted).toHaveLength(1);
  world.posted.length = 0;
  world.answer = () => new Response(null, { status: 200 });
  await world.pass(120);
  const said = world.posted.flatMap(({ body }) =>
    body
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as object),
  );
  expect(said).toHaveLength(5_001);
  expect(said[0]).toMatchObject({ event: "log_drain.dropped", lines: 1_000 });
  expect(said.slice(1).map((line) => (line as { event: string }).event)).toEqual(
    lines(5_000, 1_000).map(({ event }) => event),
  );
  expect(world.posted[0]?.headers.get("authorization")).toBe("Bearer drain-token");
});

test("[Z5] the number of series is bounded, whatever is counted", () => {
  const world = new World();
  for (let n = 0; n < 6; n += 1) {
    const counts = Array.from({ length: 1_000 }, (_, i) => ({
      name: "roomtone_refusals_total",
      labels: [`c${n * 1_000 + i}`],
      value: 1,
    }));
    world.take({ counts });
  }
  expect(world.monitor.health().samples).toHaveLength(5_000);
});

test("[Z5] the exposition keeps to the published grammar, and its buckets grow", () => {
  const world = new World();
  world.requests('2"0\\0\n', 2);
  world.take({
    counts: [
      { name: "roomtone_ack_seconds_bucket", labels: ["0.01"], value: 3 },
      { name: "roomtone_ack_seconds_bucket", labels: ["+Inf"], value: 1 },
      { name: "roomtone_ack_seconds_sum", labels: [], value: 70.5 },
    ],
  });
  const text = exposition(world.monitor.health().samples);
  const sample =
    /^[a-zA-Z_:][\w:]*(\{[a-zA-Z_]\w*="(?:[^"\\\n]|\\["\\n])*"(,[a-zA-Z_]\w*="(?:[^"\\\n]|\\["\\n])*")*\})? (-?[\d.]+(e[+-]?\d+)?|[+-]Inf|NaN)$/;
  const comment = /^# (HELP|TYPE) [a-zA-Z_:][\w:]* .+$/;
  expect(text.endsWith("\n")).toBe(true);
  for (const line of text.trimEnd().split("\n")) expect(line).toMatch(line.startsWith("#") ? comment : sample);
  expect(text).toContain('roomtone_http_requests_total{route="getState",status="2\\"0\\\\0\\n"} 2');
  expect(text).toContain('roomtone_ack_seconds_bucket{le="0.005"} 0\nroomtone_ack_seconds_bucket{le="0.01"} 3');
  expect(text).toContain(
    'roomtone_ack_seconds_bucket{le="+Inf"} 4\nroomtone_ack_seconds_sum 70.5\nroomtone_ack_seconds_count 4',
  );
});
