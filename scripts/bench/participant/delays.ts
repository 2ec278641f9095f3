/** When something was sent, until it arrives: each piece is known by its level. What never arrives is counted. */
export class Delays {
  readonly ms: number[] = [];
  readonly #sentAt = new Map<number, number>();
  /** What is sent from then on counts: what was before warmed it up. */
  #countsFrom = Infinity;

  countFrom(at: number): void {
    this.#countsFrom = at;
  }

  sent(level: number): void {
    this.#sentAt.set(level, performance.now());
  }

  /** The first arrival counts: a piece may come in parts. */
  arrived(level: number, at: number): void {
    const sentAt = this.#sentAt.get(level);
    if (sentAt === undefined) return;
    this.#sentAt.delete(level);
    if (sentAt >= this.#countsFrom) this.ms.push(at - sentAt);
  }

  /** Of what counts. */
  get missing(): number {
    return [...this.#sentAt.values()].filter((at) => at >= this.#countsFrom).length;
  }
}
