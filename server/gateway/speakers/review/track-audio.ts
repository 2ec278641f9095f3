/** All of a track's samples as a stream, gaps as silence, a few seconds ahead of whoever takes them; a second that is lost ends it (A4). */
import { bytesPerSample, sampleRateHz } from "../../../../schemas/wire/audio.ts";
import { wavHeadBytes } from "../../../../schemas/speech/wav-head.ts";
import { wavBytes } from "../../results/wav/wav.ts";
import { readWav, type WavSource } from "../../results/wav/wav-reader.ts";
import { wholeTrack } from "../../results/wav/wav-plan.ts";
import type { TrackRow } from "../../tracks/track-plan.ts";

export interface TrackAudio {
  /** Rounded up. */
  readonly durationMs: number;
  /** s16le, 16 kHz, mono. */
  readonly open: () => ReadableStream<Uint8Array>;
  /** Why the stream failed; undefined while it did not. */
  readonly lost: unknown;
}

export function trackAudio(source: WavSource, row: TrackRow | undefined): TrackAudio {
  const span = row ? wholeTrack(row) : { fromSample: 0, toSample: 0 };
  const state: { lost: unknown } = { lost: undefined };
  const bytes = wavBytes(span);
  return {
    durationMs: Math.ceil(((bytes - wavHeadBytes) * 1_000) / (bytesPerSample * sampleRateHz)),
    get lost() {
      return state.lost;
    },
    open: () => {
      const wav = { track: row?.track ?? "", span, isGap: () => false };
      const pieces = readWav(source, wav, wavHeadBytes, bytes);
      return new ReadableStream<Uint8Array>(
        {
          pull: async (controller) => {
            try {
              const { done, value } = await pieces.next();
              if (done) controller.close();
              else controller.enqueue(value);
            } catch (cause) {
              state.lost = cause;
              controller.error(cause);
            }
          },
          cancel: async () => {
            await pieces.return();
          },
        },
        { highWaterMark: 1 },
      );
    },
  };
}
