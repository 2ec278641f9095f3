/** The library with what it has in Node: an outbox that survives the process, and sources of samples. */
export * from "../index.ts";
export { type FileOutboxOptions, openFileOutbox } from "./file-outbox.ts";
export { openFileSyncStorage } from "./file-sync-storage.ts";
export { openPcmStream, pcmBlocks, type PcmStream } from "./pcm-stream.ts";
export { startCapture } from "./start-capture.ts";
export { WavError } from "./wav/wav-header.ts";
export { openWavFile, type WavFile, type WavInput } from "./wav/wav-reader.ts";
