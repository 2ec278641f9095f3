/** The head of a WAV file of 16-bit PCM (Microsoft, "Multimedia Programming Interface and Data Specifications 1.0", 1991). */
import { bytesPerSample } from "../wire/audio.ts";

export const wavHeadBytes = 44;
/** What a file that is streamed says of its size. */
export const openWavBytes = 0xffff_ffff;

const fmtBytes = 16;
const pcmFormatTag = 1;

export interface WavFormat {
  readonly rateHz: number;
  readonly channels: number;
}

/** @param dataBytes of the samples behind it; `openWavBytes` where nobody knows yet. */
export function wavHead(dataBytes: number, { rateHz, channels }: WavFormat): Uint8Array<ArrayBuffer> {
  const head = new Uint8Array(wavHeadBytes);
  const view = new DataView(head.buffer);
  const text = (at: number, letters: string): void => head.set(new TextEncoder().encode(letters), at);
  const frameBytes = channels * bytesPerSample;
  text(0, "RIFF");
  view.setUint32(4, Math.min(openWavBytes, dataBytes + wavHeadBytes - 8), true);
  text(8, "WAVEfmt ");
  view.setUint32(16, fmtBytes, true);
  view.setUint16(20, pcmFormatTag, true);
  view.setUint16(22, channels, true);
  view.setUint32(24, rateHz, true);
  view.setUint32(28, rateHz * frameBytes, true);
  view.setUint16(32, frameBytes, true);
  view.setUint16(34, bytesPerSample * 8, true);
  text(36, "data");
  view.setUint32(40, dataBytes, true);
  return head;
}
