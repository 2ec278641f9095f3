/**
 * Whether a model's sound begins as what it is called does: a status and a type are only what a provider says of its answer, and a page, an
 * error or another format would be played, and kept, as speech. Pure.
 */
import { audioKindOf, isMpegFrame } from "../../../schemas/speech/audio-kind.ts";

/** `more`: it can't be told of so little yet. */
export type Look = "right" | "wrong" | "more";

/** So many tell text from samples, and so many samples from frames of MPEG audio, the second of which stands so far behind. */
const [textBytes, kindBytes] = [64, 2_048];
/** No WAV's head is longer, whatever stands in it before the samples. */
const maxHeadBytes = 65_536;
const pcmRateHz = 24_000;

/** @param bytes the first of it. @param isAll whether there are no more. @param contentType one of `speechTypes`. */
export function lookAt(bytes: Uint8Array, isAll: boolean, contentType: string): Look {
  const look = lookOf(contentType)(bytes, isAll);
  return look === "more" && (isAll || bytes.byteLength > maxHeadBytes) ? "wrong" : look;
}

/** Whether a content type, such as `audio/pcm;rate=16000;channels=2`, names another rate than 24 kHz or more than one channel. */
export function isOtherPcm(type: string): boolean {
  const said = (name: string): number | undefined => {
    const digits = new RegExp(`;\\s*${name}="?(\\d{1,6})\\b`, "i").exec(type)?.[1];
    return digits === undefined ? undefined : Number(digits);
  };
  return (said("rate") ?? pcmRateHz) !== pcmRateHz || (said("channels") ?? 1) !== 1;
}

function lookOf(contentType: string): (bytes: Uint8Array, isAll: boolean) => Look {
  if (contentType.startsWith("audio/wav")) return lookAtWav;
  if (contentType.startsWith("audio/mpeg")) return lookAtMpeg;
  return contentType.startsWith("audio/ogg") ? lookAtOgg : lookAtPcm;
}

const [fmt, data] = [0x666d7420, 0x64617461];

/** A format that can be played, and behind it the first sample. */
function lookAtWav(bytes: Uint8Array): Look {
  if (bytes.byteLength < 12) return "more";
  if (audioKindOf(bytes) !== "wav") return "wrong";
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let hasFormat = false;
  for (let at = 12; at + 8 <= bytes.byteLength;) {
    const name = view.getUint32(at);
    const size = view.getUint32(at + 4, true);
    if (name === data) return !hasFormat ? "wrong" : bytes.byteLength > at + 8 ? "right" : "more";
    if (name === fmt) {
      if (size < 16) return "wrong";
      if (at + 24 > bytes.byteLength) return "more";
      const [channels, rateHz] = [view.getUint16(at + 10, true), view.getUint32(at + 12, true)];
      if (channels < 1 || channels > 8 || rateHz < 4_000 || rateHz > 192_000) return "wrong";
      hasFormat = true;
    }
    at += 8 + size + (size % 2);
  }
  return "more";
}

function lookAtMpeg(bytes: Uint8Array): Look {
  if (bytes.byteLength < 4) return "more";
  return audioKindOf(bytes) === "mp3" || isMpegFrame(bytes) ? "right" : "wrong";
}

function lookAtOgg(bytes: Uint8Array): Look {
  if (bytes.byteLength < 4) return "more";
  return audioKindOf(bytes) === "ogg" ? "right" : "wrong";
}

/** Samples have no head: they are what nothing else is. */
function lookAtPcm(bytes: Uint8Array, isAll: boolean): Look {
  if (bytes.byteLength < kindBytes && !isAll) return "more";
  if (bytes.byteLength < 2 || audioKindOf(bytes) !== undefined) return "wrong";
  // As samples, letters are a steady din; a word of an error is no sound.
  return bytes.subarray(0, textBytes).every((byte) => (byte >= 0x20 && byte < 0x7f) || (byte >= 9 && byte <= 13))
    ? "wrong"
    : "right";
}
