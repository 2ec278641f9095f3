/**
 * What all schedules of a run share: one gateway as a person starts it, its R2 bucket read past it, and the ways to
 * harm both. Also the rooms' SQLite files, once the gateway has ended.
 */
import { existsSync, mkdirSync, readdirSync, renameSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { GatewayProcess } from "../../../scripts/local/gateway-process.ts";
import { type LocalBucket, openLocalBucket } from "../../../scripts/local/local-bucket.ts";
import { unlimited } from "../../../scripts/local/unlimited.ts";
import { ChaosInference, inferenceTimeoutMs } from "./chaos-inference.ts";
import type { RestartKind } from "./plan.ts";
import { hold, same, Violation } from "./violation.ts";

const roomsFolder = "v3/do/roomtone-MeetingSessionDO";
const bucketFolder = "v3/r2/interview-feedback-results";
const blobsFolder = "blobs-behind-the-link";
/** Can't be made a directory. */
const nowhere = "/dev/null/nowhere";

export class ChaosWorld {
  readonly gateway: GatewayProcess;
  readonly #inference: ChaosInference;
  /** Where each kept second belongs, by SHA-256: no two seconds of a run are alike. */
  readonly #kept = new Map<string, string>();
  #bucket: LocalBucket | undefined;
  #isR2Down = false;

  private constructor(inference: ChaosInference) {
    this.#inference = inference;
    const env = { ...unlimited, INFERENCE_BASE_URL: inference.url, INFERENCE_TIMEOUT_MS: String(inferenceTimeoutMs) };
    this.gateway = new GatewayProcess({ env });
  }

  static async start(): Promise<ChaosWorld> {
    const world = new ChaosWorld(await ChaosInference.start());
    try {
      world.#pointBlobsAt(blobsFolder);
      await world.gateway.start();
      world.#bucket = await openLocalBucket(world.gateway.stateDir);
    } catch (cause) {
      await world.dispose();
      throw cause;
    }
    return world;
  }

  get bucket(): LocalBucket {
    if (!this.#bucket) throw new Error("the world was not started");
    return this.#bucket;
  }

  /** Ends the gateway, and starts a new one on the same state. */
  async restart(how: RestartKind): Promise<void> {
    if (how === "rooms") return this.gateway.killWorkerd();
    if (how === "deploy") await this.gateway.stop();
    else await this.gateway.kill9();
    await this.gateway.start();
  }

  /** Makes every put fail, and heals it. */
  setR2Down(isDown: boolean): void {
    if (isDown !== this.#isR2Down) this.#pointBlobsAt(isDown ? nowhere : blobsFolder);
    this.#isR2Down = isDown;
  }

  /** R2's simulator keeps its blobs behind a link: turning that is one atomic step, whatever it writes just then. */
  #pointBlobsAt(target: string): void {
    const bucket = join(this.gateway.stateDir, bucketFolder);
    mkdirSync(join(bucket, blobsFolder), { recursive: true });
    symlinkSync(target, join(bucket, "link"));
    renameSync(join(bucket, "link"), join(bucket, "blobs"));
  }

  /** Notes a second that a finished schedule found kept, for `checkJournals`. */
  noteKept(sha256: string, where: string): void {
    const other = this.#kept.get(sha256);
    hold(other === undefined, `${where} holds the bytes of ${other ?? ""}`);
    this.#kept.set(sha256, where);
  }

  /** Ends the gateway and reads the rooms' files: a row for each kept second, and no PCM (K4). @throws Violation */
  async checkJournals(): Promise<{ rows: number }> {
    await this.gateway.stop();
    const folder = join(this.gateway.stateDir, roomsFolder);
    const files = existsSync(folder) ? readdirSync(folder).filter((file) => file.endsWith(".sqlite")) : [];
    const left = new Map(this.#kept);
    let rows = 0;
    for (const file of files) {
      for (const row of chunkRows(join(folder, file))) {
        rows += 1;
        const where = left.get(row.hash);
        if (where === undefined) throw new Violation(`SQLite has ${row.track}/${row.seq}, which no schedule kept`);
        hold(where.endsWith(`/${row.track}/${row.seq}`), `SQLite has ${where} as ${row.track}/${row.seq}`);
        same(`bytes of ${where} in SQLite after the drain`, row.bytes, 0);
        left.delete(row.hash);
      }
    }
    const [lost] = left.values();
    hold(lost === undefined, `SQLite has no row of ${lost ?? ""}`);
    return { rows };
  }

  async dispose(): Promise<void> {
    this.#inference.close();
    await this.#bucket?.close();
    await this.gateway.dispose();
  }
}

interface ChunkRow {
  readonly track: string;
  readonly seq: number;
  readonly hash: string;
  readonly bytes: number;
}

function chunkRows(file: string): ChunkRow[] {
  const database = new DatabaseSync(file, { readOnly: true });
  try {
    const table = database.prepare("SELECT 1 FROM sqlite_master WHERE name = 'chunks'").get();
    if (!table) return [];
    const select = "SELECT track, seq, lower(hex(sha256)) AS hash, coalesce(length(pcm), 0) AS bytes FROM chunks";
    return database.prepare(select).all() as unknown as ChunkRow[];
  } finally {
    database.close();
  }
}
