/** WAV files of any format, for what has to read them. */
export interface WavContent {
  /** From -1 to 1, equally long. */
  readonly channels: readonly Float32Array[];
  readonly rateHz: number;
  readonly format?: "pcm" | "float";
  readonly bits?: 8 | 16 | 24 | 32 | 64;
}

export function wavOf({ channels, rateHz, format = "pcm", bits = 16 }: WavContent): Uint8Array<ArrayBuffer> {
  const frames = channels[0]?.length ?? 0;
  const frameBytes = (channels.length * bits) / 8;
  const view = new DataView(new ArrayBuffer(44 + frames * frameBytes));
  const bytes = new Uint8Array(view.buffer);
  const text = (at: number, letters: string): void => bytes.set(new TextEncoder().encode(letters), at);
  text(0, "RIFF");
  view.setUint32(4, bytes.byteLength - 8, true);
  text(8, "WAVEfmt ");
  view.setUint32(16, 16, true);
  view.setUint16(20, format === "pcm" ? 1 : 3, true);
  view.setUint16(22, channels.length, true);
  view.setUint32(24, rateHz, true);
  view.setUint32(28, rateHz * frameBytes, true);
  view.setUint16(32, frameBytes, true);
  view.setUint16(34, bits, true);
  text(36, "data");
  view.setUint32(40, frames * frameBytes, true);
  for (let frame = 0; frame < frames; frame++) {
    for (const [channel, samples] of channels.entries()) {
      put(view, 44 + frame * frameBytes + (channel * bits) / 8, samples[frame] ?? 0, `${format}${bits}`);
    }
  }
  return bytes;
}

function put(view: DataView, at: number, value: number, format: string): void {
  const whole = (bits: number): number =>
    Math.max(-(2 ** (bits - 1)), Math.min(2 ** (bits - 1) - 1, Math.round(value * 2 ** (bits - 1))));
  if (format === "pcm8") view.setUint8(at, whole(8) + 128);
  else if (format === "pcm16") view.setInt16(at, whole(16), true);
  else if (format === "pcm24") {
    view.setUint16(at, whole(24) & 0xffff, true);
    view.setInt8(at + 2, whole(24) >> 16);
  } else if (format === "pcm32") view.setInt32(at, whole(32), true);
  else if (format === "float32") view.setFloat32(at, value, true);
  else view.setFloat64(at, value, true);
}
