/** Where scaled offsets lie on average, and how far one speaker's stray: the diagonal scaling of the embedding. */
import { scaledOffsets } from "../../../server/shared/diarizer/embedding.ts";
import { channels, type SpeakerModel, voiceValues } from "../../../server/shared/diarizer/model.ts";
import { type Background, createAccumulator, emptyStatistics } from "../../../server/shared/diarizer/statistics.ts";
import { framesPerSecond } from "../../../server/shared/diarizer/tuning.ts";
import { addScaled } from "../../../server/shared/diarizer/vectors.ts";
import { conditions } from "../eval/conditions.ts";
import type { Recording } from "./gather-speech.ts";

/** As long as the pieces of a meeting usually are. */
const pieceFrames = 3 * framesPerSecond;

export function trainSpace(recordings: readonly Recording[], background: Background): SpeakerModel {
  const centres = new Float64Array(channels * voiceValues);
  const recordingsPerChannel = recordings.length / channels;
  const within = new Float64Array(voiceValues);
  const accumulate = createAccumulator(background);
  for (const recording of recordings) {
    const pieces = piecesOf(recording).map((frames) => {
      const statistics = emptyStatistics();
      for (const frame of frames) accumulate(statistics, recording.features.cepstra, frame);
      return scaledOffsets(statistics, background);
    });
    const mean = new Float64Array(voiceValues);
    for (const piece of pieces) addScaled(mean, piece, 1 / pieces.length);
    for (const piece of pieces)
      addScaled(
        within,
        piece.map((value, i) => (value - (mean[i] ?? 0)) ** 2),
        1 / (pieces.length - 1) / recordings.length,
      );
    // Each recording counts the same, however long it is.
    const channel = conditions.indexOf(recording.condition);
    const centre = centres.subarray(channel * voiceValues, (channel + 1) * voiceValues);
    addScaled(centre, mean, 1 / recordingsPerChannel);
  }
  return { ...background, centres: Float32Array.from(centres), within: Float32Array.from(within, Math.sqrt) };
}

function piecesOf({ spoken }: Recording): (readonly number[])[] {
  const count = Math.floor(spoken.length / pieceFrames);
  return Array.from({ length: count }, (_, i) => spoken.slice(i * pieceFrames, (i + 1) * pieceFrames));
}
