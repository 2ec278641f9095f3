/** How long a page uses a token that it had made, whatever becomes of this machine's clocks. */
import { expect, test } from "vitest";
import { KeptToken } from "../../../client/console/state/kept-token.ts";

const hourMs = 3_600_000;

const claims = (lifetimeS: number): string => btoa(JSON.stringify({ iat: 9_000, exp: 9_000 + lifetimeS }));
const token = `a.${claims(3_600)}.c`;

async function made(
  given = token,
): Promise<{ find: () => string | undefined; pass: (wallMs: number, steadyMs: number) => void }> {
  let [wall, steady] = [1_000_000_000_000, 5_000];
  const kept = new KeptToken({ wall: () => wall, steady: () => steady });
  expect(kept.find()).toBeUndefined();
  expect(await kept.renew(() => Promise.resolve({ token: given }))).toBe(given);
  const pass = (wallMs: number, steadyMs: number): void => {
    wall += wallMs;
    steady += steadyMs;
  };
  return { find: () => kept.find(), pass };
}

test("a token is used until shortly before its end, however wrong the machine's clock is", async () => {
  const { find, pass } = await made();
  pass(hourMs - 61_000, hourMs - 61_000);
  expect(find()).toBe(token);
  pass(2_000, 2_000);
  expect(find()).toBeUndefined();
});

test.for<[string, number, number]>([
  ["set back by two hours, an hour later", -hourMs, hourMs],
  ["set back by half an hour, an hour later", hourMs / 2, hourMs],
  ["right, and the machine slept for two hours", 2 * hourMs, 1_000],
])("a token is made anew where the clock was %s", async ([, wallMs, steadyMs]) => {
  const { find, pass } = await made();
  pass(wallMs, steadyMs);
  expect(find()).toBeUndefined();
});

test("a clock that was set forward costs a token and nothing else", async () => {
  const { find, pass } = await made();
  pass(5 * hourMs, 1_000);
  expect(find()).toBeUndefined();
});

test("a token is as good as it says, whatever was asked for, and one that does not say is not kept", async () => {
  const brief = await made(`a.${claims(600)}.c`);
  expect(brief.find()).toBeDefined();
  brief.pass(541_000, 541_000);
  expect(brief.find()).toBeUndefined();
  expect((await made("a.b.c")).find()).toBeUndefined();
});
