/** A track's waveform, read from the metadata of its chunks in R2. Reads no audio. */
import { peaksPerSecond, type PeaksAnswer } from "../../../schemas/http/peaks.ts";
import { chunkSamples, sampleRateHz } from "../../../schemas/wire/audio.ts";
import { withTimeout } from "../../../schemas/lib/timeout.ts";
import { r2TimeoutMs } from "../../shared/config/timings.ts";
import type { SessionName } from "../core/session-name.ts";
import { chunkKey, chunkKeyPrefix, seqOfChunkKey } from "./keys.ts";
import { decodePeaks } from "./peaks.ts";

/** Keys of one answer of R2, at most. */
const chunksPerList = 1_000;
/** A Worker has six requests at a time, and the page that shows a waveform asks for audio as well. */
const maxListsAtOnce = 4;
const msPerPeak = 1_000 / peaksPerSecond;

/** A page of objects with their metadata. */
export interface ListBucket {
  list(options: {
    prefix: string;
    startAfter: string;
    limit: number;
    include: ["customMetadata"];
  }): Promise<{ objects: readonly { key: string; customMetadata?: Record<string, string> }[]; truncated: boolean }>;
}

export interface PeaksWanted {
  readonly session: SessionName;
  readonly track: string;
  /** The track's samples. */
  readonly samples: number;
  /** At most so many points. */
  readonly points: number;
}

/** Rejects where R2 does not answer. */
export async function readPeaks(bucket: ListBucket, wanted: PeaksWanted): Promise<PeaksAnswer> {
  const durationMs = Math.ceil((wanted.samples * 1_000) / sampleRateHz);
  const peaksPerPoint = Math.max(1, Math.ceil(durationMs / msPerPeak / wanted.points));
  const msPerPoint = peaksPerPoint * msPerPeak;
  const points = new Int16Array(Math.ceil(durationMs / msPerPoint)).fill(-1);
  const lastSeq = Math.ceil(wanted.samples / chunkSamples);
  const starts = Array.from({ length: Math.ceil(lastSeq / chunksPerList) }, (_, i) => i * chunksPerList);
  const readNext = async (): Promise<void> => {
    for (let start = starts.shift(); start !== undefined; start = starts.shift()) {
      await readRun(bucket, wanted, start, Math.min(lastSeq, start + chunksPerList), (seq, peaks) => {
        peaks.forEach((peak, i) => {
          const at = Math.floor(((seq - 1) * peaksPerSecond + i) / peaksPerPoint);
          if (at < points.length) points[at] = Math.max(points[at] ?? -1, peak);
        });
      });
    }
  };
  await Promise.all(Array.from({ length: maxListsAtOnce }, readNext));
  return {
    track: wanted.track,
    duration_ms: durationMs,
    ms_per_point: msPerPoint,
    peaks: Array.from(points, (peak) => (peak < 0 ? null : peak)),
  };
}

/** The chunks after `start` up to `last`, in as many answers as R2 takes: with metadata it may give fewer than were asked for. */
async function readRun(
  bucket: ListBucket,
  { session, track }: PeaksWanted,
  start: number,
  last: number,
  take: (seq: number, peaks: Uint8Array) => void,
): Promise<void> {
  const prefix = chunkKeyPrefix(session, track);
  for (let after = start; after < last;) {
    const listing = bucket.list({
      prefix,
      startAfter: chunkKey(session, track, after),
      limit: chunksPerList,
      include: ["customMetadata"],
    });
    const { objects, truncated } = await withTimeout(listing, r2TimeoutMs, "R2 list");
    for (const { key, customMetadata } of objects) {
      const seq = seqOfChunkKey(session, track, key);
      if (seq === undefined || seq > last) return;
      after = seq;
      const peaks = decodePeaks(customMetadata?.["peaks"]);
      if (peaks) take(seq, peaks);
    }
    if (!truncated || objects.length === 0) return;
  }
}
