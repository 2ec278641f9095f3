/**
 * R2's simulator writes an object's bytes as a file before it writes the row that names it. A `kill -9` in between leaves bytes
 * that no row names and that no deletion would find: they are removed before the next start. Only what is older than that
 * start goes, and nothing where an index can't be read.
 */
import { existsSync, readdirSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { storageFolder } from "./runtime.ts";

const blobsFolder = "blobs";
const indexFolder = "miniflare-R2BucketObject";
const tablesWithBlobs = ["_mf_objects", "_mf_multipart_parts"];

/** Call while no runtime has the state open. @returns how many files went. */
export function removeOrphanBlobs(stateDir: string, startedAt: number): number {
  const folder = join(storageFolder(stateDir), "r2");
  if (!existsSync(folder)) return 0;
  const named = blobsNamedIn(join(folder, indexFolder));
  if (!named) return 0;
  const orphans = readdirSync(folder)
    .map((bucket) => join(folder, bucket, blobsFolder))
    .filter((blobs) => existsSync(blobs))
    .flatMap((blobs) => readdirSync(blobs).map((file) => ({ file, path: join(blobs, file) })))
    .filter(({ file, path }) => !named.has(file) && statSync(path).mtimeMs < startedAt && statSync(path).isFile());
  for (const { path } of orphans) rmSync(path, { force: true });
  return orphans.length;
}

/** Undefined where one of the indexes is not as this version of the simulator keeps it. */
function blobsNamedIn(folder: string): Set<string> | undefined {
  const named = new Set<string>();
  const files = existsSync(folder) ? readdirSync(folder).filter((file) => /^[0-9a-f]{64}\.sqlite$/.test(file)) : [];
  if (files.length === 0) return undefined;
  for (const file of files) {
    const database = new DatabaseSync(join(folder, file));
    try {
      for (const table of tablesWithBlobs) {
        const rows = database.prepare(`SELECT blob_id FROM ${table}`).all();
        for (const { blob_id: id } of rows) if (typeof id === "string") named.add(id);
      }
    } catch {
      return undefined;
    } finally {
      database.close();
    }
  }
  return named;
}
