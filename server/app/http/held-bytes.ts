/**
 * What the bodies that are read now hold in this isolate: bounded for all of them, and of it for those of one tenant, so that nobody keeps
 * others out by sending slowly (SPEC L17).
 */
export interface HeldBody {
  /** @returns whether there is place for so many bytes more. */
  readonly hold: (bytes: number) => boolean;
  /** Gives the place of its bytes to others. */
  readonly release: () => void;
}

export class HeldBytes {
  readonly #max: number;
  readonly #maxOfTenant: number;
  #all = 0;
  /** Of those that hold some. */
  readonly #byTenant = new Map<string, number>();

  constructor(max: number, maxOfTenant: number) {
    this.#max = max;
    this.#maxOfTenant = maxOfTenant;
  }

  open(tenant: string): HeldBody {
    let held = 0;
    const change = (bytes: number): number => {
      held += bytes;
      this.#all += bytes;
      const own = (this.#byTenant.get(tenant) ?? 0) + bytes;
      if (own > 0) this.#byTenant.set(tenant, own);
      else this.#byTenant.delete(tenant);
      return own;
    };
    return {
      hold: (bytes) => change(bytes) <= this.#maxOfTenant && this.#all <= this.#max,
      release: () => void change(-held),
    };
  }
}
