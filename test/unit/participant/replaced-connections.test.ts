/** Minutes of a talk whose provider replaces its connection every ten seconds, in simulated time; `npm run chaos:talks -- --replaced` takes five real ones. */
import { expect, test } from "vitest";
import { seededRandom } from "../../../client/testkit/fault-plan.ts";
import { playReplacements } from "../../support/live-models/play-replacements.ts";
import { inProcess } from "../../support/live-models/served.ts";
import { SimClock } from "../../support/live-models/sim-clock.ts";

// The second is not told beforehand, and its sound is changed in its rate twice.
test.each([
  ["google", 5],
  ["openai", 1],
] as const)(
  "[Y5] %s: its connection is replaced every 10 s for %i min, no word is lost, and no cut is longer than 500 ms",
  async (provider, minutes) => {
    const clock = new SimClock();
    const random = seededRandom(7);
    const report = await playReplacements({
      provider,
      clock,
      random,
      minutes,
      reach: async (serve) => ({
        baseUrl: "http://model.test",
        open: inProcess(serve, clock, () => 5 + random() * 40).open,
      }),
      pass: (ms) => clock.pass(ms),
    });
    expect(report.violations).toEqual([]);
    expect(report.connections).toBeGreaterThan(minutes * 4);
    expect(report.words).toBeGreaterThan(minutes * 20);
  },
  300_000,
);
