/** The arguments of `npm run eval:speakers`, checked. Pure. */
import { Command } from "commander";
import { limits } from "../../../schemas/limits.ts";
import { Failure } from "../../../schemas/lib/failure.ts";
import { parseCommand } from "../../cli/read-options.ts";

export interface EvalOptions {
  /** Folders of recorded meetings; one that isn't there holds none. */
  readonly folders: readonly string[];
  readonly seeds: readonly number[];
  readonly windowMs: number;
  /** Through a gateway, streamed and finalized, instead of calling the resolver directly. */
  readonly gateway: boolean;
  /** Where the picture goes. */
  readonly picture: string;
}

const maxSeeds = 200;
type Raw = { data: string[]; seeds: string; window: string; gateway?: boolean; picture: string };

/** @returns undefined where help was asked for, and printed. */
export function parseEvalOptions(argv: readonly string[]): EvalOptions | undefined {
  const command = new Command("npm run eval:speakers --")
    .description("Who speaks when, as the embedded resolver hears it, against meetings whose truth is known.")
    .option("--data <folders...>", "folders with NAME.wav and NAME.json", ["scripts/demo/sample", "../shared/data"])
    .option("--seeds <a-b>", "made meetings, each in four conditions; 0 for none. 1-14 were tuned on", "101-115")
    .option("--window <s>", "seconds handed over at a time", "4")
    .option("--gateway", "through a gateway, windows and all, instead of calling the resolver directly")
    .option("--picture <file>", "the timelines, as SVG", ".eval/speakers.svg");
  const raw = parseCommand(command, argv)?.opts<Raw>();
  if (!raw) return undefined;
  const windowMs = Number(raw.window) * 1_000;
  if (!(Number.isInteger(windowMs / 1_000) && windowMs >= 1_000 && windowMs <= limits.maxWindowChunks * 1_000))
    throw new Failure(`--window must be 1 to ${limits.maxWindowChunks} whole seconds, not "${raw.window}".`);
  return {
    folders: raw.data,
    seeds: parseSeeds(raw.seeds),
    windowMs,
    gateway: raw.gateway ?? false,
    picture: raw.picture,
  };
}

function parseSeeds(text: string): number[] {
  if (text === "0") return [];
  const match = /^(\d{1,6})(?:-(\d{1,6}))?$/.exec(text);
  const first = Number(match?.[1]);
  const last = Number(match?.[2] ?? match?.[1]);
  if (!match || first < 1 || last < first || last - first >= maxSeeds)
    throw new Failure(`--seeds must be a number or a range of at most ${maxSeeds}, as in 101-115, not "${text}".`);
  return Array.from({ length: last - first + 1 }, (_, i) => first + i);
}
