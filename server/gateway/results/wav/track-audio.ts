/** All of a track's samples as a stream, gaps as silence, a few seconds ahead of whoever takes them; a second that is lost ends it (A4). */
import { bytesPerSample, sampleRateHz } from "../../../../schemas/wire/audio.ts";
import { wavHeadBytes } from "../../../../schemas/speech/wav-head.ts";
import type { TrackAudio } from "../../speakers/review/reviewer.ts";
import type { TrackRow } from "../../tracks/track-plan.ts";
import { wavBytes } from "./wav.ts";
import { wholeTrack } from "./wav-plan.ts";
import { readWav, type WavSource } from "./wav-reader.ts";

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
