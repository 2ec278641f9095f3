/**
 * Recomputes a finalized session's result from what lies in R2 (SPEC F3, H1): every chunk's bytes against the hash
 * that R2 checked at its put, each track's hash chain and WAV, and everything that the result derives from its event
 * log. Constant memory; each difference is a sentence that names the object.
 */
import { createHash } from "node:crypto";
import { isDeepStrictEqual } from "node:util";
import { chunkBytes, chunkMs, bytesPerSample } from "../../schemas/wire/audio.ts";
import { createHashChain } from "../../schemas/chain.ts";
import { type SessionResult, sessionResultSchema } from "../../schemas/http/result.ts";
import { defaultTenant } from "../../schemas/names.ts";
import { viewOf } from "../../schemas/speech/speaker-view.ts";
import { offsetsOf, placeTurns } from "../../schemas/speech/axis.ts";
import { timelineOf } from "../../schemas/speech/timeline.ts";
import { speakersOf, transcriptOf } from "../../schemas/speech/transcript.ts";
import { Failure } from "../../schemas/lib/failure.ts";
import type { LocalBucket } from "./local-bucket.ts";

export interface Verification {
  /** What was recomputed, one line each. */
  readonly checked: readonly string[];
  /** What differs; empty where the result holds. */
  readonly differences: readonly string[];
}

export interface VerifyOptions {
  readonly bucket: Pick<LocalBucket, "keys" | "read">;
  readonly tenant: string;
  readonly sessionId: string;
  readonly onProgress?: (done: number, total: number) => void;
}

type Audio = SessionResult["audio"][number];
const wavHeaderBytes = 44;

/** @throws Failure where there is no result to verify. */
export async function verifySession(options: VerifyOptions): Promise<Verification> {
  const result = await readResult(options);
  const [checked, differences]: [string[], string[]] = [[], []];
  differences.push(...logDifferences(result));
  checked.push(`${result.events.length} events: numbers, names, timeline, speakers, transcript`);
  const total = result.audio.reduce((sum, { chunks }) => sum + chunks, 0);
  let done = 0;
  const step = (): void => options.onProgress?.((done += 1), total);
  for (const audio of result.audio) {
    differences.push(...(await trackDifferences(options, result, audio, step)));
    const wav = audio.wav ? `, WAV of ${audio.wav.bytes} bytes` : "";
    checked.push(`track ${audio.track}: ${audio.chunks} chunks, hash chain${wav}`);
  }
  differences.push(...sumDifferences(result));
  checked.push("coverage and gaps");
  differences.push(...(await versionDifferences(options, result)));
  if (result.version !== undefined) checked.push(`${result.version} versions of the result`);
  return { checked, differences };
}

/** Each version stands for itself, and its log is the beginning of the newest one's. */
async function versionDifferences(options: VerifyOptions, newest: SessionResult): Promise<string[]> {
  const differences: string[] = [];
  for (let version = 1; version <= (newest.version ?? 0); version += 1) {
    const name = `results/${version}.json`;
    const result = await readResult(options, name);
    const isNewest = version === newest.version;
    if ((result.version ?? 1) !== version) differences.push(`${name} says that it is another version.`);
    if (isNewest && !isDeepStrictEqual(result, newest)) differences.push(`${name} is not what result.json is.`);
    if (!isDeepStrictEqual(result.events, newest.events.slice(0, result.events.length)))
      differences.push(`${name} has another log than the newest version.`);
    if (!isDeepStrictEqual(soundOf(result), soundOf(newest))) differences.push(`${name} has other audio.`);
    if (!isNewest) differences.push(...logDifferences(result, name));
  }
  return differences;
}

/** What no correction changes. */
function soundOf({ audio }: SessionResult): unknown {
  return audio.map(({ track, chunks, chain_head, wav }) => ({ track, chunks, chain_head, wav }));
}

async function readResult({ bucket, tenant, sessionId }: VerifyOptions, name = "result.json"): Promise<SessionResult> {
  const root = tenant === defaultTenant ? "" : `tenants/${tenant}/`;
  const key = `${root}sessions/${sessionId}/${name}`;
  const object = await bucket.read(key);
  if (!object)
    throw new Failure(
      `R2 has no ${key}: the session is not finalized (curl -X POST …/finalize), or this is not its bucket.`,
    );
  let value: unknown;
  try {
    value = JSON.parse(Buffer.from(object.bytes).toString());
  } catch {
    throw new Failure(`${key} is not JSON.`);
  }
  const parsed = sessionResultSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw new Failure(`${key} is no result: ${issue?.path.map(String).join(".") ?? ""}: ${issue?.message ?? ""}.`);
}

