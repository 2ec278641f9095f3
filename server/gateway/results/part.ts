/** Results as a part of the room: finalize, the tracks' WAVs, `result.json`. */
import type { Archiver } from "../archive/archiver.ts";
import type { Core } from "../core/core.ts";
import type { Part } from "../core/part.ts";
import type { SpeakersPart } from "../speakers/part.ts";
import type { Tracks } from "../tracks/tracks.ts";
import { Finalizer } from "./finalizer.ts";
import { Reviser } from "./versions/reviser.ts";
import { Restorer } from "./versions/restorer.ts";
import { Versions } from "./versions/versions.ts";
import { WavAssembler } from "./wav/wav-assembler.ts";
import { WavStore } from "./wav/wav-store.ts";

export interface ResultsConfig {
  readonly tracks: Tracks;
  readonly archiver: Archiver;
  readonly speakers: Pick<SpeakersPart, "speakers" | "resolver" | "autoResolver">;
}

export interface ResultsPart extends Part {
  readonly finalizer: Finalizer;
  readonly versions: Versions;
  /** Makes a version anew that R2 lost. @returns whether it could. */
  readonly restore: (version: number) => Promise<boolean>;
  /** What R2 has of the tracks' WAVs. */
  readonly wavs: WavStore;
  /** Begins and runs a finalize that nobody asked for. */
  readonly finalizeByItself: () => Promise<void>;
  /** Ends uploads that R2 does not list. */
  readonly abortUploads: () => Promise<void>;
}

export function resultsPart(core: Core, { tracks, archiver, speakers: of }: ResultsConfig): ResultsPart {
  const { bucket, db, events, jobs, log, session, sha256, signals, store, synced } = core;
  const wavs = new WavStore(db);
  const assembler = new WavAssembler({
    db,
    bucket,
    session,
    tracks,
    store: wavs,
    sha256,
    synced,
    isWanted: () => store.status === "finalizing",
  });
  const versions = new Versions({
    db,
    bucket,
    session,
    tracks,
    events,
    speakers: of.speakers,
    wavs: assembler,
    sha256,
    synced,
    metadata: () => ({ ...store.config.metadata, ...store.finalizing?.metadata }),
    streamOf: (bytes) => new FixedLengthStream(bytes),
    sealedAt: () => store.finalizing?.sealed_at ?? 0,
  });
  const finalizer = new Finalizer({
    db,
    session,
    store,
    tracks,
    ...of,
    events,
    archiver,
    versions,
    wavs: assembler,
    wakeAt: (at) => jobs.at("finalize", at),
    random: core.random,
    onFrozen: () => signals.statusChanged(),
    onFinalized: () => signals.statusChanged(),
  });
  const restorer = new Restorer(versions, log);
  const reviser = new Reviser({
    db,
    events,
    versions,
    isWanted: () => store.status === "finalized",
    wakeAt: (at) => jobs.at("revise", at),
    onStored: () => store.touch(),
    random: core.random,
    log,
  });
  return {
    name: "results",
    restore: (version) => restorer.restore(version),
    finalizer,
    versions,
    wavs,
    finalizeByItself: async () => {
      // A wait that a caller asked for is not cut short by silence: that is what it waits through.
      if (finalizer.waitsUntil !== undefined || finalizer.begin({}, true).ok) await finalizer.run();
    },
    abortUploads: () => assembler.discard(),
    jobs: { finalize: () => finalizer.run(), revise: () => reviser.run() },
    on: {
      eventAppended: ({ type }) => {
        if (type !== "result.revised") reviser.changed();
      },
      chunkStored: () => finalizer.moved(),
      trackEnded: () => finalizer.moved(),
      // What changed while the first version was written is in the second.
      statusChanged: () => reviser.changed(),
    },
    woke: () => {
      if (store.status !== "finalized") return;
      versions.adopt();
      reviser.changed();
    },
    quiet: () => Promise.all([finalizer.run(), reviser.run(), restorer.idle()]),
  };
}
