/**
 * One gateway on one STATE_DIR: each room assumes that nobody else writes to its files (K1, K3). The lock is SQLite's own,
 * on a file beside the storage, so that the system releases it however its holder ends.
 *
 * A gateway that was killed with `kill -9` may leave a workerd behind, which still writes: who gets the lock ends it first.
 */
import { constants, readFileSync, rmSync, writeFileSync } from "node:fs";
import { access } from "node:fs/promises";
import { join, resolve } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import { makeFolder } from "../../client/node/durable-file.ts";
import { Failure } from "../../schemas/lib/failure.ts";
import { type ProcessIdentity, identityOf, isAlive } from "./process-identity.ts";

export interface StateLock {
  /** Notes the processes that write to the state beside this one. */
  note(pids: readonly number[]): void;
  release(): void;
}

const lockName = "gateway.lock";
const holderName = "gateway.json";
/** How long a gateway that is just ending is waited for. */
const patienceMs = 3_000;
const orphanTimeoutMs = 5_000;
const holderSchema = z.object({
  pid: z.int(),
  children: z.array(z.object({ pid: z.int(), started: z.string() })),
});

async function makeState(stateDir: string): Promise<void> {
  try {
    await makeFolder(resolve(stateDir));
    await access(stateDir, constants.W_OK);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new Failure(`STATE_DIR can't be made or written: ${why}.`);
  }
}

/** @throws Failure where another process has it, or it can't be written. */
export async function lockState(stateDir: string): Promise<StateLock> {
  await makeState(stateDir);
  const holderFile = join(stateDir, holderName);
  const database = await openLocked(stateDir, holderFile);
  for (const child of holderIn(holderFile)?.children ?? []) await endOrphan(child);
  const write = (children: readonly ProcessIdentity[]): void =>
    writeFileSync(holderFile, JSON.stringify({ pid: process.pid, children }));
  write([]);
  return {
    note: (pids) => write(pids.flatMap((pid) => identityOf(pid) ?? [])),
    release: () => {
      if (!database.isOpen) return;
      rmSync(holderFile, { force: true });
      database.close();
    },
  };
}

async function openLocked(stateDir: string, holderFile: string): Promise<DatabaseSync> {
  for (const until = performance.now() + patienceMs; ; await sleep(100)) {
    const database = new DatabaseSync(join(stateDir, lockName), { timeout: 0 });
    try {
      database.exec("BEGIN EXCLUSIVE");
      return database;
    } catch (cause) {
      database.close();
      if (!/locked/.test(String(cause))) throw cause;
      if (performance.now() > until) {
        const pid = holderIn(holderFile)?.pid;
        const who = pid === undefined ? "another process" : `process ${pid}`;
        throw new Failure(`STATE_DIR is in use by ${who}: end it, or choose another folder (${stateDir}).`);
      }
    }
  }
}

function holderIn(file: string): z.infer<typeof holderSchema> | undefined {
  try {
    return holderSchema.parse(JSON.parse(readFileSync(file, "utf8")));
  } catch {
    // There is none, or it was being written when its process was killed.
    return undefined;
  }
}

async function endOrphan(child: ProcessIdentity): Promise<void> {
  if (!isAlive(child)) return;
  process.kill(child.pid, "SIGKILL");
  for (const until = performance.now() + orphanTimeoutMs; isAlive(child); await sleep(20)) {
    if (performance.now() > until) throw new Failure(`Process ${child.pid} of a gateway before this one does not end.`);
  }
}
