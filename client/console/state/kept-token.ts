/**
 * A token that this page had made, for as long as it is surely good. Its end is a moment of the gateway's clock, which this machine's may be far
 * from: what counts is how long ago it was made. The wall clock may be set meanwhile, and the steady one stands still while the machine sleeps,
 * so that the longer of the two times holds, and a clock that went back tells nothing. How long it is good it says itself (`exp` less `iat`): a
 * deployment may give less than was asked for.
 */
import { claimsOf } from "./token-claims.ts";

const earlyMs = 60_000;

interface Clocks {
  readonly wall: () => number;
  readonly steady: () => number;
}

const real: Clocks = { wall: () => Date.now(), steady: () => performance.now() };

export class KeptToken {
  readonly #clocks: Clocks;
  #kept:
    | { readonly token: string; readonly lifetimeMs: number; readonly wallAt: number; readonly steadyAt: number }
    | undefined;

  constructor(clocks: Clocks = real) {
    this.#clocks = clocks;
  }

  /** @returns undefined where another one is to be made. */
  find(): string | undefined {
    if (!this.#kept) return undefined;
    const wallMs = this.#clocks.wall() - this.#kept.wallAt;
    const agedMs = Math.max(wallMs, this.#clocks.steady() - this.#kept.steadyAt);
    return wallMs >= 0 && agedMs < this.#kept.lifetimeMs - earlyMs ? this.#kept.token : undefined;
  }

  /** @param make asks for one: its time begins no later than when it was asked for. @returns it. */
  async renew(make: () => Promise<{ readonly token: string }>): Promise<string> {
    const [wallAt, steadyAt] = [this.#clocks.wall(), this.#clocks.steady()];
    const { token } = await make();
    this.#kept = { token, lifetimeMs: lifetimeMsOf(token), wallAt, steadyAt };
    return token;
  }
}

/** 0 of one that does not say. */
function lifetimeMsOf(token: string): number {
  const { iat, exp } = claimsOf(token);
  return typeof iat === "number" && typeof exp === "number" ? (exp - iat) * 1_000 : 0;
}
