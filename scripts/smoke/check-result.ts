/**
 * What state, finalize and result must say after a complete run, recomputed from the bytes that were sent.
 * Pure; throws the first difference as a Failure.
 */
import { createHash } from "node:crypto";
import { chunkBytes, chunkMs } from "../../schemas/wire/audio.ts";
import { createHashChain } from "../../schemas/chain.ts";
import type { FinalizeAnswer } from "../../schemas/http/finalize.ts";
import type { SessionResult } from "../../schemas/http/result.ts";
import type { SessionState } from "../../schemas/http/sessions.ts";
import type { TrackStatus } from "../../schemas/wire/messages.ts";
import { chunkPrefixPattern, sessionPrefixPattern } from "../../client/testkit/check-acks.ts";
import { Failure } from "../../schemas/lib/failure.ts";

export interface SentMeeting {
  readonly sessionId: string;
  readonly track: string;
  readonly chunks: readonly Uint8Array[];
  readonly paddingSamples: number;
  readonly rejectedBefore: number;
}

/** @param where names the answer in the sentence. */
export function checkStatus(where: string, status: TrackStatus | undefined, sent: SentMeeting): void {
  if (!status) throw new Failure(`${where} does not know track ${sent.track}.`);
  const count = sent.chunks.length;
  same(where, "session_id", status.session_id, sent.sessionId);
  same(where, "meeting_id", status.meeting_id, sent.sessionId);
  same(where, "track", status.track, sent.track);
  same(where, "received_chunks", status.received_chunks, count);
  same(where, "missing_chunks", status.missing_chunks, 0);
  same(where, "missing", status.missing.length, 0);
  same(where, "last_seq", status.last_seq, count);
  same(where, "contiguous_seq", status.contiguous_seq, count);
  same(where, "rejected_chunks", status.rejected_chunks, sent.rejectedBefore);
  same(where, "bytes_stored", status.bytes_stored, count * chunkBytes);
  if (status.archived_seq > count || status.resolved_seq > count)
    throw new Failure(`${where} has a watermark beyond the last chunk, ${count}.`);
}

export function checkState(state: SessionState, sent: SentMeeting): void {
  same("state", "session_id", state.session_id, sent.sessionId);
  same("state", "status", state.status, "open");
  checkStatus("state", state.ingest_by_track[sent.track], sent);
}

export function checkFinalize(answer: FinalizeAnswer, result: SessionResult, sent: SentMeeting): void {
  same("finalize", "session_id", answer.session_id, sent.sessionId);
  if (!new RegExp(`^${sessionPrefixPattern(sent.sessionId)}result\\.json$`).test(answer.result_key))
    throw new Failure(`finalize has result_key ${answer.result_key}, which is no key of the session.`);
  same("finalize", "event_count", answer.event_count, result.events.length);
  same("finalize", "finalized_at", answer.finalized_at, result.finalized_at);
  same("finalize", "coverage", answer.coverage, result.coverage);
}

export function checkResult(result: SessionResult, sent: SentMeeting): void {
  const { track, chunks } = sent;
  same("result", "session_id", result.session_id, sent.sessionId);
  checkStatus("result", result.ingest_by_track[track], sent);
  same("result", "archived_seq", result.ingest_by_track[track]?.archived_seq, chunks.length);
  same("result", "gaps of the track", result.gaps.filter((gap) => gap.track === track).length, 0);
  same("result", "coverage", result.coverage, coverageOf(Object.values(result.ingest_by_track)));
  for (const [index, event] of result.events.entries()) same("result", "event_id", event.event_id, index + 1);

  const audio = result.audio.find((entry) => entry.track === track);
  if (!audio) throw new Failure(`result has no audio of track ${track}.`);
  if (!new RegExp(`^${chunkPrefixPattern(sent)}$`).test(audio.key_prefix))
    throw new Failure(`result has key_prefix ${audio.key_prefix}, which is not where chunks of the track lie.`);
  same("result", "audio.chunks", audio.chunks, chunks.length);
  same("result", "audio.bytes", audio.bytes, chunks.length * chunkBytes);
  same("result", "audio.duration_ms", audio.duration_ms, chunks.length * chunkMs);
  same("result", "audio.padding_samples", audio.padding_samples, sent.paddingSamples);
  same("result", "audio.chain_head", audio.chain_head, chainHead(result.tenant, sent));
}

const sha256 = (bytes: Uint8Array): Uint8Array => createHash("sha256").update(bytes).digest();

/** The head of the hash chain over the bytes that were sent (SPEC H1). */
export function chainHead(tenant: string, { sessionId, track, chunks }: SentMeeting): string {
  const chain = createHashChain({ tenant, sessionId, track }, sha256);
  for (const [index, chunk] of chunks.entries()) chain.add(index + 1, sha256(chunk));
  return chain.head();
}

/** Kept over expected seconds. Other tracks of a session that was used before count too. */
function coverageOf(statuses: readonly TrackStatus[]): number {
  const received = statuses.reduce((sum, status) => sum + status.received_chunks, 0);
  const expected = statuses.reduce((sum, status) => sum + status.received_chunks + status.missing_chunks, 0);
  return expected === 0 ? 0 : received / expected;
}

function same(where: string, field: string, actual: unknown, expected: string | number): void {
  if (actual !== expected) throw new Failure(`${where} has ${field} ${String(actual)}; expected ${expected}.`);
}
