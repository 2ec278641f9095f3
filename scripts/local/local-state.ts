/** What the Workers reach as `LOCAL_STATE` on this machine: the scrubber of their files, and how much space these have left. */
import { statfs } from "node:fs/promises";
import { openScrubber, type Scrubber } from "./scrubber.ts";

/** Answers `GET /disk` with `{"free_bytes": N}`, of what this process may use; everything else is the scrubber's. */
export function openLocalState(stateDir: string): Scrubber {
  const scrubber = openScrubber(stateDir);
  return async (request) => {
    if (request.method !== "GET" || new URL(request.url).pathname !== "/disk") return scrubber(request);
    const { bavail, bsize } = await statfs(stateDir);
    return Response.json({ free_bytes: bavail * bsize });
  };
}
