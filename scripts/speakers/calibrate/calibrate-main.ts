/**
 * `npm run calibrate -- --model FILE FOLDER`: the threshold at which a speaker model that somebody brings tells the people of a folder of
 * recordings apart, for `npm run inference -- --speaker-threshold`. Measured as the service uses it, and on no other recordings than those.
 */
import * as z from "zod";
import { loadModel } from "../../../server/inference/speakers/load-model.ts";
import { defineCommand } from "../../cli/define-command.ts";
import { wholeNumber } from "../../cli/option-types.ts";
import { runCommand } from "../../cli/run-command.ts";
import { readPeople } from "./people.ts";
import { calibrate } from "./threshold.ts";

const parseOptions = defineCommand({
  name: "npm run calibrate --",
  description: "The --speaker-threshold of a speaker model, from recordings of people who are known.",
  operands: {
    folder: z.string().meta({
      description:
        "of NAME.wav: one person each, called as NAME up to its first hyphen, or meetings with NAME.rttm or NAME.json",
    }),
  },
  options: {
    model: z.string().meta({ value: "<file.onnx>", description: "the speaker model, as for npm run inference" }),
    threads: wholeNumber(1, 64).meta({ value: "<n>", description: "CPU threads of the model", default: "1" }),
  },
});

const percent = (share: number): string => `${(100 * share).toFixed(1)} %`.padStart(7);

await runCommand(parseOptions, async ({ folder, model, threads }) => {
  const people = await readPeople(folder, await loadModel({ path: model, threads }));
  const { threshold, errorsAt, own, others, people: count } = calibrate(people);
  console.log(`${count} people, ${own} pieces of speech, ${others} comparisons with somebody else's voice\n`);
  console.log("threshold  doesn't know its own voice  takes somebody else's");
  for (const near of [-0.1, -0.05, 0, 0.05, 0.1].map((step) => threshold + step)) {
    const { parted, joined } = errorsAt(near);
    console.log(`${near.toFixed(2).padStart(9)}  ${percent(parted).padStart(26)}  ${percent(joined).padStart(21)}`);
  }
  console.log(`\nnpm run inference -- --speaker-model ${model} --speaker-threshold ${threshold.toFixed(2)}`);
});
