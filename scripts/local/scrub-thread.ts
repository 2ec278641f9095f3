/** A thread of its own, since SQLite's work is synchronous: makes each file that it is given anew, without what was deleted from it. */
import { DatabaseSync } from "node:sqlite";
import { parentPort, workerData } from "node:worker_threads";
import * as z from "zod";

const busyTimeoutMs = 5_000;

const begun = performance.now();
for (const file of z.array(z.string()).parse(workerData)) scrub(file);
// How long nobody else had the files.
const port = parentPort;
port?.postMessage(performance.now() - begun);

/** The Workers' runtime may have the file open: it is changed by SQLite's own rules, under SQLite's own locks. */
function scrub(file: string): void {
  const database = new DatabaseSync(file, { timeout: busyTimeoutMs });
  try {
    database.exec("PRAGMA secure_delete = ON; VACUUM");
    // Into the file, and the write-ahead log to nothing: it holds the pages as they were.
    const { busy } = database.prepare("PRAGMA wal_checkpoint(TRUNCATE)").get() ?? {};
    if (busy !== 0) throw new Error("the write-ahead log is being read");
  } finally {
    database.close();
  }
}
