/**
 * `result.json` from what the room keeps. Reads only, and reads nothing that moves once the session is
 * sealed: built again after a crash, it comes out the same to the byte (F1).
 */
import { chunkBytes } from "../../schemas/audio.ts";
import { createHashChain, type Sha256 } from "../../schemas/chain.ts";
import type { SessionResult } from "../../schemas/http.ts";
import { chunkKeyPrefix, type SessionName } from "../archive/keys.ts";
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
  readonly sha256: Sha256;
}

/** @param sealedAt when the session stopped changing, ms since 1970. */
export function buildResult(
  sources: ResultSources,
  metadata: Record<string, unknown>,
  sealedAt: number,
): SessionResult {
  const { session, journal, speakers, events } = sources;
  const ledgers = journal.ledgers();
  return {
    schema_version: 1,
    tenant: session.tenant,
    session_id: session.sessionId,
    finalized_at: new Date(sealedAt).toISOString(),
    state: speakers.state(),
    events: events.all(),
    ...ingestStatus(session.sessionId, journal),
    metadata,
    gaps: ledgers.flatMap(({ track }) =>
      journal.missing(track, Number.POSITIVE_INFINITY).map(([from_seq, to_seq]) => ({ track, from_seq, to_seq })),
    ),
    coverage: coverage(ledgers),
    audio: ledgers.map((ledger) => ({
      track: ledger.track,
      key_prefix: chunkKeyPrefix(session, ledger.track),
      chunks: ledger.received_chunks,
      bytes: ledger.received_chunks * chunkBytes,
      duration_ms: durationMs(ledger),
      padding_samples: paddingSamples(ledger),
      chain_head: chainHead(sources, ledger.track),
    })),
  };
}

/** Kept seconds over expected ones, all tracks together; 1 where nothing was expected. */
export function coverage(ledgers: readonly TrackLedger[]): number {
  const expected = ledgers.reduce((sum, ledger) => sum + expectedSeq(ledger), 0);
  const kept = ledgers.reduce((sum, ledger) => sum + ledger.received_chunks, 0);
  return expected === 0 ? 1 : kept / expected;
}

function chainHead({ session, journal, sha256 }: ResultSources, track: string): string {
  const chain = createHashChain({ ...session, track }, sha256);
  for (const chunk of journal.hashes(track)) chain.add(chunk.seq, chunk.sha256);
  return chain.head();
}
