/** The one audio format of the wire: s16le, 16 kHz, mono, in chunks of exactly one second. */
export const sampleRateHz = 16_000;
export const channelCount = 1;
export const pcmFormat = "pcm_s16le";
export const bytesPerSample = 2;
export const chunkSamples = sampleRateHz;
export const chunkBytes = chunkSamples * channelCount * bytesPerSample;
export const chunkMs = 1_000;
