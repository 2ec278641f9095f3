/**
 * A set of seqs kept as ranges: a day offline is one range, not 86,400 entries.
 */
export type SeqRange = readonly [from: number, to: number];

export class SeqSet {
  /** Sorted, disjoint, not adjacent. */
  #ranges: [number, number][] = [];

  static of(ranges: Iterable<SeqRange>): SeqSet {
    const set = new SeqSet();
    for (const [from, to] of ranges) set.addRange(from, to);
    return set;
  }

  get size(): number {
    return this.#ranges.reduce((sum, [from, to]) => sum + to - from + 1, 0);
  }

  get first(): number | undefined {
    return this.#ranges[0]?.[0];
  }

  get last(): number | undefined {
    return this.#ranges.at(-1)?.[1];
  }

  ranges(): SeqRange[] {
    return this.#ranges.map(([from, to]): SeqRange => [from, to]);
  }

  *[Symbol.iterator](): Generator<number> {
    for (const [from, to] of this.ranges()) for (let seq = from; seq <= to; seq += 1) yield seq;
  }

  has(seq: number): boolean {
    const range = this.#ranges[this.#indexFrom(seq)];
    return range !== undefined && range[0] <= seq;
  }

  add(seq: number): void {
    this.addRange(seq, seq);
  }

  addRange(from: number, to: number): void {
    if (to < from) return;
    // Every range that overlaps or touches the new one melts into it.
    const start = this.#indexFrom(from - 1);
    let end = start;
    let [low, high] = [from, to];
    for (let range = this.#ranges[end]; range && range[0] <= to + 1; range = this.#ranges[end]) {
      low = Math.min(low, range[0]);
      high = Math.max(high, range[1]);
      end += 1;
    }
    this.#ranges.splice(start, end - start, [low, high]);
  }

  delete(seq: number): boolean {
    const index = this.#indexFrom(seq);
    const range = this.#ranges[index];
    if (!range || range[0] > seq) return false;
    const rest: [number, number][] = [];
    if (range[0] < seq) rest.push([range[0], seq - 1]);
    if (seq < range[1]) rest.push([seq + 1, range[1]]);
    this.#ranges.splice(index, 1, ...rest);
    return true;
  }

  /** Makes all numbers from `from` on higher by `by`. */
  shift(from: number, by: number): void {
    const above = this.#ranges.filter(([, to]) => to >= from);
    const kept = this.#ranges.filter(([low]) => low < from);
    this.#ranges = kept.map(([low, to]) => [low, Math.min(to, from - 1)]);
    for (const [low, to] of above) this.addRange(Math.max(low, from) + by, to + by);
  }

  /** Index of the first range that ends at or after `seq`. */
  #indexFrom(seq: number): number {
    let low = 0;
    let high = this.#ranges.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#ranges[middle]?.[1] ?? 0) < seq) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
