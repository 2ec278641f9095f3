/** An evaluation of the embedded resolver: meetings, who speaks in them by it, scores, targets, a picture. */
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { sampleRateHz } from "../../../schemas/wire/audio.ts";
import { Failure } from "../../../schemas/lib/failure.ts";
import { scoreDer } from "./der.ts";
import type { Diarize } from "./diarize.ts";
import type { EvalOptions } from "./eval-command.ts";
import { makeMeetings, type Meeting, readMeetings } from "./meetings.ts";
import { createSpeak, missingTools } from "./speak.ts";
import { writeFailings } from "./listen.ts";
import { formatTable, missedTargets, type Outcome } from "./table.ts";
import { drawTimelines } from "./timeline.ts";
import type { Turn } from "./turns.ts";
import { debianPackages, unseenVoices } from "./voices.ts";

const collarMs = 250;
const cacheFolder = ".eval";

export interface Subject {
  readonly diarize: Diarize;
  /** A second look at the whole meeting, scored beside the first. */
  readonly review?: Diarize | undefined;
  /** Whether the work is done in this process. */
  readonly measuresCpu: boolean;
}

/** @returns whether every target is met. @throws Failure where there is no meeting at all. */
export async function evaluate(options: EvalOptions, { diarize, review, measuresCpu }: Subject): Promise<boolean> {
  const outcomes: Outcome[] = [];
  const failings: string[] = [];
  let [cpuSeconds, audioSeconds] = [0, 0];
  for await (const meeting of meetingsOf(options)) {
    const before = process.cpuUsage();
    const said = await diarize(meeting.samples);
    const { user, system } = process.cpuUsage(before);
    cpuSeconds += (user + system) / 1e6;
    audioSeconds += meeting.samples.length / sampleRateHz;
    const [lenient, strict] = [collarMs, 0].map((collar) => scoreDer(meeting.truth, said, collar, meeting.scored));
    if (!lenient || !strict) throw new Error("two collars give two scores");
    const reviewed = review && scoreReview(meeting, await review(meeting.samples));
    if (options.listen) {
      const last = reviewed?.said ?? said;
      failings.push(...writeFailings(meeting, last, collarMs, join(cacheFolder, "listen")));
    }
    // The samples are not needed any more.
    outcomes.push({ meeting: { ...meeting, samples: new Int16Array() }, said, lenient, strict, reviewed });
  }
  if (outcomes.length === 0) throw new Failure(`no meeting in ${options.data.join(", ")}, and none made.`);
  console.log(formatTable(outcomes, options.each).join("\n"));
  const cpuPerHour = (cpuSeconds / audioSeconds) * 3_600;
  const cpu = `; ${cpuPerHour.toFixed(0)} CPU seconds an hour, ${(cpuPerHour / 36).toFixed(2)} % of real time`;
  console.log(`\n${(audioSeconds / 3_600).toFixed(1)} h of audio${measuresCpu ? cpu : ", computed elsewhere"}`);
  mkdirSync(dirname(options.picture), { recursive: true });
  writeFileSync(options.picture, drawTimelines(outcomes));
  console.log(`timelines: ${options.picture}`);
  if (options.listen) console.log(["\nTo hear, with a second before and after:", ...failings].join("\n"));
  const missed = missedTargets(outcomes, measuresCpu ? cpuPerHour / 3_600 : 0);
  for (const line of missed) console.error(`target missed: ${line}`);
  return missed.length === 0;
}

function scoreReview({ truth, scored }: Meeting, said: readonly Turn[]): NonNullable<Outcome["reviewed"]> {
  return { said, lenient: scoreDer(truth, said, collarMs, scored) };
}

/** One after the other, so that an evening of meetings isn't held in memory. */
async function* meetingsOf({ data, seeds }: EvalOptions): AsyncGenerator<Meeting> {
  const seen = new Set<string>();
  for (const folder of data) {
    if (!existsSync(folder)) console.error(`${folder} is not there.`);
    for (const meeting of await readMeetings(folder)) {
      if (!seen.has(meeting.name)) yield meeting;
      seen.add(meeting.name);
    }
  }
  const missing = seeds.length > 0 ? missingTools(unseenVoices) : [];
  if (missing.length > 0) {
    console.log(`No meetings are made here: ${missing.join(", ")} not found. To have them:`);
    console.log(`apt-get install --no-install-recommends ${debianPackages}\n`);
    return;
  }
  const speak = createSpeak(`${cacheFolder}/speech`);
  for (const seed of seeds) yield* makeMeetings(seed, speak, `${cacheFolder}/meetings`);
}
