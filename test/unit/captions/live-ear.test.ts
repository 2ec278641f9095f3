/** What is heard beside a live captioner's steps, and what those make of it where it fails or is late. */
import { expect, test } from "vitest";
import { LiveWorld } from "./support/live-world.ts";
import { audioOf, type Stretch } from "./support/spoken-audio.ts";

const quiet = (ms: number): Stretch => ({ isSpeech: false, ms });
const speech = (ms: number): Stretch => ({ isSpeech: true, ms });

test("[Q7] a piece whose words were under way, and which the model then failed, is heard again once it answers", async () => {
  const world = new LiveWorld(audioOf([quiet(1_000), speech(900), quiet(6_000)], 10));
  const answer = Promise.withResolvers<void>();
  world.beforeHeard = async () => {
    // The first is of words that go on.
    if (world.heard === 2) await answer.promise;
  };
  while (world.heard < 2) await world.look();
  world.isModelDown = true;
  await world.look();
  const looking = world.look();
  await new Promise((resolve) => setImmediate(resolve));
  answer.resolve();
  await looking;
  world.isModelDown = false;
  await world.run();
  expect(world.standing).toMatchObject([{ final: true }]);
});

test("[Q7] pieces that were said from live audio are not heard again once they are kept, whatever was heard meanwhile", async () => {
  const spoken = [700, 700, 2_000, 4_000].flatMap((ms) => [speech(ms), quiet(800)]);
  const world = new LiveWorld(audioOf([quiet(1_000), ...spoken, quiet(2_000)], 10));
  world.keptAfterMs = 2_500;
  const heard: string[] = [];
  const { words } = world;
  world.words = (piece) => {
    heard.push(Buffer.from(piece).toString("base64"));
    return words(piece);
  };
  await world.run();
  expect(world.standing).toHaveLength(4);
  expect(heard.length).toBe(new Set(heard).size);
});

test.each([
  ["set back by an hour", -3_600_000, false],
  ["set back by an hour while a piece is heard", -3_600_000, true],
  ["set ahead by an hour while a piece is heard", 3_600_000, true],
])("[Q6] a clock that is %s stops no partials for that hour", async (_, byMs, isMeanwhile) => {
  const world = new LiveWorld(audioOf([quiet(1_000), speech(90_000), quiet(6_000)], 10));
  const partials = (): number => world.posted.filter(({ heard }) => heard.standing === "partial").length;
  const set = (): void => {
    world.clockOffMs = byMs;
  };
  while (world.elapsedMs < 5_000) await world.look();
  if (isMeanwhile) {
    const { heard } = world;
    world.beforeHeard = async () => {
      // Whoever began knows the time from before.
      await Promise.resolve();
      if (world.heard === heard + 1) set();
    };
  } else set();
  while (world.elapsedMs < 50_000) await world.look();
  const before = partials();
  while (world.elapsedMs < 60_000) await world.look();
  expect(partials() - before).toBeGreaterThan(3);
});
