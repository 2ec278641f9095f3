/**
 * Reads any bytes of a track's WAV out of its chunks, in order, a few seconds at a time: gaps are silence, every chunk
 * is checked against the SHA-256 that was kept with it. Works wherever kept chunks can be asked for, in the room and in the Worker.
 */
import { wavHeadBytes } from "../../../../schemas/speech/wav-head.ts";
import { type ChunkSource, readChunk } from "../../archive/chunk-reader.ts";
import type { KeptChunk } from "../../tracks/kept-chunks.ts";
import { inOrder } from "../../../shared/lib/in-order.ts";
import { seqAt, type WavPiece, wavHeader, wavPieces, type WavSpan } from "./wav.ts";

/** Reads in flight: a room or a Worker may have six requests, and two stay free for others. */
const maxGets = 4;
/** Chunks whose rows are asked for at once; with all their bytes, half a megabyte. */
export const maxSecondsPerAsk = 16;
/** Asks in flight: while the seconds of one are read, the rows of the next are on their way. */
const maxAsks = 2;

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
export interface PlannedPiece {
  readonly piece: WavPiece;
  readonly chunk: KeptChunk | null;
}

/** Bytes `from` to `to` (excluded) of the file. Rejects where a chunk can't be had; what came before is right. */
export async function* readWav(
  source: WavSource,
  wav: Wav,
  from: number,
  to: number,
): AsyncGenerator<Uint8Array<ArrayBuffer>, void, undefined> {
  yield* inOrder(planPieces(source, wav, from, to), maxGets, async ({ piece, chunk }) => {
    if (piece.kind === "header") return wavHeader(wav.span).subarray(piece.from, piece.to);
    if (!chunk) return new Uint8Array(piece.to - piece.from);
    return new Uint8Array(await readChunk(source, wav.track, chunk), piece.from, piece.to - piece.from);
  });
}

/** What bytes `from` to `to` (excluded) of the file are made of, in order. */
export async function* planPieces(
  source: WavSource,
  wav: Wav,
  from: number,
  to: number,
): AsyncGenerator<PlannedPiece, void, undefined> {
  const asked = inOrder(asksOf(wav, from, to), maxAsks, async (ask) => {
    const chunks = await source.kept(wav.track, ask.from, ask.to);
    return { to: ask.to, chunks: new Map(chunks.map((chunk) => [chunk.seq, chunk])) };
  });
  let known = { to: 0, chunks: new Map<number, KeptChunk>() };
  for (const piece of wavPieces(wav.span, from, to)) {
    if (piece.kind === "header") {
      yield { piece, chunk: null };
      continue;
    }
    const { seq } = piece;
    if (seq > known.to) known = (await asked.next()).value ?? known;
    yield { piece, chunk: wav.isGap(seq) ? null : (known.chunks.get(seq) ?? null) };
  }
}

function* asksOf(wav: Wav, from: number, to: number): Generator<{ from: number; to: number }> {
  if (to <= wavHeadBytes || to <= from) return;
  const last = seqAt(wav.span, to - 1);
  for (let at = seqAt(wav.span, Math.max(from, wavHeadBytes)); at <= last; at += maxSecondsPerAsk) {
    yield { from: at, to: Math.min(at + maxSecondsPerAsk - 1, last) };
  }
}
