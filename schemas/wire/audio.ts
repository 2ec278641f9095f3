/** The one audio format of the wire: s16le, 16 kHz, mono, in chunks of exactly one second. */
export const sampleRateHz = 16_000;
export const channelCount = 1;
export const pcmFormat = "pcm_s16le";
export const bytesPerSample = 2;
export const chunkSamples = sampleRateHz;
export const chunkBytes = chunkSamples * channelCount * bytesPerSample;
export const chunkMs = 1_000;

/** Live audio passes by and is not kept: what conversation needs, at the rates that microphones and voices have. */
export const liveSampleRatesHz = [16_000, 24_000] as const;
export const minLiveMs = 20;
export const maxLiveMs = 250;

/** Whether so many bytes are live audio of a length that is taken. */
export function isLiveLength(bytes: number, rateHz: number): boolean {
  const perMs = (rateHz * bytesPerSample) / 1_000;
  return bytes % bytesPerSample === 0 && bytes >= minLiveMs * perMs && bytes <= maxLiveMs * perMs;
}