/** Everything that the result says twice: in its events, and derived from them. */
function logDifferences(
  { events, timeline, speakers, transcript, state, audio, version }: SessionResult,
  file = "result.json",
): string[] {
  const differences: string[] = [];
  const compare = (what: string, stored: unknown, derived: unknown): void => {
    if (!isDeepStrictEqual(stored, derived)) differences.push(`${file}: ${what} is not what its events say.`);
  };
  if (events.some(({ event_id }, i) => event_id !== i + 1)) differences.push(`${file}: an event is missing.`);
  const turns = timelineOf(events);
  const offsets = offsetsOf(audio);
  // Results of before December 2026 know no axis: each track's turns stand for themselves, one track after the other.
  const isPlaced = audio.every(({ offset_ms }) => offset_ms !== undefined);
  compare("timeline", timeline, isPlaced ? placeTurns(turns, offsets) : turns);
  if (isPlaced || audio.length < 2) compare("speakers", speakers, speakersOf(placeTurns(turns, offsets)));
  // Before results had versions, a source's label went over a person's word.
  const ofBefore = version === undefined ? new Map<string, string>() : undefined;
  compare("transcript", transcript, transcriptOf(events, turns, offsets, ofBefore));
  if (isPlaced && audio.some(({ track, offset_ms }) => offset_ms !== (offsets.get(track) ?? 0)))
    differences.push(`${file}: offsets are not what the origins say.`);
  const names = [...viewOf(events).bindings].map(([id, { name }]): [string, string] => [id, name]);
  compare("state.bindings", state.bindings, Object.fromEntries(names));
  return differences;
}

async function trackDifferences(
  { bucket }: VerifyOptions,
  { tenant, session_id: sessionId, gaps }: SessionResult,
  audio: Audio,
  onChunk: () => void,
): Promise<string[]> {
  const { track, key_prefix: prefix, duration_ms } = audio;
  const differences: string[] = [];
  const missing = gaps.filter((gap) => gap.track === track);
  const isMissing = (seq: number): boolean => missing.some(({ from_seq, to_seq }) => seq >= from_seq && seq <= to_seq);
  const stored = new Set(await bucket.keys(prefix));
  const chain = createHashChain({ tenant, sessionId, track }, sha256);
  const wav = await openWav(bucket, audio, differences);
  for (let seq = 1; seq <= duration_ms / chunkMs; seq += 1) {
    const key = `${prefix}${String(seq).padStart(8, "0")}.pcm`;
    if (isMissing(seq)) {
      await wav?.compare(new Uint8Array(chunkBytes), seq);
      continue;
    }
    stored.delete(key);
    const object = await bucket.read(key);
    onChunk();
    if (!object) {
      differences.push(`${key} is missing.`);
      continue;
    }
    const digest = sha256(object.bytes);
    if (object.sha256 !== hexOf(digest)) differences.push(`${key} has other bytes than were put there.`);
    if (object.bytes.length !== chunkBytes) differences.push(`${key} has ${object.bytes.length} bytes.`);
    if (object.metadata["seq"] !== String(seq))
      differences.push(`${key} says that it is chunk ${object.metadata["seq"] ?? ""}.`);
    chain.add(seq, digest);
    await wav?.compare(object.bytes, seq);
  }
  for (const key of stored) differences.push(`${key} is not in the result.`);
  if (chain.head() !== audio.chain_head)
    differences.push(`Track ${track}: the hash chain has another head than the result.`);
  wav?.end();
  return differences;
}

/** Reads a track's WAV along with its chunks, second by second. */
async function openWav(
  bucket: VerifyOptions["bucket"],
  { wav, duration_ms, padding_samples }: Audio,
  differences: string[],
): Promise<{ compare: (pcm: Uint8Array, seq: number) => Promise<void>; end: () => void } | undefined> {
  if (!wav) return undefined;
  const header = await bucket.read(wav.key, { offset: 0, length: wavHeaderBytes });
  const samplesBytes = (duration_ms / chunkMs) * chunkBytes - padding_samples * bytesPerSample;
  if (!header) {
    differences.push(`${wav.key} is missing.`);
    return undefined;
  }
  if (header.size !== wav.bytes || wav.bytes !== wavHeaderBytes + samplesBytes) {
    differences.push(`${wav.key} has ${header.size} bytes; the track makes ${wavHeaderBytes + samplesBytes}.`);
  }
  const hash = createHash("sha256").update(header.bytes);
  let wrong: number | undefined;
  return {
    compare: async (pcm, seq) => {
      const offset = wavHeaderBytes + (seq - 1) * chunkBytes;
      const length = Math.min(chunkBytes, header.size - offset);
      const part = length > 0 ? await bucket.read(wav.key, { offset, length }) : undefined;
      if (part) hash.update(part.bytes);
      if (!part || Buffer.compare(part.bytes, pcm.subarray(0, length)) !== 0) wrong ??= seq;
    },
    end: () => {
      if (wrong !== undefined) differences.push(`${wav.key} differs from the chunks, first in second ${wrong}.`);
      if (hash.digest("hex") !== wav.sha256) differences.push(`${wav.key} has another SHA-256 than the result.`);
    },
  };
}

/** What the result counts. */
function sumDifferences({ audio, gaps, coverage, end_reason }: SessionResult): string[] {
  const expected = audio.reduce((sum, { duration_ms }) => sum + duration_ms / chunkMs, 0);
  const missing = gaps.reduce((sum, { from_seq, to_seq }) => sum + to_seq - from_seq + 1, 0);
  const kept = audio.reduce((sum, { chunks }) => sum + chunks, 0);
  const differences: string[] = [];
  if (kept + missing !== expected)
    differences.push(`result.json: ${kept} s kept and ${missing} s missing are not ${expected} s.`);
  // Of a meeting without a second it was 1 before results had an `end_reason`.
  const ofNothing = end_reason === undefined ? 1 : 0;
  if (coverage !== (expected === 0 ? ofNothing : kept / expected))
    differences.push("result.json: coverage is not kept by expected seconds.");
  return differences;
}

function sha256(bytes: Uint8Array): Uint8Array {
  return createHash("sha256").update(bytes).digest();
}

function hexOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("hex");
}
