/**
 * `result.json` from what the room keeps. Reads only, and reads nothing that moves once the session is
 * sealed: built again after a crash, it comes out the same to the byte (F1).
 */
import { chunkBytes } from "../../schemas/audio.ts";
import { createHashChain, type Sha256 } from "../../schemas/chain.ts";
import type { ResultGap, SessionResult } from "../../schemas/http.ts";
import { timelineOf } from "../../schemas/timeline.ts";
import { speakersOf, transcriptOf } from "../../schemas/transcript.ts";
import { chunkKeyPrefix, type SessionName } from "../archive/keys.ts";
import { causesOf } from "../journal/gap-causes.ts";
import type { WavAssembler } from "../audio/wav-assembler.ts";
import type { Journal } from "../journal/journal.ts";
import { durationMs, expectedSeq, paddingSamples, type TrackLedger } from "../journal/ledger.ts";
import type { EventLog } from "../journal/event-log.ts";
import type { SpeakerBook } from "../speakers/speaker-book.ts";
import { ingestStatus } from "./track-status.ts";

export interface ResultSources {
  readonly session: SessionName;
  readonly journal: Journal;
  readonly speakers: SpeakerBook;
  readonly events: EventLog;
  readonly wavs: Pick<WavAssembler, "assembled">;
  readonly sha256: Sha256;
}

/** @param sealedAt when the session stopped changing, ms since 1970. */
export function buildResult(
  sources: ResultSources,
  metadata: Record<string, unknown>,
  sealedAt: number,
): SessionResult {
  const { session, journal, speakers, events, wavs } = sources;
  const ledgers = journal.ledgers();
  const log = events.all();
  const timeline = timelineOf(log);
  return {
    schema_version: 2,
    tenant: session.tenant,
    session_id: session.sessionId,
    finalized_at: new Date(sealedAt).toISOString(),
    state: speakers.state(),
    events: log,
    ...ingestStatus(session.sessionId, journal),
    metadata,
    timeline,
    speakers: speakersOf(timeline),
    transcript: transcriptOf(log, timeline),
    gaps: ledgers.flatMap(({ track }) => gapsOf(journal, track)),
    coverage: coverage(ledgers),
    audio: ledgers.map((ledger) => ({
      track: ledger.track,
      key_prefix: chunkKeyPrefix(session, ledger.track),
      chunks: ledger.received_chunks,
      bytes: ledger.received_chunks * chunkBytes,
      duration_ms: durationMs(ledger),
      padding_samples: paddingSamples(ledger),
      chain_head: chainHead(sources, ledger.track),
      wav: wavs.assembled(ledger.track),
    })),
  };
}

/** A track's missing seconds, in order, each stretch with its cause. */
export function gapsOf(journal: Journal, track: string): ResultGap[] {
  const notes = journal.gapNotes.of(track);
  return journal
    .missing(track, Number.POSITIVE_INFINITY)
    .flatMap((range) => causesOf(range, notes).map((gap) => ({ track, ...gap })));
}

/** Kept seconds over expected ones, all tracks together; 1 where nothing was expected. */
export function coverage(ledgers: readonly TrackLedger[]): number {
  const expected = ledgers.reduce((sum, ledger) => sum + expectedSeq(ledger), 0);
  const kept = ledgers.reduce((sum, ledger) => sum + ledger.received_chunks, 0);
  return expected === 0 ? 1 : kept / expected;
}

function chainHead({ session, journal, sha256 }: ResultSources, track: string): string {
  const chain = createHashChain({ ...session, track }, sha256);
  for (const chunk of journal.kept.hashes(track)) chain.add(chunk.seq, chunk.sha256);
  return chain.head();
}
