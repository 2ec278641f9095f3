/**
 * Deleted means gone from this machine's disk: SQLite leaves what was deleted in the free pages of its files and in their
 * write-ahead logs, and a Worker can't make it overwrite them. So the Worker asks this process, which owns the files (I8).
 */
import { once } from "node:events";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { Worker } from "node:worker_threads";
import { storageFolder } from "./runtime.ts";

const roomsFolder = "roomtone-MeetingSessionDO";
const indexFolder = "miniflare-D1DatabaseObject";

/** Answers `POST /scrub/OBJECT` once the room's file and the index's hold nothing of what was deleted. */
export type Scrubber = (request: { readonly method: string; readonly url: string }) => Promise<Response>;

export function openScrubber(stateDir: string): Scrubber {
  let last: Promise<unknown> = Promise.resolve();
  return async ({ method, url }) => {
    const object = /^\/scrub\/([0-9a-f]{64})$/.exec(new URL(url).pathname)?.[1];
    if (method !== "POST" || object === undefined) return new Response(null, { status: 404 });
    const files = [...filesIn(stateDir, roomsFolder, `${object}.sqlite`), ...filesIn(stateDir, indexFolder)];
    // One after the other: a file is made anew by one at a time.
    const done = last.catch(() => undefined).then(() => scrub(files));
    last = done;
    return done.then(
      () => new Response(null, { status: 204 }),
      (cause: unknown) => new Response(String(cause), { status: 503 }),
    );
  };
}

async function scrub(files: readonly string[]): Promise<void> {
  const thread = new Worker(new URL("scrub-thread.ts", import.meta.url), { workerData: files });
  thread.unref();
  // What the thread throws is its `error`, which rejects this.
  await once(thread, "exit");
}

function filesIn(stateDir: string, name: string, only?: string): string[] {
  const kinds = ["do", "d1"].map((kind) => join(storageFolder(stateDir), kind, name)).filter((one) => existsSync(one));
  return kinds.flatMap((folder) =>
    readdirSync(folder)
      .filter((file) => file.endsWith(".sqlite") && (only === undefined || file === only))
      .map((file) => join(folder, file)),
  );
}
