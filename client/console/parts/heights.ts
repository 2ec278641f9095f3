/** Heights of the rows of a long list: measured where a row was seen, guessed elsewhere. Finding a row takes a few steps, however long the list is. */

export class Heights {
  #guess: number;
  #known: number[] = [];
  /** A Fenwick tree over what rows differ from the guess. */
  #tree: number[] = [0];
  #count = 0;

  constructor(guess: number) {
    this.#guess = guess;
  }

  get total(): number {
    return this.topOf(this.#count);
  }

  resize(count: number): void {
    if (count < this.#count) this.forget();
    for (let i = this.#tree.length; i <= count; i += 1) {
      // The new node covers rows that were there before it.
      let sum = 0;
      for (let child = i - 1; child > i - (i & -i); child -= child & -child) sum += this.#tree[child] ?? 0;
      this.#tree[i] = sum;
    }
    this.#count = count;
  }

  /** All rows are measured anew: the list has another width. */
  forget(): void {
    this.#known = [];
    this.#tree = Array.from({ length: this.#count + 1 }, () => 0);
  }

  /** @returns whether that is news. */
  set(row: number, height: number): boolean {
    const before = this.#known[row] ?? this.#guess;
    if (height === 0 || row >= this.#count || Math.abs(before - height) < 0.5) return false;
    this.#known[row] = height;
    for (let i = row + 1; i <= this.#count; i += i & -i) this.#tree[i] = (this.#tree[i] ?? 0) + height - before;
    return true;
  }

  /** Where a row begins, px. */
  topOf(row: number): number {
    let sum = row * this.#guess;
    for (let i = row; i > 0; i -= i & -i) sum += this.#tree[i] ?? 0;
    return sum;
  }

  /** The row at a place, the nearest where there is none. */
  indexAt(top: number): number {
    let [low, high] = [0, Math.max(0, this.#count - 1)];
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.topOf(middle) <= top) low = middle;
      else high = middle - 1;
    }
    return low;
  }
}
