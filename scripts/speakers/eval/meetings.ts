/** Meetings whose truth is known: read from a folder, or made up from voices the model never heard. */
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import * as z from "zod";
import { chunkMs, sampleRateHz } from "../../../schemas/wire/audio.ts";
import { readWavChunks } from "../../../client/testkit/wav-chunks.ts";
import { seededRandom } from "../../../client/testkit/fault-plan.ts";
import { type Condition, conditions, passThrough } from "./conditions.ts";
import { evaluationGrammar, makeSentence, pick } from "./sentences.ts";
import { samplesOf, type Speak } from "./speak.ts";
import type { Scored } from "./der.ts";
import { isNarrow } from "./bandwidth.ts";
import { readRttm, readUem } from "./truth-files.ts";
import type { Turn } from "./turns.ts";
import { unseenVoices, type Voice } from "./voices.ts";

export interface Meeting {
  readonly name: string;
  /** "recorded" for those of a folder. */
  readonly condition: Condition | "recorded";
  /** Mono, 16 kHz. */
  readonly samples: Int16Array;
  readonly truth: readonly Turn[];
  /** What of a recording is scored; all of it where undefined. */
  readonly scored?: readonly Scored[];
  /** The row of the table that it counts in. */
  readonly group: string;
}

const truthSchema = z.object({
  turns: z.array(z.object({ speaker: z.string(), start_ms: z.number(), end_ms: z.number() })),
});

/** Every `NAME.wav` with a `NAME.rttm` or `NAME.json` beside it, and its `NAME.uem`; none where there is no folder. */
export async function readMeetings(folder: string): Promise<Meeting[]> {
  if (!existsSync(folder)) return [];
  const names = readdirSync(folder).flatMap((file) => (file.endsWith(".wav") ? [file.slice(0, -4)] : []));
  const meetings = await Promise.all(
    names.map(async (name): Promise<Meeting[]> => {
      const truth = readTruth(folder, name);
      if (!truth) return [];
      const samples = await readSamples(join(folder, `${name}.wav`));
      const uem = join(folder, `${name}.uem`);
      return [
        {
          name,
          condition: "recorded",
          samples,
          truth,
          ...(existsSync(uem) ? { scored: readUem(readFileSync(uem, "utf8"), uem) } : {}),
          group: `${name.replace(/[-_]?[a-z]{0,3}\d+$/, "")}${isNarrow(samples) ? ", telephone" : ""}`,
        },
      ];
    }),
  );
  return meetings.flat();
}

/** Of a WAV file: mono, 16 kHz. */
export async function readSamples(path: string): Promise<Int16Array> {
  const { chunks, paddingSamples } = await readWavChunks(path);
  const all = samplesOf(Buffer.concat(chunks));
  return all.subarray(0, all.length - paddingSamples);
}

/** Of a recording `NAME.wav`: `NAME.rttm`, else `NAME.json`. @returns undefined where it has neither. */
export function readTruth(folder: string, name: string): readonly Turn[] | undefined {
  const [rttm, json] = [join(folder, `${name}.rttm`), join(folder, `${name}.json`)];
  if (existsSync(rttm)) return readRttm(readFileSync(rttm, "utf8"), rttm);
  return existsSync(json) ? truthSchema.parse(JSON.parse(readFileSync(json, "utf8"))).turns : undefined;
}

/** Meetings of one seed: as many as there are conditions, of the same script in each. */
export function makeMeetings(seed: number, speak: Speak, cacheFolder: string): Meeting[] {
  mkdirSync(cacheFolder, { recursive: true });
  const dry = hold(seed, speak);
  return conditions.map((condition) => {
    const name = `made-${seed}-${condition}`;
    const file = join(cacheFolder, `${name}.raw`);
    if (!existsSync(file))
      writeFileSync(file, new Uint8Array(passThrough(dry.samples, condition, seededRandom(seed)).buffer));
    return { name, condition, samples: samplesOf(readFileSync(file)), truth: dry.truth, group: `made, ${condition}` };
  });
}

const minTurns = 20;
const moreTurns = 16;

/** 2–5 people take turns of 1–3 sentences with 0.1–1.2 s between them; nobody interrupts. */
function hold(seed: number, speak: Speak): { samples: Int16Array; truth: Turn[] } {
  const random = seededRandom(seed);
  const people = choosePeople(2 + Math.floor(random() * 4), random);
  const truth: Turn[] = [];
  const parts: { at: number; samples: Int16Array }[] = [];
  let at = sampleRateHz / 2;
  let last: Voice | undefined;
  const turns = minTurns + Math.floor(random() * moreTurns);
  for (let turn = 0; turn < turns; turn++) {
    const { voice, gain } = pick(
      people.filter((person) => person.voice !== last),
      random,
    );
    last = voice;
    const sentences = Array.from({ length: 1 + Math.floor(random() * 3) }, () =>
      makeSentence(evaluationGrammar, random),
    );
    const samples = speak(voice, sentences.join(" ")).map((sample) => sample * gain);
    truth.push({ speaker: voice.id, start_ms: msOf(at), end_ms: msOf(at + samples.length) });
    parts.push({ at, samples });
    at += samples.length + Math.round((0.1 + 1.1 * random() ** 2) * sampleRateHz);
  }
  const all = new Int16Array(at);
  for (const part of parts) all.set(part.samples, part.at);
  return { samples: all, truth };
}

/** Not all sit as near to the microphone: within 6 dB. */
function choosePeople(count: number, random: () => number): { voice: Voice; gain: number }[] {
  const left = [...unseenVoices];
  return Array.from({ length: count }, () => {
    const voice = pick(left, random);
    left.splice(left.indexOf(voice), 1);
    return { voice, gain: 10 ** ((-6 * random()) / 20) };
  });
}

function msOf(samples: number): number {
  return Math.round((samples * chunkMs) / sampleRateHz);
}
