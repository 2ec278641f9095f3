/**
<<<<<<< HEAD:test/contract/operations.long.test.ts
 * An operator sees what breaks, and that it is over: R2's folder away and back, speaker resolve dead and back, a disk and a quota that
 * are nearly full. No alert is called by hand: what is broken is the thing itself.
=======
 * An operator sees what breaks, and that it is over: a database that is locked, R2's folder away and back, speaker resolve and a webhook's
 * receiver dead and back, a disk and a quota that are nearly full. Nothing is called by hand:
 * what is broken is the thing itself.
>>>>>>> bab2665 (A store that fails and a receiver that is away are told by alert where nothing else goes on; the drill of outages begins with a bad deploy, reads the log too and follows a trace):test/contract/operations.test.ts
 */
import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync, renameSync, rmSync, statfsSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { pcm } from "../../client/testkit/frames.ts";
import { until } from "../../client/testkit/until.ts";
import type { Ready } from "../../schemas/http/health.ts";
import { type EdgeHealth, edgeHealthSchema, traceAnswerSchema } from "../../schemas/http/telemetry.ts";
import { GatewayProcess, startTimeoutMs } from "../../scripts/local/gateway-process.ts";
import { unlimited } from "../../scripts/local/unlimited.ts";
import { newSession, postJson, send } from "../support/gateway-http.ts";
import { InferenceServer } from "../support/inference-server.ts";
import { TestClient } from "../support/ws-client.ts";
import { type ReceivedRequest, takeRequests } from "../support/request-taker.ts";

const inference = new InferenceServer();
await inference.start();
const pager = await takeRequests();
const drain = await takeRequests();
const trace = "4bf92f3577b34da6a3ce929d0e0e4736";

const { bavail, bsize } = statfsSync(tmpdir());
/** Far more than others write to the disk meanwhile. */
const freeMb = (bavail * bsize) / 1e6;

const gateway = new GatewayProcess({
  env: {
    ...unlimited,
    INFERENCE_BASE_URL: inference.url,
    ALERT_WEBHOOK_URL: pager.url,
    ALERT_WEBHOOK_TOKEN: "pager-token",
    ALERT_ARCHIVE_BEHIND_S: "5",
    ALERT_INFERENCE_DOWN_S: "1",
    ALERT_WEBHOOKS_FAILING_S: "1",
    WEBHOOK_SECRET: `whsec_${"A".repeat(43)}=`,
    ALERT_DISK_FREE_MB: String(Math.floor(freeMb * 0.9)),
    // A session takes 240 s of it at a time.
    AUDIO_QUOTA_S_PER_DAY: "2000",
    LOG_DRAIN_URL: drain.url,
  },
});
beforeAll(() => gateway.start(), startTimeoutMs + 5_000);
afterAll(async () => {
  await gateway.dispose();
  await Promise.all([inference.stop(), pager.stop(), drain.stop()]);
});

const notices = (received: readonly ReceivedRequest[], alert: string): string[] =>
  received
    .map(({ body }) => JSON.parse(body) as { alert: string; state: string })
    .filter((notice) => notice.alert === alert)
    .map(({ state }) => state);

async function health(): Promise<EdgeHealth> {
  return edgeHealthSchema.parse(JSON.parse((await send(gateway, "/admin/edge-health")).text));
}

async function metric(name: string): Promise<number | undefined> {
  const { text } = await send(gateway, "/metrics");
  const line = text.split("\n").find((one) => one.startsWith(`${name} `));
  return line === undefined ? undefined : Number(line.split(" ")[1]);
}

const range = (from: number, to: number): number[] => Array.from({ length: to - from + 1 }, (_, i) => from + i);
/** One second that an energy gate takes for speech: loud and quiet by turns. */
function spoken(seq: number): Uint8Array {
  const samples = new Int16Array(pcm(7, seq).buffer);
  return new Uint8Array(
    samples.map((sample, i) => Math.trunc(sample / (Math.floor(i / 1_600) % 2 === 1 ? 1_000 : 4))).buffer,
  );
}

const slow = { timeoutMs: 90_000 };

