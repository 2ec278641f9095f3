/** A store that fails and a receiver that is away are seen and told, in an installation where nothing else goes on. */
import { readFileSync } from "node:fs";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { alertNames } from "../../../server/app/operations/alert-rules.ts";
import { exposition } from "../../../server/app/operations/exposition.ts";
import { countsOf } from "../../../server/shared/telemetry/counts.ts";
import { MonitorWorld } from "./support/monitor-world.ts";

beforeEach(() => {
  for (const name of ["log", "warn"] as const) vi.spyOn(console, name).mockImplementation(() => undefined);
});
afterEach(() => {
  vi.restoreAllMocks();
});

const failed = (world: MonitorWorld, store: string, value = 1): void =>
  world.take({ counts: [{ name: "roomtone_store_errors_total", labels: [store], value }] });

test("[Z6] store_errors fires where calls of one store fail, without a request or a meeting, and is over five minutes after the last", async () => {
  const world = new MonitorWorld();
  for (let n = 0; n < 4; n += 1) failed(world, "d1");
  failed(world, "kv", 2);
  await world.pass(5);
  expect(world.notices()).toEqual([]);
  failed(world, "d1");
  await world.pass(5);
  world.restart();
  await world.pass(5);
  expect(world.notices()).toEqual(["store_errors firing"]);
  expect(world.posted[0]?.body).toContain("5 calls of D1 failed");
  // Somebody looks again while it fires, since it must end though nothing is counted any more.
  expect(world.monitor.nextRunAt).toBeDefined();
  await world.pass(400);
  expect(world.notices()).toEqual(["store_errors firing", "store_errors resolved"]);
});

const storesOf = (check: string): (readonly string[])[] =>
  countsOf({ level: "warn", event: "ready.check_failed", check }).flatMap((count) =>
    "counter" in count && count.counter === "roomtone_store_errors_total" ? [count.labels] : [],
  );

test("[Z5] a look of /ready that fails is a failure of the store that it asked; what it asked of others is none", () => {
  expect(["index", "storage", "rooms", "inference", "app", "constructor"].map(storesOf)).toEqual([
    [["d1"]],
    [["r2"]],
    [["object"]],
    [],
    [],
    [],
  ]);
});

test("[Z5] counters that an alert goes by begin at 0: Prometheus sees no growth in a series that begins above it", () => {
  const world = new MonitorWorld();
  const shown = (): string[] =>
    exposition(world.monitor.health().samples)
      .split("\n")
      .filter((line) => line.startsWith("roomtone_store_errors_total{"));
  const none = ["d1", "kv", "object", "r2"].map((store) => `roomtone_store_errors_total{store="${store}"} 0`);
  expect(shown()).toEqual(none);
  failed(world, "r2", 3);
  expect(shown().toSorted()).toEqual([...none.slice(0, 3), 'roomtone_store_errors_total{store="r2"} 3']);
});

test("[Z6] webhooks_failing fires once nobody has taken a session's webhooks for long, and resolves when they are taken", async () => {
  const world = new MonitorWorld({ ALERT_WEBHOOKS_FAILING_S: "60" });
  const waiting = { status: "finalized" as const, webhooks_pending: 2, webhooks_failing: 1 };
  world.report(waiting);
  world.report({ session_id: "m2", webhooks_pending: 3 });
  await world.pass(50);
  expect(world.notices()).toEqual([]);
  world.report(waiting);
  world.restart();
  await world.pass(10);
  expect(world.notices()).toEqual(["webhooks_failing firing"]);
  expect(world.posted[0]?.body).toContain("Webhooks of 1 sessions");
  world.report({ status: "finalized" });
  await world.pass(5);
  expect(world.notices()).toEqual(["webhooks_failing firing", "webhooks_failing resolved"]);
});

test("[Z6] a session that is deleted, or whose room says nothing any more, has no webhooks that fail", async () => {
  const world = new MonitorWorld({ ALERT_WEBHOOKS_FAILING_S: "60" });
  world.report({ webhooks_pending: 1, webhooks_failing: 1 });
  world.monitor.forget("default", "m1");
  expect(world.monitor.health().states.webhooks_failing).toBe(0);
  world.report({ webhooks_pending: 1, webhooks_failing: 1 });
  world.report({ status: "deleted", webhooks_pending: 1, webhooks_failing: 1 });
  expect(world.monitor.health().states.webhooks_failing).toBe(0);
  world.report({ webhooks_pending: 1, webhooks_failing: 1 });
  await world.pass(901);
  expect(world.monitor.health().states.webhooks_failing).toBe(0);
});

const read = (path: string): string => readFileSync(new URL(`../../../${path}`, import.meta.url), "utf8");

test("[Z6] every alert is in the specification, with its variable among the documents, and in the runbook", () => {
  for (const path of ["schemas/SPEC.md", "docs/telemetry.md", "docs/runbook-workers.md"]) {
    const text = read(path);
    expect({ path, lacks: alertNames.filter((name) => !text.includes(`\`${name}\``)) }).toEqual({ path, lacks: [] });
  }
});
