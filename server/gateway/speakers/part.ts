/** Speakers as a part of the room: who spoke when, by the service, by utterances and by hand. */
import type { SpokenTurns } from "../../../schemas/speech/spoken-turns.ts";
import { chunkMs } from "../../../schemas/wire/audio.ts";
import { readChunks } from "../archive/chunk-reader.ts";
import { recentChunks } from "../archive/recent-chunks.ts";
import type { Core } from "../core/core.ts";
import { Hold } from "../core/hold.ts";
import { ingestLoad } from "../core/ingest-load.ts";
import type { Part } from "../core/part.ts";
import { IdempotentRequests } from "../core/idempotent-requests.ts";
import type { Tracks } from "../tracks/tracks.ts";
import { Circuit } from "./circuit.ts";
import { Corrections } from "./corrections.ts";
import type { Inference } from "./inference-client.ts";
import { Resolver } from "./resolve-queue.ts";
import { AutoResolver } from "./resolve-windows.ts";
import type { Review } from "./review/review-client.ts";
import { ReviewStore } from "./review/review-store.ts";
import { Reviewer, type TrackAudio } from "./review/reviewer.ts";
import { SpeakerBook } from "./speaker-book.ts";
import { turnsBetween } from "./spoken-turns.ts";
import { UtteranceStore } from "./utterance-store.ts";
import { Utterances } from "./utterances.ts";
import type { WindowStore } from "./window-store.ts";

/** A rush of chunks has the thread to itself so long at most: what piles up meanwhile is made up for. */
const maxHeldMs = 10_000;

export interface SpeakersConfig {
  readonly tracks: Tracks;
  readonly windows: WindowStore;
  readonly inference: Inference;
  /** Looks at whole tracks again; undefined where no service is set up that does. */
  readonly review: Review | undefined;
  /** All of a track, as it is kept. */
  readonly audioOf: (track: string) => TrackAudio;
}

export interface SpeakersPart extends Part {
  readonly speakers: SpeakerBook;
  /** One resolve at a time. */
  readonly resolver: Resolver;
  /** Resolves the tracks' windows by itself. */
  readonly autoResolver: AutoResolver;
  /** Looks at whole tracks again, once the session is finalized. */
  readonly reviewer: Reviewer;
  readonly corrections: Corrections;
  readonly utterances: Utterances;
  /** Whether the meeting has words or speakers of a track, though it may have no audio. */
  readonly knowsTrack: (track: string) => boolean;
  readonly turnsBetween: (track: string, fromMs: number, toMs: number) => SpokenTurns;
}

export function speakersPart(
  core: Core,
  { tracks, windows, inference, review, audioOf }: SpeakersConfig,
): SpeakersPart {
  const { bucket, db, events, fail, jobs, now, random, session, sha256, signals, status, store } = core;
  const isOpen = (): boolean => status.isOpen;
  const isSealed = (): boolean => status.isSealed;
  const onCommit = (): void => status.touch();
  const utteranceStore = new UtteranceStore(db);
  const speakers = new SpeakerBook(db, events);
  const resolver = new Resolver({
    db,
    requests: new IdempotentRequests(db),
    sessionId: session.sessionId,
    inference,
    circuit: new Circuit(now, random),
    speakers,
    isOpen,
    isSealed,
    isLogFull: () => events.isFull,
    onBehalfOf: (subject, step) => events.onBehalfOf(subject, step),
    onCommit: () => {
      onCommit();
      signals.resolveAnswered();
    },
  });
  const utterances = new Utterances({ db, tracks, events, speakers, store: utteranceStore, onCommit });
  const autoResolver = new AutoResolver({
    db,
    tracks,
    windows,
    events,
    utterances: utteranceStore,
    onDone: ({ track, from_seq, to_seq }, sent) =>
      utterances.nameWhatCame(track, (from_seq - 1) * chunkMs, to_seq * chunkMs, sent),
    resolver,
    audio: ({ track, from_seq, to_seq }) =>
      readChunks({ bucket, tracks, recent: recentChunks, session, sha256 }, track, from_seq, to_seq),
    settings: () => store.config.resolve,
    isFinal: () => !status.isOpen,
    isGone: () => status.isGone,
    wakeAt: (at) => jobs.at("resolve", at),
    random,
    hold: new Hold({ load: ingestLoad, maxMs: maxHeldMs, isTooMuch: () => false }),
    onFailure: fail,
  });
  const reviewer = new Reviewer({
    db,
    sessionId: session.sessionId,
    store: new ReviewStore(db),
    tracks,
    windows,
    events,
    speakers,
    review,
    audio: audioOf,
    isByItself: () => store.config.resolve.auto && store.config.resolve.review === true,
    isFinalized: () => store.status === "finalized",
    isGone: () => status.isGone,
    wakeAt: (at) => jobs.at("review", at),
    onCommit: () => {
      onCommit();
      signals.resolveAnswered();
    },
    random,
    hold: new Hold({ load: ingestLoad, maxMs: maxHeldMs, isTooMuch: () => false }),
    onFailure: fail,
  });

  return {
    name: "speakers",
    speakers,
    resolver,
    autoResolver,
    reviewer,
    corrections: new Corrections({ db, speakers, events, tracks, windows, onCommit }),
    utterances,
    knowsTrack: (track) => utteranceStore.has(track) || events.hasResolved(track),
    turnsBetween: (track, fromMs, toMs) => {
      const isResolving = store.config.resolve.auto && !resolver.isServiceOut && !events.isFull;
      return turnsBetween({ tracks, events, speakers }, track, fromMs, toMs, isResolving);
    },
    jobs: {
      resolve: () => {
        autoResolver.backstop.wentOff(autoResolver.hasWork);
        return autoResolver.run();
      },
      review: () => reviewer.run(),
    },
    on: {
      chunkStored: () => autoResolver.kick(),
      trackEnded: () => autoResolver.kick(),
      settingsChanged: () => autoResolver.kick(),
      statusChanged: () => reviewer.statusChanged(),
    },
    woke: () => autoResolver.kick(),
    quiet: () => Promise.all([resolver.idle(), autoResolver.run(), reviewer.run()]),
  };
}
