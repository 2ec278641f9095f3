/** What must hold once a session is finalized: of its result, and of what lies in R2. */
import { chunkBytes, chunkMs } from "../../../schemas/wire/audio.ts";
import { createHashChain } from "../../../schemas/chain.ts";
import type { SessionResult } from "../../../schemas/http/result.ts";
import type { LocalBucket } from "../../../scripts/local/local-bucket.ts";
import { type ChaosAudio, sha256 } from "./chaos-audio.ts";
import { chunkKeyOf } from "./chaos-connection.ts";
import { missingRanges } from "../../../client/testkit/reference-track.ts";
import { joinedRanges } from "./ranges.ts";
import type { TrackModel } from "./track-model.ts";
import { hold, same } from "./violation.ts";

const wavHeaderBytes = 44;

export interface Finished {
  readonly session: string;
  readonly models: readonly TrackModel[];
  readonly audio: ChaosAudio;
  readonly bucket: LocalBucket;
}

/** Every second that was acked so far must lie in R2, whatever becomes of the others (K3). */
export async function checkPromised({ session, models, bucket }: Finished, when: string): Promise<void> {
  const promised = models.flatMap((model) => model.sure().map((seq) => chunkKeyOf(session, model.track, seq)));
  const keys = new Set(await bucket.keys(`sessions/${session}/`));
  for (const key of promised) hold(keys.has(key), `${when}, R2 does not have ${key}, which was acked`);
}

/** @returns the SHA-256 of every kept second, and its place. */
export async function checkEnd(finished: Finished, result: SessionResult): Promise<Map<string, string>> {
  const { session, models, bucket } = finished;
  same("session_id of the result", result.session_id, session);
  // A connection alone, and frames that were refused, open no track.
  const opened = models.filter((model) => model.sure().length > 0 || result.ingest_by_track[model.track]);
  same("tracks of the result", Object.keys(result.ingest_by_track).sort(), opened.map(({ track }) => track).sort());
  for (const [index, event] of result.events.entries()) same("event_id", event.event_id, index + 1);
  const kept = new Map<string, string>();
  const keys = [`sessions/${session}/result.json`, `sessions/${session}/results/1.json`];
  let expected = 0;
  let received = 0;
  for (const model of opened) {
    const seconds = await checkTrack(finished, model, result);
    for (const [seq, digest] of seconds) {
      kept.set(digest, `${session}/${model.track}/${seq}`);
      keys.push(chunkKeyOf(session, model.track, seq));
    }
    const status = result.ingest_by_track[model.track];
    const wav = result.audio.find(({ track }) => track === model.track)?.wav;
    if (wav) {
      keys.push(wav.key);
      await checkWav(bucket, wav, seconds);
    }
    received += seconds.size;
    expected += seconds.size + (status?.missing_chunks ?? 0);
  }
  same("objects in R2", await bucket.keys(`sessions/${session}/`), keys.sort());
  same("coverage", result.coverage, expected === 0 ? 0 : received / expected);
  const stored = await bucket.read(`sessions/${session}/result.json`);
  // It is given out without what voices sound like.
  const { state, ...rest } = JSON.parse(new TextDecoder().decode(stored?.bytes)) as SessionResult;
  const clusters = state.clusters.map((cluster) => ({ ...cluster, centroid: [] }));
  same("result.json in R2", { ...rest, state: { ...state, clusters } }, result);
  return kept;
}

/** The assembled file is what the result says it is, and has every kept second in its place. */
async function checkWav(
  bucket: LocalBucket,
  { key, bytes, sha256: digest }: NonNullable<SessionResult["audio"][number]["wav"]>,
  seconds: ReadonlyMap<number, string>,
): Promise<void> {
  const stored = (await bucket.read(key))?.bytes;
  if (!stored) throw new Error(`R2 does not have ${key}`);
  same(`bytes of ${key}`, stored.byteLength, bytes);
  same(`SHA-256 of ${key}`, sha256(stored).toString("hex"), digest);
  for (const [seq, kept] of seconds) {
    const at = wavHeaderBytes + (seq - 1) * chunkBytes;
    // The last second may be cut where it only fills up.
    if (at + chunkBytes <= bytes)
      same(`second ${seq} of ${key}`, sha256(stored.subarray(at, at + chunkBytes)).toString("hex"), kept);
  }
}

async function checkTrack(
  { session, audio, bucket }: Finished,
  model: TrackModel,
  result: SessionResult,
): Promise<Map<number, string>> {
  const { track } = model;
  const status = result.ingest_by_track[track];
  if (!status) throw new Error(`no status of ${track}`);
  model.observe(status, true);
  same(`${track}: archived_seq`, status.archived_seq, status.last_seq);
  const kept = model.sure().sort((a, b) => a - b);
  const expected = kept.length + status.missing_chunks;
  same(
    `${track}: gaps of the result`,
    joinedRanges(result.gaps.filter((gap) => gap.track === track)),
    missingRanges(new Set(kept), expected),
  );
  const chain = createHashChain({ tenant: result.tenant, sessionId: session, track }, sha256);
  const digests = new Map<number, string>();
  for (const seq of kept) {
    const key = chunkKeyOf(session, track, seq);
    const object = await bucket.read(key);
    hold(object !== undefined, `R2 does not have ${key}, which is kept`);
    const digest = sha256(object?.bytes ?? new Uint8Array());
    const allowed = model.variantsOf(seq).map((variant) => sha256(audio.second(track, seq, variant)).toString("hex"));
    hold(allowed.includes(digest.toString("hex")), `R2 has other bytes under ${key} than were acked`);
    chain.add(seq, digest);
    digests.set(seq, digest.toString("hex"));
  }
  const entry: Partial<SessionResult["audio"][number]> = result.audio.find((one) => one.track === track) ?? {};
  const { padding_samples: padding = -1, wav = null, origin_ms: origin = null, ...others } = entry;
  const { ended, offset_ms: offset = -1, origin_source: source, ...rest } = others;
  hold(source === null ? origin === null : origin !== null && offset >= 0, `${track}: its origin is ${origin}`);
  hold(typeof ended === "boolean", `${track}: the result does not say whether it ended`);
  // Schedules leave no gap so long that there would be no file.
  same(`${track}: has a WAV`, wav !== null, kept.length > 0);
  same(`${track}: audio of the result`, rest, {
    track,
    key_prefix: chunkKeyOf(session, track, 0).replace(/[^/]+$/, ""),
    chunks: kept.length,
    bytes: kept.length * chunkBytes,
    duration_ms: expected * chunkMs,
    chain_head: chain.head(),
  });
  hold(model.paddings(expected).includes(padding), `${track}: padding_samples of the result is ${padding}`);
  return digests;
}
