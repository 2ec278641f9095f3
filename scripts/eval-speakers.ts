/**
 * `npm run eval:speakers`: how well the embedded resolver tells who speaks, and what it costs. Meetings of folders,
 * and meetings made of synthetic voices that its model never heard. Ends with 1 where a target is missed.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { sampleRateHz } from "../schemas/wire/audio.ts";
import { scoreDer } from "./speakers/eval/der.ts";
import { createDirectDiarizer, type Diarize } from "./speakers/eval/diarize.ts";
import { type EvalOptions, parseEvalOptions } from "./speakers/eval/eval-options.ts";
import { createGatewayDiarizer, withGateway } from "./speakers/eval/gateway-diarizer.ts";
import { makeMeetings, type Meeting, readMeetings } from "./speakers/eval/meetings.ts";
import { createSpeak, missingTools } from "./speakers/eval/speak.ts";
import { formatTable, missedTargets, type Outcome } from "./speakers/eval/table.ts";
import { drawTimelines } from "./speakers/eval/timeline.ts";
import { debianPackages, unseenVoices } from "./speakers/eval/voices.ts";
import { Failure, sentenceOf } from "../schemas/lib/failure.ts";

const collarMs = 250;
const cacheFolder = ".eval";

interface Subject {
  readonly diarize: Diarize;
  /** Whether the work is done in this process. */
  readonly measuresCpu: boolean;
}

/** One after the other, so that an evening of meetings isn't held in memory. */
function* meetingsOf({ folders, seeds }: EvalOptions): Generator<Meeting> {
  const seen = new Set<string>();
  for (const meeting of folders.flatMap((folder) => readMeetings(folder))) {
    if (!seen.has(meeting.name)) yield meeting;
    seen.add(meeting.name);
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

async function evaluate(options: EvalOptions, { diarize, measuresCpu }: Subject): Promise<void> {
  const outcomes: Outcome[] = [];
  let [cpuSeconds, audioSeconds] = [0, 0];
  for (const meeting of meetingsOf(options)) {
    const before = process.cpuUsage();
    const said = await diarize(meeting.samples);
    const { user, system } = process.cpuUsage(before);
    cpuSeconds += (user + system) / 1e6;
    audioSeconds += meeting.samples.length / sampleRateHz;
    const [lenient, strict] = [collarMs, 0].map((collar) => scoreDer(meeting.truth, said, collar));
    if (!lenient || !strict) throw new Error("two collars give two scores");
    // The samples are done with.
    outcomes.push({ meeting: { ...meeting, samples: new Int16Array() }, said, lenient, strict });
  }
  if (outcomes.length === 0) throw new Failure(`no meeting in ${options.folders.join(", ")}, and none made.`);
  console.log(formatTable(outcomes).join("\n"));
  const cpuPerHour = (cpuSeconds / audioSeconds) * 3_600;
  const cpu = `; ${cpuPerHour.toFixed(0)} CPU seconds an hour, ${(cpuPerHour / 36).toFixed(2)} % of real time`;
  console.log(`\n${(audioSeconds / 3_600).toFixed(1)} h of audio${measuresCpu ? cpu : ", through a gateway"}`);
  mkdirSync(dirname(options.picture), { recursive: true });
  writeFileSync(options.picture, drawTimelines(outcomes));
  console.log(`timelines: ${options.picture}`);
  const missed = missedTargets(outcomes, measuresCpu ? cpuPerHour / 3_600 : 0);
  for (const line of missed) console.error(`target missed: ${line}`);
  if (missed.length > 0) process.exitCode = 1;
}

try {
  const options = parseEvalOptions(process.argv.slice(2));
  if (options?.gateway) {
    await withGateway((gateway) =>
      evaluate(options, { diarize: createGatewayDiarizer(gateway, options.windowMs), measuresCpu: false }),
    );
  } else if (options) {
    await evaluate(options, { diarize: createDirectDiarizer(options.windowMs), measuresCpu: true });
  }
} catch (cause) {
  console.error(sentenceOf(cause));
  process.exitCode = 1;
}
