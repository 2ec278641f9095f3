/**
 * The circuit breaker before each model: after some failures in a row it is asked no more for a while; then one call tries it, and
 * the others wait for what becomes of it. In the memory of one isolate: each finds out by itself. Only failures count that say
 * nothing of what was asked; and since no model says that for sure, each tenant has its own, so that what one sends never keeps
 * others from a model.
 */
import { Cooldown } from "../../shared/lib/cooldown.ts";
import { logFor } from "../../shared/telemetry/log.ts";

export const failuresToOpen = 8;
const firstMs = 5_000;
const maxMs = 60_000;
/** Those that were used longest ago go first. */
const maxCircuits = 1_024;

export type CircuitState = "closed" | "open" | "half_open";

export class Circuit {
  readonly #cooldown: Cooldown;
  /** Hears each time that it opens, opens again, and closes. */
  readonly #onChange: ((state: "open" | "closed") => void) | undefined;
  #isTried = false;

  constructor(now: () => number, random: () => number, onChange?: (state: "open" | "closed") => void) {
    this.#onChange = onChange;
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
    const wasOpen = this.state !== "closed";
    this.#isTried = false;
    this.#cooldown.succeeded();
    if (wasOpen) this.#onChange?.("closed");
  }

  failed(): void {
    this.#isTried = false;
    this.#cooldown.failed();
    if (this.state !== "closed") this.#onChange?.("open");
  }

  /** The call ended without saying anything of the model. */
  left(): void {
    this.#isTried = false;
  }
}

const circuits = new Map<string, Circuit>();

/** @param where its address, if it has one: another one is another model. */
export function circuitOf(tenant: string, model: string, where = ""): Circuit {
  const key = `${tenant} ${model} ${where}`;
  const told = (state: "open" | "closed"): void =>
    logFor({ tenant })[state === "open" ? "warn" : "info"]("model.circuit", { model, state });
  const circuit = circuits.get(key) ?? new Circuit(Date.now, Math.random, told);
  circuits.delete(key);
  circuits.set(key, circuit);
  const [oldest] = circuits.keys();
  if (oldest !== undefined && circuits.size > maxCircuits) circuits.delete(oldest);
  return circuit;
}
