/** The arguments of `npm run eval:speakers`. Pure. */
import * as z from "zod";
import { limits } from "../../../schemas/limits.ts";
import { defineCommand } from "../../cli/define-command.ts";
import { flag, wholeNumber } from "../../cli/option-types.ts";

const maxSeeds = 200;
const seedsRule = `must be a number or a range of at most ${maxSeeds}, as in 101-115`;

const seeds: z.ZodType<readonly number[]> = z.string().transform((text, context) => {
  if (text === "0") return [];
  const match = /^(\d{1,6})(?:-(\d{1,6}))?$/.exec(text);
  const first = Number(match?.[1]);
  const last = Number(match?.[2] ?? match?.[1]);
  if (!match || first < 1 || last < first || last - first >= maxSeeds) {
    context.addIssue(seedsRule);
    return z.NEVER;
  }
  return Array.from({ length: last - first + 1 }, (_, i) => first + i);
});

export const parseEvalOptions = defineCommand({
  name: "npm run eval:speakers --",
  description:
    "Who speaks when, as the resolver hears it, against meetings whose truth is known: missed, false and confused speech apart.",
  options: {
    /** A folder that isn't there holds no meetings. */
    data: z.array(z.string()).meta({
      value: "<folders...>",
      description: "folders with NAME.wav, its truth NAME.rttm or NAME.json, and NAME.uem if only parts are scored",
      default: ["scripts/demo/sample", "../shared/data"],
    }),
    seeds: seeds.meta({
      value: "<a-b>",
      description: "made meetings, each in four conditions; 0 for none. 1-14 were tuned on",
      default: "101-115",
    }),
    window: wholeNumber(1, limits.maxWindowChunks).meta({
      value: "<s>",
      description: "seconds handed over at a time",
      default: "4",
    }),
    gateway: flag.meta({ description: "through a gateway, windows and all, instead of calling the resolver directly" }),
    service: z
      .url()
      .optional()
      .meta({
        value: "<url>",
        description: "a running inference service instead of the embedded resolver",
        without: ["gateway"],
      }),
    review: flag.meta({
      description: "with --service: also its second look at each whole meeting, in columns of its own",
      needs: "service",
    }),
    each: flag.meta({ description: "a row for each meeting, too" }),
    listen: flag.meta({ description: "the three longest errors of each meeting as WAV files, in .eval/listen" }),
    picture: z.string().meta({ value: "<file>", description: "the timelines, as SVG", default: ".eval/speakers.svg" }),
  },
});

export type EvalOptions = NonNullable<ReturnType<typeof parseEvalOptions>>;
