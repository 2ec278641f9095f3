/** Which response of the provider is which turn of the talk, and how much came of it. One that was cut off stays so. Pure, and bounded. */
const maxKept = 16;

interface Response {
  readonly id: string;
  readonly turn: number;
  /** What it said, as the provider names it. Undefined once its connection is gone. */
  item: string | undefined;
  samples: number;
  /** Nothing more of it comes. */
  isOver: boolean;
  /** It was heard to its end, or cut off. */
  isHeard: boolean;
}

export class ResponseTurns {
  #kept: Response[] = [];
  #last = 0;
  #current: Response | undefined;

  /** @returns the turn that a piece belongs to; undefined where it is of one that is over. */
  of(id: string, item: string): number | undefined {
    const known = this.#kept.find((response) => response.id === id);
    if (known) return known.isOver ? undefined : known.turn;
    this.#last += 1;
    const begun: Response = { id, turn: this.#last, item, samples: 0, isOver: false, isHeard: false };
    this.#kept = [...this.#kept, begun].slice(-maxKept);
    this.#current = begun;
    return begun.turn;
  }

  /** @returns its turn, where it is not over. */
  find(id: string): number | undefined {
    return this.#current?.id === id && !this.#current.isOver ? this.#current.turn : undefined;
  }

  grow(turn: number, samples: number): void {
    const response = this.#kept.find((each) => each.turn === turn);
    if (response) response.samples += samples;
  }

  /** Whether anything of this connection is still to be heard. */
  get isHeardNow(): boolean {
    return this.#kept.some(({ item, isHeard }) => item !== undefined && !isHeard);
  }

  /** @returns the turn that ends with it. */
  complete(): number | undefined {
    const turn = this.#current?.isOver === false ? this.#current.turn : undefined;
    if (this.#current) this.#current.isOver = true;
    return turn;
  }

  /** It was heard, or cut off. @returns what is known of it. */
  over(turn: number): { readonly item: string | undefined; readonly samples: number } | undefined {
    const response = this.#kept.find((each) => each.turn === turn);
    if (response) response.isHeard = true;
    return response;
  }

  forgetConnection(): void {
    for (const response of this.#kept) {
      response.item = undefined;
      response.isOver = true;
    }
    this.#current = undefined;
  }
}
