/** Live audio as it is handed to who listens. */
import type { liveSampleRatesHz } from "../../schemas/wire/audio.ts";

export interface LivePiece {
  readonly track: string;
  readonly sampleRate: (typeof liveSampleRatesHz)[number];
  /** 20 to 250 ms, mono. */
  readonly samples: Int16Array<ArrayBuffer>;
  /** Where the first sample lies on the track's timeline, ms, where its sender says so. */
  readonly atMs: number | undefined;
  /** Drop what is queued of this track and was not played, and go on with this. */
  readonly flush: boolean;
  /** So much of the track was dropped before this piece, because it was not read in time. What the network lost is not in it. */
  readonly lostMs: number;
}
