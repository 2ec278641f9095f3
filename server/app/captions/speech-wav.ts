/** Samples of the wire as a WAV file, which every transcriber takes. */
import { bytesPerSample, channelCount, sampleRateHz } from "../../../schemas/wire/audio.ts";

const headBytes = 44;

export function speechWav(pcm: Uint8Array<ArrayBuffer>): Blob {
  const head = new DataView(new ArrayBuffer(headBytes));
  const write = (at: number, text: string): void =>
    new TextEncoder().encode(text).forEach((byte, i) => head.setUint8(at + i, byte));
  write(0, "RIFF");
  head.setUint32(4, headBytes - 8 + pcm.byteLength, true);
  write(8, "WAVEfmt ");
  head.setUint32(16, 16, true);
  head.setUint16(20, 1, true);
  head.setUint16(22, channelCount, true);
  head.setUint32(24, sampleRateHz, true);
  head.setUint32(28, sampleRateHz * channelCount * bytesPerSample, true);
  head.setUint16(32, channelCount * bytesPerSample, true);
  head.setUint16(34, bytesPerSample * 8, true);
  write(36, "data");
  head.setUint32(40, pcm.byteLength, true);
  return new Blob([head.buffer, pcm], { type: "audio/wav" });
}
