/** Recordings whose words are known: every `NAME.wav` of a folder with a `NAME.json` beside it that has the text of its turns. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import * as z from "zod";
import { Failure } from "../../schemas/lib/failure.ts";

export interface Recording {
  readonly name: string;
  /** Of the WAV. */
  readonly path: string;
  /** The turns' text, in the order in which they begin. */
  readonly text: string;
}

const truthSchema = z.object({ turns: z.array(z.object({ start_ms: z.number(), text: z.string().optional() })) });

/** None where there is no folder. `untold`: names of those whose turns have no text. */
export function readRecordings(folder: string): { readonly recordings: Recording[]; readonly untold: string[] } {
  const recordings: Recording[] = [];
  const untold: string[] = [];
  for (const file of existsSync(folder) ? readdirSync(folder).toSorted() : []) {
    const name = file.slice(0, -".wav".length);
    const truth = join(folder, `${name}.json`);
    if (!file.endsWith(".wav") || !existsSync(truth)) continue;
    const turns = turnsIn(truth).toSorted((a, b) => a.start_ms - b.start_ms);
    if (turns.length === 0 || turns.some(({ text }) => text === undefined)) untold.push(name);
    else recordings.push({ name, path: join(folder, file), text: turns.map(({ text }) => text).join(" ") });
  }
  return { recordings, untold };
}

function turnsIn(path: string): z.infer<typeof truthSchema>["turns"] {
  const parsed = truthSchema.safeParse(JSON.parse(readFileSync(path, "utf8")));
  if (!parsed.success) throw new Failure(`${path} is not the truth of a meeting.`);
  return parsed.data.turns;
}
