/**
 * SHA-256 of files below the repository, read again only where a file's size, times or place on the disk are not those of the
 * last time: a start looks at some hundred sources, and mostly none of them changed. Kept in `.wrangler/digests.json`, which
 * may be removed at any time. As git does, it trusts no times of a file that was written just before it was read: another
 * write within the same tick of the file system's clock would not show.
 */
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, renameSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { z } from "zod";
import { root } from "./bundle/worker-configs.ts";

const storedIn = join(root, ".wrangler", "digests.json");
/** Longer than the tick of any file system's clock. */
const settledMs = 2_500;

const knownSchema = z.record(z.string(), z.tuple([z.string(), z.string()]));

export interface FileDigests {
  /** @param path from the repository's root. @returns null where there is no such file. */
  readonly of: (path: string) => string | null;
  /** Keeps what was learnt for the next start. */
  readonly save: () => void;
}

/** @param file where they are kept, and `now`, ms: tests bring their own. */
export function openDigests(file: string = storedIn, now: () => number = Date.now): FileDigests {
  const known = readKnown(file);
  let isChanged = false;
  return {
    of(path) {
      const stats = statSync(join(root, path), { bigint: true, throwIfNoEntry: false });
      if (!stats?.isFile()) return null;
      const { size, mtimeNs, ctimeNs, ino, mtimeMs, ctimeMs } = stats;
      const state = [size, mtimeNs, ctimeNs, ino].join(" ");
      const [knownState, knownDigest] = known.get(path) ?? [];
      if (knownDigest !== undefined && knownState === state) return knownDigest;
      const readAt = now();
      const digest = createHash("sha256")
        .update(readFileSync(join(root, path)))
        .digest("hex");
      isChanged = true;
      if (readAt - Number(mtimeMs > ctimeMs ? mtimeMs : ctimeMs) > settledMs) known.set(path, [state, digest]);
      else known.delete(path);
      return digest;
    },
    save() {
      if (!isChanged) return;
      mkdirSync(dirname(file), { recursive: true });
      // Never half a file, where two starts save at once.
      const fresh = `${file}.${process.pid}`;
      writeFileSync(fresh, JSON.stringify(Object.fromEntries(known)));
      renameSync(fresh, file);
      isChanged = false;
    },
  };
}

function readKnown(file: string): Map<string, [state: string, digest: string]> {
  try {
    const parsed = knownSchema.safeParse(JSON.parse(readFileSync(file, "utf8")));
    return new Map(Object.entries(parsed.data ?? {}));
  } catch {
    // There is none yet, or it was cut off: everything is read.
    return new Map();
  }
}