test("[Z6] the database is locked where nothing else goes on: /ready says so, and whoever polls it has an alert fire", async () => {
  const folder = join(gateway.stateDir, "v3/d1/miniflare-D1DatabaseObject");
  const file = readdirSync(folder).find((name) => /^[0-9a-f]{64}\.sqlite$/.test(name)) ?? "";
  const lock = new DatabaseSync(join(folder, file), { timeout: 10_000 });
  const index = async (): Promise<string | undefined> =>
    (JSON.parse((await send(gateway, "/ready")).text) as Ready).checks.index.status;
  try {
    lock.exec("PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE");
    await until(
      async () => {
        await index();
        await sleep(1_000);
        return notices(pager.received, "store_errors").includes("firing") || undefined;
      },
      { what: () => `the alert: ${gateway.output.slice(-2_000)}`, ...slow },
    );
    expect(await index()).toBe("down");
    const { alerts } = await health();
    expect(alerts.find(({ alert }) => alert === "store_errors")?.summary).toContain("calls of D1 failed");
    const { text } = await send(gateway, "/metrics");
    expect(text).toMatch(/^roomtone_store_errors_total\{store="d1"\} [1-9]/m);
  } finally {
    lock.close();
  }
  await until(async () => (await index()) === "ok" || undefined, { what: "the database to be back", ...slow });
}, 200_000);

test("[Z5] [Z6] R2's folder goes away and comes back: acks go on, health and metrics say so, an alert fires and resolves", async () => {
  const session = newSession();
  const capture = await TestClient.connect(gateway, { session });
  for (const seq of range(1, 3)) await capture.keep(seq);
  // A file where the folder was: nothing can be written there.
  const bucket = join(gateway.stateDir, "v3/r2/interview-feedback-results");
  await until(async () => (await metric("roomtone_chunks_archived_total")) === 3 || undefined, {
    what: "all in R2",
    ...slow,
  });
  renameSync(join(bucket, "blobs"), join(bucket, "away"));
  writeFileSync(join(bucket, "blobs"), "");
  for (const seq of range(4, 8)) await capture.keep(seq);
  await until(() => notices(pager.received, "archive_behind").includes("firing") || undefined, {
    what: () => `the alert that R2 is behind: ${gateway.output.slice(-2_000)}`,
    ...slow,
  });
  expect(await health()).toMatchObject({
    status: "alerting",
    archive: { pending_chunks: 5 },
    troubled: [{ tenant: "default", session_id: session, pending_chunks: 5 }],
  });
  expect(await metric("roomtone_archive_failures_total")).toBeGreaterThan(0);
  expect(await metric("roomtone_chunks_kept_total")).toBe(8);
  renameSync(join(bucket, "blobs"), join(bucket, "file"));
  renameSync(join(bucket, "away"), join(bucket, "blobs"));
  await until(() => notices(pager.received, "archive_behind").length === 2 || undefined, {
    what: "the end of it",
    ...slow,
  });
  expect(notices(pager.received, "archive_behind")).toEqual(["firing", "resolved"]);
  expect(pager.received.every(({ headers }) => headers.authorization === "Bearer pager-token")).toBe(true);
  await capture.leave();
}, 200_000);

test("[Z6] speaker resolve is dead and comes back: an alert fires and resolves, and nothing of it stays", async () => {
  await inference.stop();
  const session = newSession();
  const capture = await TestClient.connect(gateway, { session });
  for (const seq of range(1, 12)) await capture.keep(seq, { content: spoken(seq) });
  await until(() => notices(pager.received, "inference_down").includes("firing") || undefined, {
    what: "the alert",
    ...slow,
  });
  expect((await health()).inference.meetings_down).toBe(1);
  await inference.start();
  await until(() => notices(pager.received, "inference_down").includes("resolved") || undefined, {
    what: "its end",
    ...slow,
  });
  await capture.leave();
}, 200_000);

