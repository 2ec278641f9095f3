/** Whole conversations with faults on both sides, in simulated time, over both providers' wires; `npm run chaos:talks` plays many more. */
import { describe, expect, test } from "vitest";
import { playInterview, quietInterview } from "../../support/live-models/play-interview.ts";

/** Each was wrong once; `npm run chaos:talks -- --seed N --runs 1` plays any other. */
const seeds = [
  3, 18, 27, 85, 125, 138, 227, 1_088, 1_669, 571_956_018, 571_956_118, 571_956_276, 571_956_539, 571_956_813,
  571_956_920, 571_957_493,
];

describe("a conversation whose connections, objects and people fail", () => {
  test.each(seeds)(
    "[Y1] [Y3] [Y4] [Y5] seed %i: every word stands there once and in its place, it ends, and nothing is left open",
    async (seed) => {
      const { violations, utterances } = await playInterview(seed);
      expect(violations).toEqual([]);
      expect(utterances).toBeGreaterThan(0);
    },
    240_000,
  );
});

test.each(["google", "openai"] as const)(
  "[Y2] %s: a flush on the person's track stops what is said, without a word, and the next turn is heard",
  async (provider) => {
    const { clock, interview, stop } = quietInterview(provider);
    await clock.pass(1_500);
    expect(interview.phase).toBe("speaking");
    interview.press();
    expect([interview.phase, interview.flushes]).toEqual(["interrupted", 1]);
    await clock.pass(5_000);
    expect(interview.flushes).toBe(1);
    await clock.pass(20_000, () => interview.isSaid);
    interview.end("asked");
    await clock.pass(1_000);
    const [cut, ...others] = [...interview.recorded.values()].filter(({ speaker }) => speaker === "AI");
    expect(cut?.text).not.toContain("what?");
    expect(others.at(-1)?.text).toContain("what?");
    expect(interview.violations()).toEqual([]);
    expect(stop()).toEqual([]);
  },
);
