/**
 * Reads any bytes of a track's WAV out of its chunks, in order, a few seconds at a time: gaps are silence, every chunk
 * is checked against the SHA-256 that was kept with it. Works wherever kept chunks can be asked for, in the room and in the Worker.
 */
import { type ChunkSource, readChunk } from "../../archive/chunk-reader.ts";
import type { KeptChunk } from "../../tracks/kept-chunks.ts";
import { inOrder } from "../../../shared/lib/in-order.ts";
import { seqAt, type WavPiece, wavHeader, wavPieces, type WavSpan } from "./wav.ts";

/** Reads in flight: a room or a Worker may have six requests, and two stay free for others. */
const maxGets = 4;
/** Chunks whose rows are asked for at once; with all their bytes, half a megabyte. */
export const maxSecondsPerAsk = 16;

export interface WavSource extends ChunkSource {
  /** The kept chunks of a range of at most `maxSecondsPerAsk`, both ends included, in order. */
  readonly kept: (track: string, from: number, to: number) => KeptChunk[] | Promise<KeptChunk[]>;
}

export interface Wav {
  readonly track: string;
  readonly span: WavSpan;
  /** Whether a chunk is silence whatever is kept by now: a file once begun does not change. */
  readonly isGap: (seq: number) => boolean;
}

/** A piece, and the chunk that has its bytes; null for silence. */
type Planned = { readonly piece: WavPiece; readonly chunk: KeptChunk | null };

/** Bytes `from` to `to` (excluded) of the file. Rejects where a chunk can't be had; what came before is right. */
export async function* readWav(
  source: WavSource,
  wav: Wav,
  from: number,
  to: number,
): AsyncGenerator<Uint8Array<ArrayBuffer>, void, undefined> {
  yield* inOrder(plan(source, wav, from, to), maxGets, async ({ piece, chunk }) => {
    if (piece.kind === "header") return wavHeader(wav.span).subarray(piece.from, piece.to);
    if (!chunk) return new Uint8Array(piece.to - piece.from);
    return new Uint8Array(await readChunk(source, wav.track, chunk), piece.from, piece.to - piece.from);
  });
}

async function* plan(source: WavSource, wav: Wav, from: number, to: number): AsyncGenerator<Planned> {
  let chunks = new Map<number, KeptChunk>();
  let askedTo = 0;
  for (const piece of wavPieces(wav.span, from, to)) {
    if (piece.kind === "header") {
      yield { piece, chunk: null };
      continue;
    }
    const { seq } = piece;
    if (seq > askedTo) {
      askedTo = Math.min(seq + maxSecondsPerAsk - 1, seqAt(wav.span, to - 1));
      chunks = new Map((await source.kept(wav.track, seq, askedTo)).map((chunk) => [chunk.seq, chunk]));
    }
    yield { piece, chunk: wav.isGap(seq) ? null : (chunks.get(seq) ?? null) };
  }
}
