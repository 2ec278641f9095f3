/** Tracks as a part of the room: what is kept of each, and whether one went silent. */
import type { DeploymentLimits } from "../../../schemas/limits.ts";
import { AudioLease, type AudioLeaseDeps, type QuotaUse } from "../../shared/limits/audio-lease.ts";
import type { Core } from "../core/core.ts";
import type { Part } from "../core/part.ts";
import type { ResolveProgress } from "./resolve-progress.ts";
import { StallWatch } from "./stalls.ts";
import { originsIn } from "./track-origins.ts";
import { Tracks } from "./tracks.ts";

export interface TracksConfig {
  readonly limits: DeploymentLimits;
  /** 0: tracks never stall. */
  readonly stalledAfterMs: number;
  /** Asks the tenant's quota for audio. */
  readonly leaseAudio: AudioLeaseDeps["lease"];
  readonly isSwitchedOff: () => boolean;
  /** How far speaker resolve is. */
  readonly progress: ResolveProgress;
}

export interface TracksPart extends Part {
  readonly tracks: Tracks;
  /** What of the tenant's audio of a day is used, as last heard. */
  readonly quotaUse: () => QuotaUse | null;
}

export function tracksPart(
  core: Core,
  { limits, stalledAfterMs, leaseAudio, isSwitchedOff, progress }: TracksConfig,
): TracksPart {
  const { db, events, now, random, sha256, session, status, jobs } = core;
  const lease = new AudioLease({
    sessionId: session.sessionId,
    quota: limits.audioSecondsPerTenantDay,
    lease: leaseAudio,
    now,
    random,
  });
  const { maxTracksPerSession: maxTracks, maxRealtimeFactor: factor, catchUpBurstSeconds: burstSeconds } = limits;
  const storage = {
    maxTracks,
    pace: factor === null ? null : { factor, burstSeconds },
    mayStore: (storedTotal: number) => lease.mayStore(storedTotal),
    isSwitchedOff,
  };
  const tracks = new Tracks(db, sha256, storage, progress, () => originsIn(events.ofTypes(["track.origin"])));
  const stalls = new StallWatch({
    tracks,
    events,
    isOpen: () => status.isOpen,
    now,
    afterMs: stalledAfterMs,
    wakeAt: (at) => jobs.at("stalls", at),
    commit: (step) =>
      db.transaction(() => {
        step();
        status.touch();
      }),
  });
  return {
    name: "tracks",
    tracks,
    quotaUse: () => lease.use,
    jobs: { stalls: async () => stalls.run() },
    on: {
      eventAppended: ({ type }) => {
        if (type === "track.origin") tracks.origins.forgetSet();
        if (type === "track.opened") stalls.heard();
      },
      chunkStored: () => stalls.heard(),
    },
  };
}
