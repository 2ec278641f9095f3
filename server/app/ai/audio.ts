/** Audio as models are given it: what it is by its bytes, how long it is where a header says so, and raw samples put into a WAV. Pure. */
import { limits } from "../../../schemas/limits.ts";
import { err, ok, type Result } from "../../../schemas/lib/result.ts";
import { type AudioKind, audioKindOf, type OtherKind } from "../../../schemas/speech/audio-kind.ts";
import { wavHead, wavHeadBytes } from "../../../schemas/speech/wav-head.ts";
import type { Audio } from "./ports.ts";

export interface AudioRefusal {
  readonly status: 400 | 413 | 415;
  readonly detail: string;
}

const types: Readonly<Record<Exclude<AudioKind | OtherKind, "zip" | "text">, string>> = {
  wav: "audio/wav",
  webm: "audio/webm",
  ogg: "audio/ogg",
  mp4: "audio/mp4",
  mp3: "audio/mpeg",
  flac: "audio/flac",
};
const taken = "Send WAV, WebM, Ogg or MP4, or samples as audio/L16 with their rate";
const rawPcmType = /^audio\/(l16|pcm|x-pcm|raw)\b/i;

/** @param declared what the sender says that it is: believed of samples without a header alone (SPEC M3). */
export function audioOf(bytes: Uint8Array<ArrayBuffer>, declared: string): Result<Audio, AudioRefusal> {
  if (bytes.byteLength === 0) return err({ status: 400, detail: "There is no audio: the body is empty." });
  const kind = audioKindOf(bytes);
  if (kind === "zip" || kind === "text") {
    return err({ status: 415, detail: `This is ${kind}, whatever it is called. ${taken}.` });
  }
  if (kind === undefined) return rawAudio(bytes, declared);
  return inTime({ bytes, type: types[kind], durationMs: kind === "wav" ? wavDurationMs(bytes) : undefined });
}

function inTime(audio: Audio): Result<Audio, AudioRefusal> {
  if ((audio.durationMs ?? 0) <= limits.maxTranscriptionSeconds * 1_000) return ok(audio);
  return err({
    status: 413,
    detail: `The audio is longer than ${limits.maxTranscriptionSeconds} s: send it in parts.`,
  });
}

function rawAudio(samples: Uint8Array<ArrayBuffer>, declared: string): Result<Audio, AudioRefusal> {
  if (!rawPcmType.test(declared)) return err({ status: 415, detail: `No format is known that begins so. ${taken}.` });
  const rateHz = numberOf(declared, "rate") ?? 16_000;
  const channels = numberOf(declared, "channels") ?? 1;
  if (rateHz < 4_000 || rateHz > 192_000 || channels < 1 || channels > 8) {
    return err({ status: 415, detail: `Samples at ${rateHz} Hz in ${channels} channels are not taken.` });
  }
  return inTime(wavAudio(samples, rateHz, channels));
}

/** Samples without a header, s16le, as a WAV. */
export function wavAudio(samples: Uint8Array, rateHz: number, channels = 1): Audio {
  const frameBytes = 2 * channels;
  const dataBytes = samples.byteLength - (samples.byteLength % frameBytes);
  const bytes = new Uint8Array(wavHeadBytes + dataBytes);
  bytes.set(wavHead(dataBytes, { rateHz, channels }));
  bytes.set(samples.subarray(0, dataBytes), wavHeadBytes);
  return { bytes, type: types.wav, durationMs: Math.round((dataBytes / frameBytes / rateHz) * 1_000) };
}

/** @returns undefined where the header is none that says it: the model looks closer. */
function wavDurationMs(bytes: Uint8Array): number | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let bytesPerSecond = 0;
  for (let at = 12; at + 8 <= bytes.byteLength;) {
    const name = view.getUint32(at);
    const size = view.getUint32(at + 4, true);
    // Of samples and their size, which it is played by; what it says of bytes a second may be anything.
    if (name === fmt && at + 22 <= bytes.byteLength) {
      bytesPerSecond = view.getUint32(at + 12, true) * view.getUint16(at + 20, true);
    }
    if (name === data) {
      const there = Math.min(size, bytes.byteLength - at - 8);
      return bytesPerSecond === 0 ? undefined : Math.round((there / bytesPerSecond) * 1_000);
    }
    at += 8 + size + (size % 2);
  }
  return undefined;
}

const fmt = 0x666d7420;
const data = 0x64617461;

function numberOf(type: string, name: string): number | undefined {
  const found = new RegExp(`;\\s*${name}="?(\\d{1,9})\\b`, "i").exec(type)?.[1];
  return found === undefined ? undefined : Number(found);
}
