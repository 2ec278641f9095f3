/**
 * A version of the result as JSON, in pieces: what is read for it does not move once the version is begun, so built again after
 * a crash, or in a year, it comes out the same to the byte (F1). Reads only. Memory holds the turns and the numbers of the
 * utterances, never the log or the whole text.
 */
import { chunkBytes } from "../../../../schemas/wire/audio.ts";
import type { Sha256 } from "../../../../schemas/chain.ts";
import type { ResultGap } from "../../../../schemas/http/gaps.ts";
import type { SessionResult } from "../../../../schemas/http/result.ts";
import { type Offsets, offsetsOf } from "../../../../schemas/speech/axis.ts";
import { speakersOf } from "../../../../schemas/speech/transcript.ts";
import { giveWay } from "../../../shared/lib/wait.ts";
import { chunkKeyPrefix } from "../../archive/keys.ts";
import type { SessionName } from "../../core/session-name.ts";
import type { EventLog } from "../../events/event-log.ts";
import { stateOf } from "../../speakers/speaker-state.ts";
import { coverage } from "../../tracks/coverage.ts";
import { durationMs, hasEnded, paddingSamples } from "../../tracks/track-plan.ts";
import type { Tracks } from "../../tracks/tracks.ts";
import { chainHead } from "../chain-head.ts";
import { gapPages } from "../gaps.ts";
import type { WavAssembler } from "../wav/wav-assembler.ts";
import { entriesWithText, eventsJson, readResultLog, type ResultLog } from "./result-log.ts";
import type { Snapshot, VersionRow } from "./version-store.ts";

export interface ResultSources {
  readonly session: SessionName;
  readonly tracks: Tracks;
  readonly events: EventLog;
  readonly wavs: Pick<WavAssembler, "assembled">;
  readonly sha256: Sha256;
  /** What callers said of the meeting. */
  readonly metadata: () => Record<string, unknown>;
  /** When the session stopped changing, ms since 1970. */
  readonly sealedAt: () => number;
}

const pageItems = 500;

/** The JSON, as often as it is asked for: what the log adds up to is read once. */
export function resultPieces(
  sources: ResultSources,
  row: VersionRow,
  snapshot: Snapshot,
): () => AsyncGenerator<string, void, undefined> {
  const offsets = offsetsOf(Object.values(snapshot.ingest_by_track));
  let log: Promise<ResultLog> | undefined;
  return () => {
    log ??= readResultLog(sources.events, row.event_id, offsets);
    return resultJson(sources, row, snapshot, { log, offsets });
  };
}

async function* resultJson(
  sources: ResultSources,
  row: VersionRow,
  snapshot: Snapshot,
  read: { readonly log: Promise<ResultLog>; readonly offsets: Offsets },
): AsyncGenerator<string, void, undefined> {
  const { session, tracks, events, metadata, sealedAt } = sources;
  const { offsets } = read;
  const { view, timeline, entries, finalizing } = await read.log;
  const head = {
    schema_version: 2,
    tenant: session.tenant,
    session_id: session.sessionId,
    version: row.version,
    made_by: [...row.made_by],
    made_at: new Date(row.made_at).toISOString(),
    supersedes: row.version === 1 ? null : row.version - 1,
    finalized_at: new Date(sealedAt()).toISOString(),
    ...(finalizing?.reason === undefined ? {} : { end_reason: finalizing.reason }),
    state: stateOf(snapshot, view),
  } satisfies Partial<SessionResult>;
  yield `{${fields(head)},"events":[`;
  yield* eventsJson(events, row.event_id);
  const { ingest, ingest_by_track } = snapshot;
  const middle = { ingest, ingest_by_track, metadata: metadata() } satisfies Partial<SessionResult>;
  yield `],${fields(middle)},"timeline":[`;
  yield* listJson(pagesOf(timeline));
  yield `],"speakers":${JSON.stringify(speakersOf(timeline))},"transcript":[`;
  yield* listJson(entriesWithText(events, entries));
  yield `],"gaps":[`;
  yield* listJson(gapsOf(tracks));
  const tail = {
    coverage: coverage(tracks.rows()),
    audio: await audioOf(sources, snapshot, offsets),
  } satisfies Partial<SessionResult>;
  yield `],${fields(tail)}}`;
}

/** After the seal none is filled any more. */
async function* gapsOf(tracks: Tracks): AsyncGenerator<ResultGap[], void, undefined> {
  for (const { track } of tracks.rows()) {
    for (const page of gapPages(tracks, track)) {
      yield page;
      await giveWay();
    }
  }
}

function audioOf(
  sources: ResultSources,
  { ingest_by_track }: Snapshot,
  offsets: Offsets,
): Promise<SessionResult["audio"]> {
  const { session, tracks, wavs } = sources;
  const described = tracks.rows().map(async (trackRow) => ({
    track: trackRow.track,
    key_prefix: chunkKeyPrefix(session, trackRow.track),
    chunks: trackRow.received_chunks,
    bytes: trackRow.received_chunks * chunkBytes,
    duration_ms: durationMs(trackRow),
    ended: hasEnded(trackRow),
    origin_ms: ingest_by_track[trackRow.track]?.origin_ms ?? null,
    origin_source: ingest_by_track[trackRow.track]?.origin_source ?? null,
    offset_ms: offsets.get(trackRow.track) ?? 0,
    padding_samples: paddingSamples(trackRow),
    chain_head: await chainHead(sources, trackRow.track),
    wav: wavs.assembled(trackRow.track),
  }));
  return Promise.all(described);
}

/** An object's fields without its braces. */
function fields(object: object): string {
  return JSON.stringify(object).slice(1, -1);
}

/** Pages of a list as one list without its brackets. */
async function* listJson(
  pages: Iterable<unknown[]> | AsyncIterable<unknown[]>,
): AsyncGenerator<string, void, undefined> {
  let isFirst = true;
  for await (const page of pages) {
    if (page.length === 0) continue;
    yield (isFirst ? "" : ",") + JSON.stringify(page).slice(1, -1);
    isFirst = false;
  }
}

function* pagesOf<T>(items: readonly T[]): Generator<T[], void, undefined> {
  for (let at = 0; at < items.length; at += pageItems) yield items.slice(at, at + pageItems);
}
