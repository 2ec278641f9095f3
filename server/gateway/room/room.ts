/** One opened session: the core and the list of its parts. Rebuilt from storage at every wake. */
import type { ResolveSettings } from "../../../schemas/http/sessions.ts";
import type { DeploymentLimits } from "../../../schemas/limits.ts";
import type { WebhookConfig } from "../../shared/config/webhooks.ts";
import type { AudioLeaseDeps } from "../../shared/limits/audio-lease.ts";
import { appOutboxPart, type AppOutboxSettings, unboundAppOutboxPart } from "../app-outbox/part.ts";
import { type ArchivePart, archivePart } from "../archive/part.ts";
import { resultKey, versionKey } from "../archive/keys.ts";
import { type Core, openCore, type Platform } from "../core/core.ts";
import { startParts } from "../core/part.ts";
import type { Lifecycle, LifecycleDeps, LifecycleSettings } from "../lifecycle/lifecycle.ts";
import { lifecyclePart } from "../lifecycle/part.ts";
import { Listeners } from "../live/listeners.ts";
import { type LivePart, livePart } from "../live/part.ts";
import { type ResultsPart, resultsPart } from "../results/part.ts";
import { trackAudio } from "../results/wav/track-audio.ts";
import type { Inference } from "../speakers/inference-client.ts";
import type { Review } from "../speakers/review/review-client.ts";
import { type SpeakersPart, speakersPart } from "../speakers/part.ts";
import { WindowStore } from "../speakers/window-store.ts";
import { coverage } from "../tracks/coverage.ts";
import { tracksPart } from "../tracks/part.ts";
import type { TrackRow } from "../tracks/track-plan.ts";
import type { Tracks } from "../tracks/tracks.ts";
import { telemetryPart, type TelemetryDeps } from "../telemetry/part.ts";
import { webhooksPart } from "../webhooks/part.ts";
import type { Webhooks } from "../webhooks/webhooks.ts";
import type { Connections } from "./connections/connections.ts";
import { type AskKeys, type ConnectionsPart, connectionsPart } from "./connections/part.ts";
import type { IngestDeps } from "./frame-outcome.ts";
import { SessionSettings } from "./session-settings.ts";
import { SessionView } from "./session-view.ts";

/** What a room asks of the outside, besides its object. */
export interface Services {
  readonly inference: Inference;
  /** Undefined where no service is set up that looks at a whole track again. */
  readonly review: Review | undefined;
  readonly index: LifecycleDeps["index"];
  /** Whether nothing is kept for now, as far as is known: answers at once. */
  readonly isIngestOff: () => boolean;
  /** The tenant's quota, which counts its sessions and its audio. */
  readonly quota: LifecycleDeps["quota"] & Pick<AudioLeaseDeps, "lease">;
  /** Which API keys are still good, of those whose connections stay. */
  readonly activeKeys: AskKeys;
  /** Sends webhooks. */
  readonly fetcher: typeof fetch;
  /** The object's sockets. */
  readonly connections: Connections;
  /** Deletes what the object keeps beside the room's tables. Called in the commit that deletes their rows. */
  readonly wipeObject: () => void;
  /** Overwrites what deleted rows left in files. @param before what has to be done first, where there are files to overwrite. */
  readonly scrub: (before: () => Promise<void>) => Promise<void>;
  /** Hands messages to the app; undefined where none is bound. */
  readonly takeMeeting: AppOutboxSettings["take"] | undefined;
  /** Tells the app how the room is doing; undefined where none is bound. */
  readonly tellTelemetry: TelemetryDeps["tell"];
}

export interface RoomConfig {
  readonly resolve: ResolveSettings;
  readonly limits: DeploymentLimits;
  readonly lifecycle: LifecycleSettings;
  readonly webhooks: WebhookConfig;
  /** 0: tracks never stall. */
  readonly trackStalledAfterMs: number;
}

export interface Room {
  readonly core: Core;
  readonly limits: DeploymentLimits;
  readonly ingest: IngestDeps;
  readonly tracks: Tracks;
  readonly archive: ArchivePart;
  readonly speakers: SpeakersPart;
  readonly results: ResultsPart;
  readonly webhooks: Webhooks;
  readonly lifecycle: Lifecycle;
  readonly connections: ConnectionsPart;
  readonly live: LivePart;
  readonly settings: SessionSettings;
  readonly view: SessionView;
}

