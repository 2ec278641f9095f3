import { expect, it } from "vitest";
import { scoreDer } from "../../../scripts/speakers/eval/der.ts";
import { createDirectDiarizer } from "../../../scripts/speakers/eval/diarize.ts";
import { sample } from "./support/sounds.ts";

it("tells the three speakers of the sample meeting apart", async () => {
  const said = await createDirectDiarizer(4_000)(sample.samples);
  expect(scoreDer(sample.truth, said, 250).der).toBeLessThan(0.08);
  expect(new Set(said.map(({ speaker }) => speaker)).size).toBe(3);
});
