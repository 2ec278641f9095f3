/** Results as a part of the room: finalize, the tracks' WAVs, `result.json`. */
import type { Archiver } from "../archive/archiver.ts";
import type { Core } from "../core/core.ts";
import type { Part } from "../core/part.ts";
import type { SpeakersPart } from "../speakers/part.ts";
import type { Tracks } from "../tracks/tracks.ts";
import { Finalizer } from "./finalizer.ts";
import { WavAssembler } from "./wav/wav-assembler.ts";
import { WavStore } from "./wav/wav-store.ts";

export interface ResultsConfig {
  readonly tracks: Tracks;
  readonly archiver: Archiver;
  readonly speakers: Pick<SpeakersPart, "speakers" | "resolver" | "autoResolver">;
}

export interface ResultsPart extends Part {
  readonly finalizer: Finalizer;
  /** What R2 has of the tracks' WAVs. */
  readonly wavs: WavStore;
  /** Begins and runs a finalize that nobody asked for. */
  readonly finalizeByItself: () => Promise<void>;
  /** Ends uploads that R2 does not list. */
  readonly abortUploads: () => Promise<void>;
}

export function resultsPart(core: Core, { tracks, archiver, speakers: of }: ResultsConfig): ResultsPart {
  const { bucket, db, events, jobs, session, sha256, signals, store, synced } = core;
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
  const finalizer = new Finalizer({
    db,
    session,
    store,
    tracks,
    ...of,
    events,
    archiver,
    wavs: assembler,
    bucket,
    sha256,
    synced,
    wakeAt: (at) => jobs.at("finalize", at),
    onFrozen: () => signals.statusChanged(),
    onFinalized: () => signals.statusChanged(),
  });
  return {
    name: "results",
    finalizer,
    wavs,
    finalizeByItself: async () => {
      // A wait that a caller asked for is not cut short by silence: that is what it waits through.
      if (finalizer.waitsUntil !== undefined || finalizer.begin({}, true).ok) await finalizer.run();
    },
    abortUploads: () => assembler.discard(),
    jobs: { finalize: () => finalizer.run() },
    on: { chunkStored: () => finalizer.moved(), trackEnded: () => finalizer.moved() },
    quiet: () => finalizer.run(),
  };
}
