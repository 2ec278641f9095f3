/** Files of models as npm installed them, each held to the SHA-256 that was looked at when its version was pinned. */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { Failure } from "../../../schemas/lib/failure.ts";

export interface ModelFile {
  /** Of npm. */
  readonly package: string;
  readonly path: string;
  readonly sha256: string;
}

const require = createRequire(import.meta.url);

/** @throws Failure where it is not there, or not what it should be. */
export function readModelFile({ package: name, path, sha256 }: ModelFile): Uint8Array<ArrayBuffer> {
  let bytes: Uint8Array<ArrayBuffer>;
  try {
    bytes = new Uint8Array(readFileSync(join(folderOf(name), path)));
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new Failure(`The model ${name}/${path} can't be read (${reason}): run npm ci.`);
  }
  const found = createHash("sha256").update(bytes).digest("hex");
  if (found === sha256) return bytes;
  throw new Failure(`The model ${name}/${path} is not the one that was checked: its SHA-256 is ${found}. Run npm ci.`);
}

/** Not every package lets its `package.json` be imported, so the folder is found by its place. */
function folderOf(name: string): string {
  const places = require.resolve.paths(name) ?? [];
  for (const place of places) {
    const folder = join(place, name);
    try {
      readFileSync(join(folder, "package.json"));
      return folder;
    } catch {
      // In the next place, then.
    }
  }
  return join(dirname(places[0] ?? "."), name);
}
