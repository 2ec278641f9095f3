/**
 * Deleted means gone from this machine's disk: SQLite leaves what was deleted in the free pages of its files and in their
 * write-ahead logs, and a Worker can't make it overwrite them. So the Worker asks this process, which owns the files (I8).
 */
import { once } from "node:events";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Worker } from "node:worker_threads";
import { objectIdOf } from "./object-id.ts";
import { storageFolder } from "./runtime.ts";

const roomsFolder = "roomtone-MeetingSessionDO";
const indexFolder = "miniflare-D1DatabaseObject";
/** Objects of the app: those of a session are named as its room is. */
const appPrefix = "roomtone-app-";

/**
 * Answers `POST /scrub/OBJECT?room=TENANT/SESSION` once the room's file, the list's and those of the app's objects of the session hold nothing
 * of what was deleted: call when the app has heard of the deletion. And `POST /scrub/OBJECT?of=CLASS` once the file of one object of the
 * app does, which waits for that itself.
 */
export type Scrubber = (request: { readonly method: string; readonly url: string }) => Promise<Response>;

/**
 * How much longer than a scrub of the index the pause after it is. While its file is made anew nobody reads it, keys included: whoever
 * deletes sessions without end must not lock everybody out.
 */
const restFactor = 10;
const minRestMs = 500;

/** @returns how long it had them, ms. */
type Run = (files: readonly string[]) => Promise<number>;

/** @param run makes files anew; tests bring their own, and a rest. */
export function openScrubber(stateDir: string, run: Run = scrub, leastRestMs = minRestMs): Scrubber {
  const scrubIndex = inTurns(() => run(filesIn(stateDir, indexFolder)), leastRestMs);
  // One after the other: each is a thread of its own.
  let last: Promise<unknown> = Promise.resolve();
  const scrubOwn = async (object: string, room: string): Promise<number> => {
    const done = last.catch(() => undefined).then(() => run(ownFiles(stateDir, object, room)));
    last = done;
    return done;
  };
  return async ({ method, url }) => {
    const { pathname, searchParams } = new URL(url);
    const object = /^\/scrub\/([0-9a-f]{64})$/.exec(pathname)?.[1];
    if (method !== "POST" || object === undefined) return new Response(null, { status: 404 });
    const appClass = searchParams.get("of");
    if (appClass !== null && !/^[A-Za-z]+$/.test(appClass)) return new Response(null, { status: 404 });
    if (appClass !== null) return answered(run(filesIn(stateDir, `${appPrefix}${appClass}`, `${object}.sqlite`)));
    return answered(Promise.all([scrubOwn(object, searchParams.get("room") ?? ""), scrubIndex()]));
  };
}

function answered(done: Promise<unknown>): Promise<Response> {
  return done.then(
    () => new Response(null, { status: 204 }),
    (cause: unknown) => new Response(String(cause), { status: 503 }),
  );
}

/** One run at a time, with a rest after each; all who ask meanwhile share the next one, which begins after they asked. */
function inTurns(run: () => Promise<number>, leastRestMs: number): () => Promise<void> {
  const pause = (heldMs: number): Promise<void> =>
    sleep(Math.max(leastRestMs, restFactor * heldMs), undefined, { ref: false });
  let rest: Promise<unknown> = Promise.resolve();
  let next: Promise<void> | undefined;
  const begin = async (): Promise<void> => {
    await rest;
    next = undefined;
    const done = run();
    rest = done.then(
      (heldMs) => pause(heldMs),
      () => pause(0),
    );
    await done;
  };
  return () => (next ??= begin());
}

async function scrub(files: readonly string[]): Promise<number> {
  const thread = new Worker(new URL("scrub-thread.ts", import.meta.url), { workerData: files });
  thread.unref();
  let heldMs = 0;
  thread.once("message", (ms: number) => {
    heldMs = ms;
  });
  // What the thread throws is its `error`, which rejects this.
  await once(thread, "exit");
  return heldMs;
}

/** Of the room, and of the app's objects of the session. */
function ownFiles(stateDir: string, object: string, room: string): string[] {
  const folder = join(storageFolder(stateDir), "do");
  const ofApp = existsSync(folder) ? readdirSync(folder).filter((name) => name.startsWith(appPrefix)) : [];
  return [
    ...filesIn(stateDir, roomsFolder, `${object}.sqlite`),
    ...ofApp.flatMap((name) => filesIn(stateDir, name, `${objectIdOf(name, room)}.sqlite`)),
  ];
}

function filesIn(stateDir: string, name: string, only?: string): string[] {
  const kinds = ["do", "d1"].map((kind) => join(storageFolder(stateDir), kind, name)).filter((one) => existsSync(one));
  return kinds.flatMap((folder) =>
    readdirSync(folder)
      .filter((file) => file.endsWith(".sqlite") && (only === undefined || file === only))
      .map((file) => join(folder, file)),
  );
}
