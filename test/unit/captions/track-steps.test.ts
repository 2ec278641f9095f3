/** A track whose step takes long holds up no other, on a clock of the test's. */
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { TrackSteps } from "../../../server/app/captions/track-steps.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const patienceMs = 2_000;

/** What each track's step takes. */
function stepsOf(takes: Record<string, number>) {
  const begun: string[] = [];
  const step = async (track: string): Promise<string> => {
    begun.push(track);
    await new Promise((resolve) => setTimeout(resolve, takes[track]));
    if (track === "broken") throw new Error("no such thing");
    return track;
  };
  const steps = new TrackSteps<string>(patienceMs);
  const round = async (): Promise<(string | undefined)[]> => {
    const answer = steps.round(Object.keys(takes), step);
    answer.catch(() => {});
    await vi.advanceTimersByTimeAsync(patienceMs);
    return answer;
  };
  return { begun, round };
}

test("[Q9] a model that is silent for one track holds up no other, and is not asked again while it may answer", async () => {
  const { begun, round } = stepsOf({ a: 100, stuck: 1_000_000_000, b: 200 });
  for (let n = 0; n < 5; n += 1) expect(await round()).toEqual(["a", undefined, "b"]);
  expect(begun.filter((track) => track === "stuck")).toHaveLength(1);
  expect(begun.filter((track) => track === "a")).toHaveLength(5);
});

test("[Q9] what took longer than a round is answered for once, in the round in which it is over", async () => {
  const { begun, round } = stepsOf({ slow: 5_000 });
  expect(await round()).toEqual([undefined]);
  expect(await round()).toEqual([undefined]);
  expect(await round()).toEqual(["slow"]);
  expect(begun).toEqual(["slow"]);
  expect(await round()).toEqual([undefined]);
  expect(begun).toEqual(["slow", "slow"]);
});

test("[Q9] a step that throws is thrown by its round, also where it was late, and begun again after that", async () => {
  const { begun, round } = stepsOf({ a: 10, broken: 3_000 });
  expect(await round()).toEqual(["a", undefined]);
  await expect(round()).rejects.toThrow("no such thing");
  expect(await round()).toEqual(["a", undefined]);
  expect(begun.filter((track) => track === "broken")).toHaveLength(2);
});
