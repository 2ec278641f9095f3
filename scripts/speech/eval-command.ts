/** The arguments of `npm run eval:speech`. Pure. */
import * as z from "zod";
import { defineCommand } from "../cli/define-command.ts";
import { flag } from "../cli/option-types.ts";

export const parseEvalOptions = defineCommand({
  name: "npm run eval:speech --",
  description: "Which words speech recognition gets wrong, against recordings whose words are known.",
  options: {
    data: z.array(z.string()).meta({
      value: "<folders...>",
      description: "folders with NAME.wav and NAME.json, whose turns have their text",
      default: ["scripts/demo/sample", "../shared/data"],
    }),
    gateway: flag.meta({
      description:
        "through a whole gateway: streamed as a meeting, captioned as it goes on, and read from its transcript",
    }),
    errors: flag.meta({ description: "show each error in its place" }),
    json: flag.meta({ description: "print JSON instead of a table" }),
  },
});

export type EvalOptions = NonNullable<ReturnType<typeof parseEvalOptions>>;
