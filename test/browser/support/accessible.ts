/** Whether who sees badly, hears badly or has no pointer can use a page, as far as axe can tell. */
import axe from "axe-core";
import type { Page } from "playwright-core";
import { expect } from "vitest";

export interface Finding {
  readonly id: string;
  readonly impact?: string | null;
  readonly nodes: readonly { readonly html: string }[];
}
/** What `axe.source` puts on a page. */
type PageWithAxe = typeof globalThis & { readonly axe: { run(): Promise<{ violations: readonly Finding[] }> } };

/** @returns all that axe finds wrong with what the page shows, small things too. */
export async function findingsOf(page: Page): Promise<readonly Finding[]> {
  await page.evaluate(axe.source);
  const { violations } = await page.evaluate(() => (globalThis as PageWithAxe).axe.run());
  return violations;
}

export async function expectAccessible(page: Page): Promise<void> {
  const found = await findingsOf(page);
  expect(found.map(({ id, nodes }) => [id, nodes.map(({ html }) => html)])).toEqual([]);
}
