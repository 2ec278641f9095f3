import { expect, it } from "vitest";
import { parseEvalOptions } from "../../../scripts/speakers/eval/eval-command.ts";
import { Failure } from "../../../schemas/lib/failure.ts";

it("evaluates seeds that were not tuned on, unless told otherwise", () => {
  expect(parseEvalOptions([])).toMatchObject({ window: 4 });
  expect(parseEvalOptions([])?.seeds).toHaveLength(15);
  expect(parseEvalOptions([])?.seeds[0]).toBe(101);
  expect(parseEvalOptions(["--seeds", "7", "--data", "a", "b"])).toMatchObject({
    seeds: [7],
    data: ["a", "b"],
  });
  expect(parseEvalOptions(["--seeds", "0"])?.seeds).toEqual([]);
});

it.each([["--seeds", "9-3"], ["--seeds", "1-900"], ["--seeds", "x"], ["--window", "0"], ["--wat"]])(
  "refuses %s %s",
  (...argv) => {
    expect(() => parseEvalOptions(argv)).toThrow(Failure);
  },
);
