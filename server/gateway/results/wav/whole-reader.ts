/**
 * Reads any bytes of a track's WAV out of the one file that finalize made of it. Each second of that file is checked against the
 * SHA-256 that was kept with its chunk before a byte of it is given out (A8); what does not match comes from the chunk itself,
 * which is checked as well. Knows nothing of HTTP.
 */
import { toHex } from "../../../../schemas/chain.ts";
import { withTimeout } from "../../../../schemas/lib/timeout.ts";
import { wavHeadBytes } from "../../../../schemas/speech/wav-head.ts";
import { chunkBytes } from "../../../../schemas/wire/audio.ts";
import { readChunk } from "../../archive/chunk-reader.ts";
import type { KeptChunk } from "../../tracks/kept-chunks.ts";
import { seqAt, wavHeader } from "./wav.ts";
import { planPieces, type Wav, type WavSource } from "./wav-reader.ts";

const readTimeoutMs = 30_000;

/** Bytes of the file from one second's beginning to another's end, or to the end of the file. */
export interface SecondsRange {
  readonly offset: number;
  readonly length: number;
}

/** Which bytes of the whole track's file it takes to read, and to check, bytes `from` to `to` (excluded) of a stretch of it. */
export function secondsRange({ span }: Pick<Wav, "span">, from: number, to: number): SecondsRange {
  const first = seqAt(span, Math.max(from, wavHeadBytes));
  const last = seqAt(span, to - 1);
  return { offset: wavHeadBytes + (first - 1) * chunkBytes, length: (last - first + 1) * chunkBytes };
}

/**
 * Bytes `from` to `to` (excluded) of a stretch. Rejects where a second is in neither as it was kept; what came before is right.
 * @param stored the file's bytes of `secondsRange`; it may end early.
 * @param differs called once, with the first second that the file has not as it was kept.
 */
export async function* readWhole(
  source: WavSource,
  wav: Wav,
  stored: ReadableStream<Uint8Array>,
  { from, to, differs }: { readonly from: number; readonly to: number; readonly differs: (seq: number) => void },
): AsyncGenerator<Uint8Array<ArrayBuffer>, void, undefined> {
  const seconds = new StoredSeconds(stored);
  let isRight = true;
  try {
    for await (const { piece, chunk } of planPieces(source, wav, from, to)) {
      if (piece.kind === "header") {
        yield wavHeader(wav.span).subarray(piece.from, piece.to);
        continue;
      }
      const second = await seconds.next();
      if (!chunk) {
        yield new Uint8Array(piece.to - piece.from);
        continue;
      }
      if (isKept(source, second, chunk)) {
        yield second.subarray(piece.from, piece.to);
        continue;
      }
      // A last second that is cut short (W10) can't be checked where what was cut off is not silence: that says nothing of the file.
      const isCutShort = second.byteLength < chunkBytes && second.byteLength >= piece.to;
      if (isRight && !isCutShort) {
        isRight = false;
        differs(piece.seq);
      }
      yield new Uint8Array(await readChunk(source, wav.track, chunk), piece.from, piece.to - piece.from);
    }
  } finally {
    await seconds.close();
  }
}

/** Whether a second, filled up with silence, is the chunk that was kept. */
function isKept({ sha256 }: Pick<WavSource, "sha256">, second: Uint8Array, chunk: KeptChunk): boolean {
  let full = second;
  if (second.byteLength < chunkBytes) {
    full = new Uint8Array(chunkBytes);
    full.set(second);
  }
  return toHex(sha256(full)) === toHex(new Uint8Array(chunk.sha256));
}

/** The seconds of a stream of PCM. One that fails, or is too slow, has ended. */
class StoredSeconds {
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  #rest = new Uint8Array();
  #hasEnded = false;

  constructor(stream: ReadableStream<Uint8Array>) {
    this.#reader = stream.getReader();
  }

  /** Shorter than a second, or empty, at the end. */
  async next(): Promise<Uint8Array<ArrayBuffer>> {
    const second = new Uint8Array(chunkBytes);
    let filled = 0;
    while (filled < chunkBytes) {
      if (this.#rest.byteLength === 0 && !(await this.#more())) return second.slice(0, filled);
      const taken = this.#rest.subarray(0, chunkBytes - filled);
      second.set(taken, filled);
      filled += taken.byteLength;
      this.#rest = this.#rest.subarray(taken.byteLength);
    }
    return second;
  }

  async close(): Promise<void> {
    this.#hasEnded = true;
    await this.#reader.cancel().catch(() => undefined);
  }

  async #more(): Promise<boolean> {
    if (this.#hasEnded) return false;
    try {
      const { done, value } = await withTimeout(this.#reader.read(), readTimeoutMs, "R2 read");
      if (!done) {
        this.#rest = new Uint8Array(value);
        return true;
      }
      this.#hasEnded = true;
    } catch {
      // The chunks have the same bytes.
      await this.close();
    }
    return false;
  }
}
