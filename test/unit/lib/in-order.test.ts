import { expect, test } from "vitest";
import { inOrder } from "../../../server/shared/lib/in-order.ts";

function gates(count: number) {
  const all = Array.from({ length: count }, () => Promise.withResolvers<void>());
  const begun: number[] = [];
  const work = async (n: number): Promise<number> => {
    begun.push(n);
    await all[n]?.promise;
    return n * 10;
  };
  return { begun, work, open: (n: number) => all[n]?.resolve() };
}

test("results come in order, whichever is done first; at most `lanes` are under way", async () => {
  const { begun, work, open } = gates(4);
  const results = inOrder([0, 1, 2, 3], 2, work);
  const first = results.next();
  await expect.poll(() => begun).toEqual([0, 1]);
  open(1);
  open(0);
  expect(await first).toEqual({ done: false, value: 0 });
  expect(begun, "nothing is begun ahead of its reader").toEqual([0, 1]);
  [2, 3].forEach(open);
  const rest: number[] = [];
  for await (const result of results) rest.push(result);
  expect(rest).toEqual([10, 20, 30]);
});

test("a failure is told in its place, and a reader that stops leaves nothing unhandled", async () => {
  const results = inOrder([1, 2, 3], 3, async (n) => {
    if (n > 1) throw new Error(`failed ${n}`);
    return n;
  });
  expect(await results.next()).toEqual({ done: false, value: 1 });
  await expect(results.next()).rejects.toThrow("failed 2");
  expect(await results.next()).toEqual({ done: true, value: undefined });
});
