/**
 * Money of the ledger: whole numbers of nano-dollars (billionths of a US dollar). A price becomes a charge once, when it is
 * recorded; nothing is rounded after that but what people are shown (SPEC B3). Pure.
 */
import * as z from "zod";

const nanosPerDollar = 1_000_000_000n;
const nanosPerShown = 1_000_000n;

/** What one entry may cost: a million dollars, far below what a number of JavaScript counts exactly. */
export const maxEntryNanoUsd = 1_000_000_000_000_000;

/** What is charged for a dollar of cost, as a ratio of whole numbers. */
export const multipliers = {
  /** Done on a machine of the deployment. */
  local: { of: 1n, per: 1n },
  /** Done by somebody else. */
  cloud: { of: 103n, per: 100n },
  /** Answered from a tenant's own documents. */
  knowledge: { of: 130n, per: 100n },
} as const;

export const multiplierSchema = z.enum(["local", "cloud", "knowledge"]);
export type Multiplier = z.infer<typeof multiplierSchema>;

/** The charge for a cost. Where it is no whole number of nano-dollars, the next one: never more than a billionth too much. */
export function chargeOf(costNanoUsd: number, multiplier: Multiplier): number {
  const { of, per } = multipliers[multiplier];
  return Number((BigInt(costNanoUsd) * of + per - 1n) / per);
}

/** All digits: `0.010815`, `12`, `-0.5`. */
export function exactUsd(nanoUsd: bigint): string {
  const [sign, size] = nanoUsd < 0n ? ["-", -nanoUsd] : ["", nanoUsd];
  const rest = String(size % nanosPerDollar)
    .padStart(9, "0")
    .replace(/0+$/, "");
  return `${sign}${size / nanosPerDollar}${rest === "" ? "" : `.${rest}`}`;
}

/** As `shownUsd` where it is what somebody has: down, so that nobody is shown more than there is. */
export function shownLeftUsd(nanoUsd: bigint): string {
  return shownUsd(nanoUsd - nanosPerShown + 1n);
}

/** As people are shown it: up to the next thousandth of a dollar, with three digits: `0.011`. */
export function shownUsd(nanoUsd: bigint): string {
  // Division of bigints cuts towards zero, which is up where it is below.
  const thousandths = nanoUsd > 0n ? (nanoUsd + nanosPerShown - 1n) / nanosPerShown : nanoUsd / nanosPerShown;
  const [sign, size] = thousandths < 0n ? ["-", -thousandths] : ["", thousandths];
  return `${sign}${size / 1_000n}.${String(size % 1_000n).padStart(3, "0")}`;
}

const exactPattern = /^(-?)(\d{1,15})(?:\.(\d{1,9}))?$/;

/** @returns nano-dollars; undefined where it is no amount, or has more digits than a nano-dollar. */
export function parseUsd(text: string): bigint | undefined {
  const [, sign, whole, part = ""] = exactPattern.exec(text) ?? [];
  if (whole === undefined) return undefined;
  const size = BigInt(whole) * nanosPerDollar + BigInt(part.padEnd(9, "0"));
  return sign === "-" ? -size : size;
}

/** A sum in two numbers that a database can add up without losing a digit. */
export interface SplitNanos {
  readonly dollars: number;
  readonly nanos: number;
}

export function splitNanos(nanoUsd: bigint): SplitNanos {
  return { dollars: Number(nanoUsd / nanosPerDollar), nanos: Number(nanoUsd % nanosPerDollar) };
}

export function joinedNanos({ dollars, nanos }: SplitNanos): bigint {
  return BigInt(dollars) * nanosPerDollar + BigInt(nanos);
}
