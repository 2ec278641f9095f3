/** What docs/budgets-and-cost.md says a model costs is what the ledger reckons with. */
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { costOf, type Quantities } from "../../../schemas/billing/prices.ts";

const captions = { audio_ms: 3_600_000 };
const question = { input_tokens: 8_000, output_tokens: 500 };
const rows: readonly (readonly [model: string, quantities: Quantities])[] = [
  ["workers-ai/@cf/deepgram/nova-3", captions],
  ["workers-ai/@cf/openai/whisper-large-v3-turbo", captions],
  ["openai/whisper-1", captions],
  ["openai/gpt-5-mini", question],
  ["anthropic/claude-haiku-4-5", question],
  ["workers-ai/@cf/deepgram/aura-1", { characters: 600 }],
];
const document = readFileSync(new URL("../../../docs/budgets-and-cost.md", import.meta.url), "utf8");
const dollars = (nano: number): string => `$${nano / 1e9}`;

test.each(rows)("[B2] the hour of %s", (model, quantities) => {
  const { nanoUsd } = costOf(model, quantities, false);
  const row = document.split("\n").find((line) => line.includes(`\`${model}\``)) ?? "";
  const [cost, charge] = row
    .split("|")
    .slice(3, 5)
    .map((cell) => cell.trim());
  expect([cost, charge]).toEqual([dollars(nanoUsd ?? 0), dollars(Math.round((nanoUsd ?? 0) * 1.03))]);
});

test("[B2] the worked example adds up", () => {
  expect((2 * 321_360_000 + 10 * 3_090_000) / 1e9).toBe(0.67362);
  expect(document).toContain("= $0.67362");
});
