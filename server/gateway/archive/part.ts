/** The archive as a part of the room: what is kept goes to R2. */
import { Backstop } from "../core/backstop.ts";
import type { Core } from "../core/core.ts";
import { ingestLoad } from "../core/ingest-load.ts";
import type { Part } from "../core/part.ts";
import type { Tracks } from "../tracks/tracks.ts";
import { Archiver } from "./archiver.ts";
import { sessionPrefix } from "./keys.ts";
import { recentChunks } from "./recent-chunks.ts";

export interface ArchivePart extends Part {
  readonly archiver: Archiver;
  /**
   * Sets the job behind a chunk that was just kept. The only work that comes before the ack: the row is in the ack's commit,
   * so that whatever was acked is archived though the room dies now (K3).
   */
  readonly ensureJob: () => void;
}

export function archivePart(core: Core, tracks: Tracks): ArchivePart {
  const { bucket, session, synced, now, random, status, jobs } = core;
  const archiver = new Archiver({
    bucket,
    tracks,
    recent: recentChunks,
    load: ingestLoad,
    session,
    synced,
    wakeAt: (at) => jobs.at("archive", at),
    now,
    random,
    isStopped: () => status.isGone,
  });
  /** A room that dies with chunks pending is woken so soon to archive them. */
  const backstop = new Backstop();
  const ensureJob = (): void => jobs.at("archive", Math.max(now() + backstop.ms, archiver.notBefore));
  return {
    name: "archive",
    isEssential: true,
    archiver,
    ensureJob,
    jobs: {
      archive: () => {
        backstop.wentOff(tracks.pendingChunks > 0);
        return archiver.wake();
      },
    },
    on: {
      chunkStored: () => {
        ingestLoad.came();
        archiver.kick();
      },
      sessionDeleted: () => recentChunks.forget(sessionPrefix(session)),
    },
    woke: () => {
      // Pending bytes imply a job, whatever became of the one that was set with them.
      if (tracks.pendingChunks > 0) ensureJob();
    },
    quiet: () => archiver.drain(),
  };
}
