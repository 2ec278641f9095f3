/** What is charged for a cost, to the last digit, and what people are shown of it. */
import { expect, test } from "vitest";
import {
  chargeOf,
  exactUsd,
  joinedNanos,
  maxEntryNanoUsd,
  parseUsd,
  shownLeftUsd,
  shownUsd,
  splitNanos,
} from "../../../schemas/billing/money.ts";

test("[B3] 1,000 tokens in at $3 and 500 out at $15 a million cost $0.0105: charged $0.010815, shown $0.011", () => {
  const cost = 1_000 * 3_000 + 500 * 15_000;
  expect(cost).toBe(10_500_000);
  const charge = chargeOf(cost, "cloud");
  expect(charge).toBe(10_815_000);
  expect([exactUsd(BigInt(charge)), shownUsd(BigInt(charge))]).toEqual(["0.010815", "0.011"]);
});

test("[B3] a charge that is no whole number is the next one, at the smallest and at the greatest cost", () => {
  expect([0, 1, 100, 101].map((cost) => chargeOf(cost, "cloud"))).toEqual([0, 2, 103, 105]);
  expect([1, 7].map((cost) => chargeOf(cost, "local"))).toEqual([1, 7]);
  expect(chargeOf(10, "knowledge")).toBe(13);
  expect(chargeOf(maxEntryNanoUsd, "knowledge")).toBe(1_300_000_000_000_000);
  expect(chargeOf(maxEntryNanoUsd - 1, "cloud")).toBe(Number(((10n ** 15n - 1n) * 103n + 99n) / 100n));
});

test("[B3] what is shown is rounded up, and what is exact is not rounded", () => {
  const amounts = [0n, 1n, 999_999n, 1_000_000n, 1_000_001n, 12_000_000_000n, -1n, -1_500_000n];
  expect(amounts.map(shownUsd)).toEqual(["0.000", "0.001", "0.001", "0.001", "0.002", "12.000", "0.000", "-0.001"]);
  // Nobody is shown more than there is left.
  expect(amounts.map(shownLeftUsd)).toEqual([
    "0.000",
    "0.000",
    "0.000",
    "0.001",
    "0.001",
    "12.000",
    "-0.001",
    "-0.002",
  ]);
  expect(amounts.map(exactUsd).slice(0, 6)).toEqual(["0", "0.000000001", "0.000999999", "0.001", "0.001000001", "12"]);
  for (const amount of amounts) expect(parseUsd(exactUsd(amount))).toBe(amount);
  const none = ["", "1.0000000001", "1e3", " 1", "0x1", "1.", "١"];
  expect(none.filter((text) => parseUsd(text) !== undefined)).toEqual([]);
});

test("[B3] a sum far beyond what a number counts exactly is split and joined without losing a digit", () => {
  const sums = [0n, 999_999_999n, 1_000_000_000n, 2n ** 53n + 1n, 10n ** 24n + 1n];
  expect(sums.map((sum) => joinedNanos(splitNanos(sum)))).toEqual(sums);
});
