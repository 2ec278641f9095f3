/**
 * A stretch of a track as a WAV file: which of its bytes is what. The one place that knows the file's layout, so that the
 * object in R2 and every answer over HTTP have the same bytes. Pure.
 */
import {
  bytesPerSample,
  channelCount,
  chunkBytes,
  chunkSamples,
  sampleRateHz,
} from "../../../../schemas/wire/audio.ts";
import { limits } from "../../../../schemas/limits.ts";
import { wavHead, wavHeadBytes } from "../../../../schemas/speech/wav-head.ts";

/** Samples of a track's timeline: from the first, up to but without the last. */
export interface WavSpan {
  readonly fromSample: number;
  readonly toSample: number;
}

/** What lies next to each other in a WAV file: bytes `from` to `to` (excluded) of the header, or of one second's audio. */
export type WavPiece =
  | { readonly kind: "header"; readonly from: number; readonly to: number }
  | { readonly kind: "second"; readonly seq: number; readonly from: number; readonly to: number };

/** Whether a RIFF file can hold it: it counts its bytes in 32 bits. */
export function fitsWav({ fromSample, toSample }: WavSpan): boolean {
  return toSample - fromSample <= limits.maxWavSeconds * sampleRateHz;
}

/** Size of the file. */
export function wavBytes(span: WavSpan): number {
  return wavHeadBytes + dataBytes(span);
}

function dataBytes({ fromSample, toSample }: WavSpan): number {
  return (toSample - fromSample) * channelCount * bytesPerSample;
}

/** The file's head, for a span that `fitsWav`. */
export function wavHeader(span: WavSpan): Uint8Array<ArrayBuffer> {
  return wavHead(dataBytes(span), { rateHz: sampleRateHz, channels: channelCount });
}

/** The seqs whose seconds a span touches, both included; none where `to_seq` is below `from_seq`. */
export function seqsOf({ fromSample, toSample }: WavSpan): { from_seq: number; to_seq: number } {
  return { from_seq: Math.floor(fromSample / chunkSamples) + 1, to_seq: Math.ceil(toSample / chunkSamples) };
}

/** The second that a byte of the file behind its header belongs to. */
export function seqAt(span: WavSpan, byte: number): number {
  return Math.floor((byte - wavHeadBytes + span.fromSample * bytesPerSample) / chunkBytes) + 1;
}

/** Bytes `from` to `to` (excluded) of the file, piece by piece. */
export function* wavPieces(span: WavSpan, from: number, to: number): Generator<WavPiece> {
  if (from < wavHeadBytes && from < to) yield { kind: "header", from, to: Math.min(to, wavHeadBytes) };
  // Where the file's bytes lie in the bytes of the whole track.
  const shift = span.fromSample * bytesPerSample - wavHeadBytes;
  const end = to + shift;
  for (let at = Math.max(from, wavHeadBytes) + shift; at < end;) {
    const second = Math.floor(at / chunkBytes);
    const next = Math.min(end, (second + 1) * chunkBytes);
    yield { kind: "second", seq: second + 1, from: at - second * chunkBytes, to: next - second * chunkBytes };
    at = next;
  }
}
