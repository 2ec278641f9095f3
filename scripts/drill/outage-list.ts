/** What a drill of outages takes away, how it is brought back, and where each is seen. */
import { execFileSync, spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { readdirSync, renameSync, rmSync, statfsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { fileURLToPath } from "node:url";
import type { createResultsClient } from "../../client/results/results-client.ts";
import type { Ready } from "../../schemas/http/health.ts";
import { Failure } from "../../schemas/lib/failure.ts";
import { storageFolder } from "../local/runtime.ts";
import { patiently } from "./patiently.ts";
import type { Receiver } from "./receiver.ts";

export interface Site {
  readonly url: string;
  readonly stateDir: string;
  readonly pager: Receiver;
  readonly hooks: Receiver;
  readonly speakers: SpeakerService;
  readonly client: ReturnType<typeof createResultsClient>;
}

type Signs = Readonly<Record<string, () => Promise<boolean>>>;

export interface Outage {
  readonly what: string;
  readonly breakIt: () => Promise<void>;
  readonly mend: () => Promise<void>;
  /** By where it is looked for. */
  readonly seen: Signs;
  readonly over: Signs;
}

/** So much of what is free is taken, where the disk is filled; the alert comes at a part of it. */
const [filled, alertedBelow] = [0.2, 0.9];

/** Sooner than in production, so that a drill takes minutes. */
export function alertThresholds(stateDir: string): Record<string, string> {
  const disk = String(Math.floor((freeBytes(stateDir) / 1e6) * alertedBelow));
  return { ALERT_ARCHIVE_BEHIND_S: "10", ALERT_INFERENCE_DOWN_S: "5", ALERT_DISK_FREE_MB: disk };
}

export function outagesOf(site: Site): Outage[] {
  return [speakersDead(site), storageGone(site), indexLocked(site), receiverDead(site), diskFills(site)];
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
      ...alerted(site, "archive_behind", "firing"),
    },
    over: {
      "/metrics": async () => (await metric(site, "roomtone_archive_oldest_pending_seconds")) < 5,
      ...alerted(site, "archive_behind", "resolved"),
    },
  };
}

/** As a backup or `sqlite3` locks it. Somebody goes on asking for what needs it. */
function indexLocked(site: Site): Outage {
  const folder = join(storageFolder(site.stateDir), "d1", "miniflare-D1DatabaseObject");
  const file = readdirSync(folder).find((name) => /^[0-9a-f]{64}\.sqlite$/.test(name));
  if (file === undefined) throw new Failure(`${folder} has no database.`);
  let lock: DatabaseSync | undefined;
  const list = async (): Promise<number> => (await fetch(`${site.url}/v1/sessions?limit=1`)).status;
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
      "/metrics": async () => {
        await Promise.all(Array.from({ length: 8 }, list));
        return (await metric(site, "roomtone_store_errors_total", 'store="d1"')) > 0;
      },
      ...alerted(site, "error_rate", "firing", async () => {
        // A share of all requests: who needs the list goes on asking.
        await Promise.all(Array.from({ length: 8 }, list));
      }),
    },
    over: {
      "a list": async () => (await list()) === 200,
      "/ready": async () => (await readyOf(site)).checks.index.status === "ok",
    },
  };
}

function receiverDead(site: Site): Outage {
  const { hooks, client } = site;
  const session = "hooked";
  return {
    what: "a webhook's receiver is dead",
    breakIt: async () => {
      await client.createSession({ session_id: session, webhook_url: hooks.url });
      await patiently("the first webhook arrives", async () => hooks.received.length > 0);
      await hooks.stop();
      await client.finalize(session);
    },
    mend: () => hooks.start(),
    seen: {
      "/metrics": async () => (await metric(site, "roomtone_webhooks_pending")) > 0,
      "its list": async () => (await client.deliveries(session)).some(({ state }) => state === "pending"),
    },
    over: {
      "the receiver": async () => hooks.received.some((body) => body.includes("session.finalized")),
      "/metrics": async () => (await metric(site, "roomtone_webhooks_pending")) === 0,
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

function alerted(
  { pager, url }: Site,
  alert: string,
  state: "firing" | "resolved",
  meanwhile: () => Promise<void> = () => Promise.resolve(),
): Signs {
  const before = pager.count(alert, state);
  return {
    [`alert ${alert} ${state}`]: async () => {
      // Whoever looks at an installation has it look at itself.
      await fetch(`${url}/admin/edge-health`);
      await meanwhile();
      return pager.count(alert, state) > before;
    },
  };
}

async function readyOf({ url }: Site): Promise<Ready> {
  return (await (await fetch(`${url}/ready`)).json()) as Ready;
}

async function metric({ url }: Site, name: string, label = ""): Promise<number> {
  const text = await (await fetch(`${url}/metrics`)).text();
  const line = text.split("\n").find((one) => one.startsWith(label === "" ? `${name} ` : `${name}{${label}`));
  return Number(line?.split(" ").at(-1) ?? 0);
}

/** The inference service in a process of its own, which resolves speakers; comes back at the same address. */
export class SpeakerService {
  #child: ChildProcess | undefined;
  #port = 0;

  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  async start(): Promise<void> {
    const main = fileURLToPath(new URL("../../server/inference/main.ts", import.meta.url));
    const child = spawn(process.execPath, [main, "--port", String(this.#port)], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    this.#child = child;
    let said = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => (said += text));
    await patiently("the inference service is ready", async () => {
      if (child.exitCode !== null) throw new Failure(`The inference service ended with ${child.exitCode}.`);
      return said.includes("ready ");
    });
    this.#port = Number(/ready http:\/\/[^:]+:(\d+)/.exec(said)?.[1]);
  }

  async stop(signal: NodeJS.Signals = "SIGTERM"): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, "exit");
    child.kill(signal);
    await ended;
  }
}