test("[Z7] [Z3] [Z4] [Z8] what happened to a meeting is one question: by its trace, in the file, and at the drain", async () => {
  const session = newSession();
  const headers = { traceparent: `00-${trace}-00f067aa0ba902b7-01` };
  await postJson(gateway, "/v1/sessions", { session_id: session }, headers);
  const capture = await TestClient.connect(gateway, { session });
  await capture.keep(1);
  await capture.leave();
  await postJson(gateway, `/v1/sessions/${session}/finalize`, {}, headers);
  const wanted = ["cf_request", "connection_opened", "connection_closed", "finalize_step"];
  const answer = await until(
    async () => {
      const { text } = await send(gateway, `/v1/sessions/${session}/trace`);
      const parsed = traceAnswerSchema.parse(JSON.parse(text));
      const events = new Set(parsed.lines.map(({ event }) => event));
      return wanted.every((event) => events.has(event)) ? parsed : undefined;
    },
    { what: "the meeting's lines", ...slow },
  );
  expect(answer.lines.filter(({ trace_id }) => trace_id === trace).map(({ event }) => event)).toContain(
    "finalize_step",
  );
  const file = readFileSync(join(gateway.stateDir, "logs/roomtone.jsonl"), "utf8");
  expect(file).toContain(trace);
  expect(gateway.output).not.toContain(" info cf_request");
  await until(() => drain.received.some(({ body }) => body.includes(trace)) || undefined, {
    what: "the drain",
    ...slow,
  });
  await send(gateway, `/v1/sessions/${session}`, { method: "DELETE" });
  await until(
    async () => {
      const { text } = await send(gateway, `/v1/sessions/${session}/trace`);
      return traceAnswerSchema.parse(JSON.parse(text)).lines.length === 0 || undefined;
    },
    { what: "a deleted meeting's lines to go", ...slow },
  );
}, 200_000);

test("[Z6] the disk fills up and has space again: an alert fires and resolves, and health says how much is left", async () => {
  const filler = join(gateway.stateDir, "filler");
  execFileSync("fallocate", ["-l", `${Math.ceil(freeMb * 0.2)}M`, filler]);
  try {
    await until(
      async () => {
        // Whoever looks at an installation has it look at its disk.
        await health();
        return notices(pager.received, "disk_near").includes("firing") || undefined;
      },
      { what: "the alert", ...slow },
    );
    expect((await health()).disk?.free_bytes).toBeLessThan(freeMb * 0.9e6);
  } finally {
    rmSync(filler);
  }
  await until(() => notices(pager.received, "disk_near").includes("resolved") || undefined, {
    what: "its end",
    ...slow,
  });
}, 200_000);

async function keepOne(session: string): Promise<void> {
  const capture = await TestClient.connect(gateway, { session });
  await capture.keep(1);
  await capture.leave();
}

test("[Z6] a tenant fills most of its quota of a day: an alert fires, and resolves when it has its audio back", async () => {
  const sessions = range(1, 5).map(() => newSession());
  for (const session of sessions) await keepOne(session);
  await until(() => notices(pager.received, "quota_near").includes("firing") || undefined, {
    what: "the alert",
    ...slow,
  });
  expect((await health()).quota?.percent).toBeGreaterThanOrEqual(80);
  for (const session of sessions) await send(gateway, `/v1/sessions/${session}`, { method: "DELETE" });
  // The tenant's next meeting hears how much is used now.
  await keepOne(newSession());
  await until(() => notices(pager.received, "quota_near").includes("resolved") || undefined, {
    what: "its end",
    ...slow,
  });
}, 300_000);

test("[Z6] a webhook's receiver is dead and comes back: an alert fires, and resolves once what waits is taken", async () => {
  const session = newSession();
  const hooks = await takeRequests();
  await hooks.stop();
  await postJson(gateway, "/v1/sessions", { session_id: session, webhook_url: hooks.url });
  const capture = await TestClient.connect(gateway, { session });
  let seq = 0;
  /** A room tells of itself after a second that it keeps. */
  const noticed = async (state: string): Promise<true | undefined> => {
    await capture.keep((seq += 1));
    await sleep(1_000);
    return notices(pager.received, "webhooks_failing").includes(state) || undefined;
  };
  await until(() => noticed("firing"), { what: "the alert", ...slow });
  const [, port] = /:(\d+)/.exec(hooks.url) ?? [];
  const back = await takeRequests({ port: Number(port) });
  try {
    await until(() => noticed("resolved"), { what: "its end", ...slow });
    expect(back.received.some(({ body }) => body.includes("session.created"))).toBe(true);
  } finally {
    await capture.leave();
    await back.stop();
  }
}, 200_000);