export function openRoom(platform: Platform, services: Services, config: RoomConfig): Room {
  const core = openCore(platform, config.resolve, config.limits);
  const { session, db, events, now, signals, status, store } = core;
  const { limits } = config;
  const windows = new WindowStore(db);
  const tracksOf = tracksPart(core, {
    limits,
    stalledAfterMs: config.trackStalledAfterMs,
    leaseAudio: services.quota.lease,
    isSwitchedOff: services.isIngestOff,
    progress: windows,
  });
  const { tracks } = tracksOf;
  const archive = archivePart(core, tracks);
  const kept = (track: string, from: number, to: number) => tracks.kept.within(track, from, to);
  const speakers = speakersPart(core, {
    tracks,
    windows,
    inference: services.inference,
    review: services.review,
    audioOf: (track) => trackAudio({ bucket: core.bucket, session, sha256: core.sha256, kept }, tracks.row(track)),
  });
  const results = resultsPart(core, { tracks, archiver: archive.archiver, speakers });
  const result = (version?: number) => ({
    result_key: version === undefined ? resultKey(session) : versionKey(session, version),
    coverage: coverage(tracks.rows()),
  });
  const webhooks = webhooksPart(core, {
    config: config.webhooks,
    fetcher: services.fetcher,
    result,
    scrub: () => core.jobs.still(() => services.scrub(async () => undefined)),
  });
  const lifecycle = lifecyclePart(core, {
    tracks,
    people: () => speakers.speakers.people(),
    index: services.index,
    quota: services.quota,
    settings: config.lifecycle,
    finalize: results.finalizeByItself,
    abortUploads: results.abortUploads,
    // The app's files hold what it has not forgotten yet.
    scrub: () => core.jobs.still(() => services.scrub(() => appOutbox.tell())),
    wipeObject: services.wipeObject,
  });
  const connections = connectionsPart(
    core,
    services.connections,
    services.activeKeys,
    () => !results.versions.isPending,
  );
  const live = livePart(core, new Listeners(services.connections, core.fail));
  const progressOf = ({ track, received_chunks: kept_seconds }: TrackRow) => ({
    track,
    kept_seconds,
    archived_seq: tracks.watermarks.archivedSeq(track),
  });
  const { takeMeeting: take } = services;
  const isArchiving = (): boolean => tracks.pendingChunks > 0;
  const revision = () => {
    const version = results.versions.newestStored?.version ?? 1;
    return version === 1 ? undefined : { version, result_key: versionKey(session, version) };
  };
  const appOutbox = take
    ? appOutboxPart(core, { take, tracks: () => tracks.rows().map(progressOf), result, revision, isArchiving })
    : unboundAppOutboxPart;
  const telemetry = telemetryPart(core, {
    tracks,
    quotaUse: tracksOf.quotaUse,
    isInferenceDown: () => speakers.resolver.isServiceFailing && speakers.autoResolver.hasWork,
    tell: services.tellTelemetry,
  });
  const parts = [tracksOf, archive, speakers, results, webhooks, lifecycle, connections, live, appOutbox, telemetry];
  startParts(core, parts);

  const sources = {
    session,
    store,
    tracks,
    events,
    speakers: speakers.speakers,
    wavs: results.wavs,
    versions: results.versions,
    knowsTrack: speakers.knowsTrack,
    reviews: () => speakers.reviewer.statuses(),
  };
  return {
    core,
    limits,
    live,
    ingest: { session, tracks, events, isHeard: live.isHeard, isOpen: () => status.isOpen, limits, now },
    tracks,
    archive,
    speakers,
    results,
    webhooks: webhooks.webhooks,
    lifecycle: lifecycle.lifecycle,
    connections,
    settings: new SessionSettings({
      ...sources,
      db,
      sessionId: session.sessionId,
      lifecycle: lifecycle.lifecycle,
      onChange: () => signals.settingsChanged(),
    }),
    view: new SessionView(sources),
  };
}

/** Opens the session if it never was. @param setUp gives it its settings, before anybody hears of it. */
export function openSession(room: Room, setUp?: (room: Room) => void): void {
  const { signals, store } = room.core;
  if (!store.open()) return;
  setUp?.(room);
  signals.statusChanged();
}
