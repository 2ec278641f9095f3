/**
 * Bytes of chunks that R2 took lately, over all rooms of an isolate. Automatic resolve reads each chunk once, soon after it came: from here,
 * not with a request for each. What is not here any more is in R2, and what is read is checked by its hash wherever it comes from.
 */
export class RecentChunks {
  readonly #max: number;
  /** By key in R2, which names tenant, session, track and seq; the oldest first. */
  readonly #chunks = new Map<string, ArrayBuffer>();

  /** @param max chunks. */
  constructor(max: number) {
    this.#max = max;
  }

  add(key: string, pcm: ArrayBuffer): void {
    this.#chunks.set(key, pcm);
    if (this.#chunks.size <= this.#max) return;
    for (const oldest of this.#chunks.keys()) {
      this.#chunks.delete(oldest);
      return;
    }
  }

  get(key: string): ArrayBuffer | undefined {
    return this.#chunks.get(key);
  }

  /** Drops all whose key begins so: what is deleted is in no memory either. */
  forget(prefix: string): void {
    for (const key of this.#chunks.keys()) if (key.startsWith(prefix)) this.#chunks.delete(key);
  }
}

/** 8 MB of an isolate's 128. */
const maxChunks = 256;

export const recentChunks = new RecentChunks(maxChunks);
