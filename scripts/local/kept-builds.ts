/**
 * Folders of builds that serve starts to come, one for each state of the sources. Those that were used last stay: a process that reads one may
 * be interrupted by another that makes its own, and must not have it taken away. What a kill left half made goes after an hour.
 */
import { existsSync, readdirSync, rmSync, statSync, utimesSync } from "node:fs";
import { join } from "node:path";

/** Of branches that a person goes back and forth between. */
const mostBuilds = 4;
/** Longer than any build takes. */
const halfMadeMs = 3_600_000;
/** How a folder is named until it is whole. */
export const unfinished = "making-";

/** @returns whole builds, those that were used last first. The others are removed. */
export function keptBuilds(folder: string, now = Date.now()): string[] {
  if (!existsSync(folder)) return [];
  const all = readdirSync(folder).map((name) => {
    const path = join(folder, name);
    return { path, isWhole: !name.startsWith(unfinished), at: statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0 };
  });
  const whole = all.filter(({ isWhole }) => isWhole).toSorted((a, b) => b.at - a.at);
  const halfMade = all.filter(({ isWhole, at }) => !isWhole && now - at > halfMadeMs);
  for (const { path } of [...whole.slice(mostBuilds), ...halfMade]) rmSync(path, { recursive: true, force: true });
  return whole.slice(0, mostBuilds).map(({ path }) => path);
}

/** It is about to be read. @returns whether it is there. */
export function noteUsed(build: string): boolean {
  try {
    utimesSync(build, new Date(), new Date());
  } catch {
    // Of another user, say: it can be read all the same.
  }
  return existsSync(build);
}
