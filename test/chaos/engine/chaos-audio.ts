/** The seconds of a chaos session: no two alike, in whatever session, track, place or variant. Pure. */
import { createHash } from "node:crypto";
import { pcm } from "../../../client/testkit/frames.ts";
import type { Variant } from "./plan.ts";

export class ChaosAudio {
  readonly #seedOf = new Map<string, number>();
  readonly #session: string;

  constructor(session: string) {
    this.#session = session;
  }

  second(track: string, seq: number, variant: Variant): Uint8Array<ArrayBuffer> {
    const name = `${this.#session}/${track}/${variant}`;
    const seed = this.#seedOf.get(name) ?? createHash("sha256").update(name).digest().readInt32LE();
    this.#seedOf.set(name, seed);
    return pcm(seed, seq);
  }
}

export function sha256(bytes: Uint8Array): Buffer {
  return createHash("sha256").update(bytes).digest();
}
