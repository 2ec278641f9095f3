/** What a drill of outages takes away, how it is brought back, and where each is seen. */
import { execFileSync } from "node:child_process";
import { readdirSync, renameSync, rmSync, statfsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import type { createResultsClient } from "../../client/results/results-client.ts";
import { Failure } from "../../schemas/lib/failure.ts";
import { storageFolder } from "../local/runtime.ts";
import { ask, patiently } from "./patiently.ts";
import type { Receiver } from "./receiver.ts";
import { alerted, logged, metric, readyOf, type Signs, type Watched } from "./signs.ts";
import type { SpeakerService } from "./speaker-service.ts";

export interface Site extends Watched {
  readonly hooks: Receiver;
  readonly speakers: SpeakerService;
  readonly client: ReturnType<typeof createResultsClient>;
}

export interface Outage {
  readonly what: string;
  readonly breakIt: () => Promise<void>;
  readonly mend: () => Promise<void>;
  /** By where it is looked for. */
  readonly seen: Signs;
  readonly over: Signs;
}

/** Its webhooks have nobody who takes them for a while; the trace is that of who ends it. */
export const [hookedSession, hookTrace] = ["hooked", "4bf92f3577b34da6a3ce929d0e0e4736"];
/** So much of what is free is taken, where the disk is filled; the alert comes at a part of it. */
const [filled, alertedBelow] = [0.2, 0.9];

/** Sooner than in production, so that a drill takes minutes. */
export function alertThresholds(stateDir: string): Record<string, string> {
  const disk = String(Math.floor((freeBytes(stateDir) / 1e6) * alertedBelow));
  const [ALERT_ARCHIVE_BEHIND_S, ALERT_INFERENCE_DOWN_S, ALERT_WEBHOOKS_FAILING_S] = ["10", "5", "5"];
  return { ALERT_ARCHIVE_BEHIND_S, ALERT_INFERENCE_DOWN_S, ALERT_WEBHOOKS_FAILING_S, ALERT_DISK_FREE_MB: disk };
}

export function outagesOf(site: Site): Outage[] {
  // The database before R2, whose failures count for the same alert.
  return [speakersDead(site), indexLocked(site), storageGone(site), receiverDead(site), diskFills(site)];
}

function speakersDead(site: Site): Outage {
  const { speakers } = site;
  return {
    what: "speaker resolve is dead (kill -9)",
    breakIt: () => speakers.stop("SIGKILL"),
    mend: () => speakers.start(),
    seen: {
      "/ready": async () => (await readyOf(site)).checks.inference.status === "down",
      "/metrics": async () => (await metric(site, "roomtone_inference_circuits_open")) > 0,
      ...logged(site, { event: "resolve.window_failed" }),
      ...alerted(site, "inference_down", "firing"),
    },
    over: {
      "/ready": async () => (await readyOf(site)).checks.inference.status === "ok",
      "/metrics": async () => (await metric(site, "roomtone_inference_circuits_open")) === 0,
      ...alerted(site, "inference_down", "resolved"),
    },
  };
}

/** A file where R2's folder was: nothing can be written there, or read. */
function storageGone(site: Site): Outage {
  const r2 = join(storageFolder(site.stateDir), "r2");
  const bucket = join(r2, readdirSync(r2).find((name) => !name.startsWith("miniflare")) ?? "");
  const [blobs, away] = [join(bucket, "blobs"), join(bucket, "away")];
  return {
    what: "R2 is gone (a file where its folder was)",
    breakIt: async () => {
      renameSync(blobs, away);
      writeFileSync(blobs, "");
    },
    mend: async () => {
      rmSync(blobs);
      renameSync(away, blobs);
    },
    seen: {
      "/metrics": async () => (await metric(site, "roomtone_archive_oldest_pending_seconds")) > 5,
      ...logged(site, { event: "archive.put_failed" }),
      ...alerted(site, "archive_behind", "firing"),
    },
    over: {
      "/metrics": async () => (await metric(site, "roomtone_archive_oldest_pending_seconds")) < 5,
      ...alerted(site, "archive_behind", "resolved"),
    },
  };
}

/** As a backup or `sqlite3` locks it. Nobody asks for anything but `/ready`. */
function indexLocked(site: Site): Outage {
  const folder = join(storageFolder(site.stateDir), "d1", "miniflare-D1DatabaseObject");
  const file = readdirSync(folder).find((name) => /^[0-9a-f]{64}\.sqlite$/.test(name));
  if (file === undefined) throw new Failure(`${folder} has no database.`);
  let lock: DatabaseSync | undefined;
  const list = async (): Promise<number> => (await ask(site.url, "/v1/sessions?limit=1")).status;
  return {
    what: "D1 is locked",
    breakIt: async () => {
      lock = new DatabaseSync(join(folder, file), { timeout: 10_000 });
      lock.exec("PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE");
    },
    mend: async () => lock?.close(),
    seen: {
      "a list": async () => (await list()) === 503,
      "/ready": async () => (await readyOf(site)).checks.index.status === "down",
      "/metrics": async () => (await metric(site, "roomtone_store_errors_total", 'store="d1"')) > 0,
      ...logged(site, { event: "ready.check_failed", check: "index" }),
      ...alerted(site, "store_errors", "firing", () => readyOf(site)),
    },
    over: {
      "a list": async () => (await list()) === 200,
      "/ready": async () => (await readyOf(site)).checks.index.status === "ok",
    },
  };
}

function receiverDead(site: Site): Outage {
  const { hooks, client } = site;
  const session = hookedSession;
  return {
    what: "a webhook's receiver is dead",
    breakIt: async () => {
      await client.createSession({ session_id: session, webhook_url: hooks.url });
      await patiently("the first webhook arrives", async () => hooks.received.length > 0);
      await hooks.stop();
      const headers = { "content-type": "application/json", traceparent: `00-${hookTrace}-00f067aa0ba902b7-01` };
      await ask(site.url, `/v1/sessions/${session}/finalize`, { method: "POST", headers, body: "{}" });
    },
    mend: () => hooks.start(),
    seen: {
      "/metrics": async () => (await metric(site, "roomtone_webhooks_pending")) > 0,
      ...logged(site, { event: "webhook", session_id: session, state: "pending" }),
      ...alerted(site, "webhooks_failing", "firing"),
      "its list": async () => (await client.deliveries(session)).some(({ state }) => state === "pending"),
    },
    over: {
      "the receiver": async () => hooks.received.some((body) => body.includes("session.finalized")),
      "/metrics": async () => (await metric(site, "roomtone_webhooks_pending")) === 0,
      ...alerted(site, "webhooks_failing", "resolved"),
    },
  };
}

function diskFills(site: Site): Outage {
  const filler = join(site.stateDir, "filler");
  const bytes = Math.ceil(freeBytes(site.stateDir) * filled);
  return {
    what: `the disk fills up (${Math.round(bytes / 1e9)} GB of it are taken)`,
    breakIt: async () => void execFileSync("fallocate", ["-l", String(bytes), filler]),
    mend: async () => rmSync(filler),
    seen: alerted(site, "disk_near", "firing"),
    over: alerted(site, "disk_near", "resolved"),
  };
}

function freeBytes(folder: string): number {
  const { bavail, bsize } = statfsSync(folder);
  return bavail * bsize;
}
