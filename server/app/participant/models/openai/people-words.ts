/**
 * What people said over one connection, item by item: transcripts come when they come, and are handed on in the order in which it was
 * said. Bounded: where too many are missing, the oldest is given up. Pure.
 */
import type { Spoken } from "../../turns/turn-types.ts";

const maxOpen = 8;

export interface Item {
  readonly id: string;
  /** Where it ends in this connection's sound, ms. */
  readonly endMs: number;
  readonly spoken: Spoken | undefined;
}

interface Open extends Item {
  text: string | undefined;
}

export class PeopleWords {
  #open: Open[] = [];
  #begun: { readonly id: string; readonly from: number | undefined } | undefined;
  #ended: Item | undefined;
  /** Where the last one ended that the model was given to answer, ms of this connection's sound. */
  lastEndMs: number | undefined;

  /** @param from when it came here. */
  start(id: string, from: number | undefined): void {
    this.#begun = { id, from };
  }

  stop(id: string, endMs: number, until: number | undefined): void {
    const from = this.#begun?.id === id ? this.#begun.from : undefined;
    const spoken = from === undefined || until === undefined ? undefined : { from, until };
    this.#ended = { id, endMs, spoken };
  }

  commit(id: string): void {
    if (this.#ended?.id !== id || this.#open.some((item) => item.id === id)) return;
    this.lastEndMs = this.#ended.endMs;
    this.#open.push({ ...this.#ended, text: undefined });
  }

  /** @returns those of which all before are known too. */
  write(id: string, text: string): (Item & { readonly text: string })[] {
    const item = this.#open.find((each) => each.id === id);
    if (!item) return [];
    item.text ??= text;
    const ready = [];
    for (let [first] = this.#open; first; [first] = this.#open) {
      if (first.text === undefined && this.#open.length <= maxOpen) break;
      this.#open.shift();
      ready.push({ ...first, text: first.text ?? "" });
    }
    return ready;
  }
}
