/** From a body to the samples that models take: one channel, 16 kHz, in memory. What is too long is noticed on the way. */
import { err, ok, type Result } from "../../../schemas/lib/result.ts";
import { sampleRateHz } from "../../../schemas/wire/audio.ts";
import { audioKindOf } from "../../../schemas/speech/audio-kind.ts";
import { type AudioFault, takenFormats } from "./audio-fault.ts";
import { openOpus } from "./opus-source.ts";
import type { PcmSource } from "./pcm-source.ts";
import { Resampler } from "./resampler.ts";
import { openRawPcm, openWav } from "./wav-source.ts";

const rawPcmType = /^audio\/(l16|pcm|x-pcm|raw)\b/i;
const defaultRawRateHz = 16_000;

/** @param type the declared one: believed only of samples without a header, which can't speak for themselves. */
export async function decodeAudio(
  bytes: Uint8Array,
  type: string,
  maxSeconds: number,
): Promise<Result<Float32Array, AudioFault>> {
  if (bytes.byteLength === 0) return err({ reason: "empty", detail: "There is no audio: the body is empty." });
  const source = await openSource(bytes, type);
  return source.ok ? gather(source.value, maxSeconds) : source;
}

async function openSource(bytes: Uint8Array, type: string): Promise<Result<PcmSource, AudioFault>> {
  const kind = audioKindOf(bytes);
  switch (kind) {
    case "wav":
      return openWav(bytes);
    case "webm":
    case "ogg":
    case "mp4":
      return openOpus(bytes, { webm: "WebM", ogg: "Ogg", mp4: "MP4" }[kind]);
    case "mp3":
    case "flac":
    case "zip":
    case "text":
      return err({
        reason: "unsupported",
        detail: `This is ${kind}, which can't be heard here. It takes ${takenFormats}.`,
      });
    case undefined:
      return openRaw(bytes, type);
  }
}

function openRaw(bytes: Uint8Array, type: string): Result<PcmSource, AudioFault> {
  if (!rawPcmType.test(type)) {
    return err({ reason: "unsupported", detail: `No format is known that begins so. It takes ${takenFormats}.` });
  }
  const rate = numberOf(type, "rate") ?? defaultRawRateHz;
  const channels = numberOf(type, "channels") ?? 1;
  if (rate < 4_000 || rate > 192_000 || channels < 1 || channels > 8) {
    return err({ reason: "unsupported", detail: `Samples at ${rate} Hz in ${channels} channels can't be heard here.` });
  }
  return ok(openRawPcm(bytes, rate, channels));
}

function numberOf(type: string, name: string): number | undefined {
  const found = new RegExp(`;\\s*${name}="?(\\d{1,9})\\b`, "i").exec(type)?.[1];
  return found === undefined ? undefined : Number(found);
}

async function gather(source: PcmSource, maxSeconds: number): Promise<Result<Float32Array, AudioFault>> {
  const resampler = new Resampler(source.sampleRateHz, sampleRateHz);
  const parts: Float32Array[] = [];
  let length = 0;
  const take = (part: Float32Array): void => {
    parts.push(part);
    length += part.length;
  };
  for await (const block of source.blocks) {
    take(resampler.push(mixed(block)));
    if (length > maxSeconds * sampleRateHz) {
      return err({ reason: "too_long", detail: `The audio is longer than ${maxSeconds} seconds: send it in parts.` });
    }
  }
  take(resampler.end());
  if (length === 0) return err({ reason: "empty", detail: "There is no audio: the file has no samples." });
  const all = new Float32Array(length);
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return ok(all);
}

function mixed(channels: readonly Float32Array[]): Float32Array {
  const [first = new Float32Array(), ...others] = channels;
  if (others.length === 0) return first;
  return first.map((value, i) => others.reduce((sum, other) => sum + (other[i] ?? 0), value) / channels.length);
}
