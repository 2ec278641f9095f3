/**
 * The circuit breaker before each model: after some failures in a row it is asked no more for a while; then one call tries it, and
 * the others wait for what becomes of it. In the memory of one isolate: each finds out by itself. Only failures count that say
 * nothing of what was asked; and since no model says that for sure, each tenant has its own, so that what one sends never keeps
 * others from a model.
 */
import { Cooldown } from "../../shared/lib/cooldown.ts";

export const failuresToOpen = 8;
const firstMs = 5_000;
const maxMs = 60_000;
/** Those that were used longest ago go first. */
const maxCircuits = 1_024;

export type CircuitState = "closed" | "open" | "half_open";

export class Circuit {
  readonly #cooldown: Cooldown;
  #isTried = false;

  constructor(now: () => number, random: () => number) {
    this.#cooldown = new Cooldown({ firstMs, maxMs, now, random, tolerated: failuresToOpen - 1 });
  }

  get state(): CircuitState {
    if (this.#cooldown.failures < failuresToOpen) return "closed";
    return this.#cooldown.isOver ? "half_open" : "open";
  }

  /** How long it is left alone, s. */
  get retryAfterSeconds(): number {
    return Math.max(1, Math.ceil(this.#cooldown.remainingMs / 1_000));
  }

  /** @returns whether it may be asked. Whoever may says afterwards what became of it. */
  enter(): boolean {
    const { state } = this;
    if (state === "closed") return true;
    if (state === "open" || this.#isTried) return false;
    this.#isTried = true;
    return true;
  }

  succeeded(): void {
    this.#isTried = false;
    this.#cooldown.succeeded();
  }

  failed(): void {
    this.#isTried = false;
    this.#cooldown.failed();
  }

  /** The call ended without saying anything of the model. */
  left(): void {
    this.#isTried = false;
  }
}

const circuits = new Map<string, Circuit>();

/** @param model its name, and where it is. */
export function circuitOf(tenant: string, model: string): Circuit {
  const key = `${tenant} ${model}`;
  const circuit = circuits.get(key) ?? new Circuit(Date.now, Math.random);
  circuits.delete(key);
  circuits.set(key, circuit);
  const [oldest] = circuits.keys();
  if (oldest !== undefined && circuits.size > maxCircuits) circuits.delete(oldest);
  return circuit;
}
