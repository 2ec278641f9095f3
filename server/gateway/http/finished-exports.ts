/**
 * Finished documents in the Worker's memory, so that a meeting in which nothing was said meanwhile is not put together again for each
 * who asks (R15). Bounded in bytes and in age. What is kept is found only by the tag that the room's answer of this moment gives, so
 * that neither older documents nor those of a session that was deleted are ever given out.
 */
import { givingWay } from "../../shared/lib/wait.ts";

/** Of one document. */
const maxBytes = 12_582_912;
/** Of all. */
const maxBytesTogether = 33_554_432;
const keptForMs = 600_000;

interface Finished {
  readonly etag: string;
  readonly pieces: readonly Uint8Array[];
  readonly bytes: number;
  readonly madeAt: number;
}

export class FinishedExports {
  /** By their names, those longest unasked first. */
  readonly #kept = new Map<string, Finished>();
  readonly #now: () => number;

  constructor(now: () => number) {
    this.#now = now;
  }

  find(name: string, etag: string): readonly Uint8Array[] | undefined {
    this.#dropOld();
    const found = this.#kept.get(name);
    if (found?.etag !== etag) return undefined;
    this.#kept.delete(name);
    this.#kept.set(name, found);
    return found.pieces;
  }

  keep(name: string, etag: string, pieces: readonly Uint8Array[]): void {
    this.#kept.delete(name);
    const bytes = pieces.reduce((sum, { byteLength }) => sum + byteLength, 0);
    if (bytes > maxBytes) return;
    this.#kept.set(name, { etag, pieces, bytes, madeAt: this.#now() });
    this.#dropOld();
    for (const [oldest] of this.#kept) {
      if (this.bytes <= maxBytesTogether) return;
      this.#kept.delete(oldest);
    }
  }

  get bytes(): number {
    return [...this.#kept.values()].reduce((sum, { bytes }) => sum + bytes, 0);
  }

  #dropOld(): void {
    for (const [name, { madeAt }] of this.#kept) if (this.#now() - madeAt > keptForMs) this.#kept.delete(name);
  }
}

export interface Begun {
  /** In order; no more than fit into memory. */
  readonly pieces: readonly Uint8Array[];
  /** What follows; undefined where that was all. */
  readonly rest: AsyncGenerator<string, void, undefined> | undefined;
}

/** Makes a document, as much of it as would be kept. */
export async function begin(written: AsyncGenerator<string, void, undefined>): Promise<Begun> {
  const encoder = new TextEncoder();
  const pieces: Uint8Array[] = [];
  for (let bytes = 0; bytes <= maxBytes;) {
    const piece = await written.next();
    if (piece.done) return { pieces, rest: undefined };
    const encoded = encoder.encode(piece.value);
    pieces.push(encoded);
    bytes += encoded.byteLength;
  }
  return { pieces, rest: written };
}

/**
 * What fails on the way, such as a deletion, cuts it off: a part must not pass for the whole. Finished pieces give way to others as
 * those do that are made meanwhile (R13).
 */
export function streamOf({ pieces, rest }: Begun): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  const myTurn = givingWay();
  let next = 0;
  return new ReadableStream({
    async pull(controller) {
      await myTurn();
      const made = pieces[next];
      next += 1;
      if (made) return controller.enqueue(made);
      const piece = await rest?.next();
      if (!piece || piece.done) controller.close();
      else controller.enqueue(encoder.encode(piece.value));
      return undefined;
    },
    async cancel() {
      await rest?.return();
    },
  });
}
