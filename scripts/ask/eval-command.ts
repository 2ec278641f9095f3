/** The arguments of `npm run eval:ask`. Pure. */
import * as z from "zod";
import { defineCommand } from "../cli/define-command.ts";
import { flag } from "../cli/option-types.ts";

export const parseEvalAskOptions = defineCommand({
  name: "npm run eval:ask --",
  description: "How many questions on meetings with known answers are answered from the right place.",
  options: {
    model: z
      .string()
      .optional()
      .meta({ value: "<name>", description: "as provider/model; the one that quotes without it" }),
    wrong: flag.meta({ description: "show what was answered wrong, but for questions that are held out" }),
    json: flag.meta({ description: "print JSON instead of a table" }),
  },
});
