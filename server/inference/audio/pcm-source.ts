/** Audio block by block, so that an hour of it is never held at its full rate. */
export interface PcmSource {
  readonly sampleRateHz: number;
  /** Blocks of one `Float32Array` a channel, all of a block equally long, from -1 to 1. */
  readonly blocks: AsyncIterable<readonly Float32Array[]> | Iterable<readonly Float32Array[]>;
}
