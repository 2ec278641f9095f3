/** The people of a folder of recordings, and pieces of what each says alone, cut as the service cuts what it hears. */
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { Failure } from "../../../schemas/lib/failure.ts";
import { sampleRateHz } from "../../../schemas/wire/audio.ts";
import { cutByVoice } from "../../../server/inference/speakers/cut-by-voice.ts";
import type { Embedder } from "../../../server/inference/speakers/embedder.ts";
import { extractFeatures } from "../../../server/shared/diarizer/features.ts";
import { detectSpeech } from "../../../server/shared/diarizer/speech.ts";
import { splitIntoWindows } from "../../../server/shared/diarizer/windows.ts";
import { readSamples, readTruth } from "../eval/meetings.ts";
import type { Turn } from "../eval/turns.ts";
import type { Person } from "./threshold.ts";

/** What a model hears little in. */
const leastMs = 1_000;
/** Nobody is cut apart: it is known who speaks. */
const never = -1;
/** Of recordings of one person each, who all could be taken for one another. */
const everybody = "";

/**
 * @param folder of NAME.wav: with a truth beside it (NAME.rttm or NAME.json) a meeting, whose people are told apart from each other;
 * without one what a single person says, who is called as the name is up to its first hyphen.
 * @throws Failure where there is no recording, or one that can't be read.
 */
export async function readPeople(folder: string, embedder: Embedder): Promise<Person[]> {
  const names = filesOf(folder).flatMap((file) => (file.endsWith(".wav") ? [file.slice(0, -4)] : []));
  if (names.length === 0) throw new Failure(`${folder} has no WAV file.`);
  const people = new Map<string, { group: string; name: string; pieces: Float64Array[] }>();
  for (const recording of names.toSorted()) {
    const samples = await readSamples(join(folder, `${recording}.wav`));
    const truth = readTruth(folder, recording);
    for (const { name, said } of truth ? alone(truth, samples) : [{ name: nameOf(recording), said: samples }]) {
      const group = truth ? recording : everybody;
      const key = JSON.stringify([group, name]);
      const person = people.get(key) ?? { group, name, pieces: [] };
      people.set(key, person);
      for (const window of splitIntoWindows(said.length)) {
        const part = said.subarray(window.start, window.end);
        const speech = detectSpeech(extractFeatures(part), undefined);
        person.pieces.push(...cutByVoice(part, speech, embedder, never).map(({ voice }) => voice));
      }
    }
  }
  return [...people.values()];
}

function filesOf(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    throw new Failure(`There is no folder ${folder}.`);
  }
}

function nameOf(recording: string): string {
  return recording.split("-", 1).join();
}

/** What one says while nobody else does. */
function alone(truth: readonly Turn[], samples: Int16Array): { name: string; said: Int16Array }[] {
  return truth.flatMap((turn) => {
    const others = truth.filter(({ speaker }) => speaker !== turn.speaker);
    let parts = [{ start: turn.start_ms, end: turn.end_ms }];
    for (const { start_ms, end_ms } of others) {
      parts = parts.flatMap(({ start, end }) =>
        [
          { start, end: Math.min(end, start_ms) },
          { start: Math.max(start, end_ms), end },
        ].filter((part) => part.end > part.start),
      );
    }
    return parts.flatMap(({ start, end }) =>
      end - start < leastMs ? [] : [{ name: turn.speaker, said: samples.subarray(sampleAt(start), sampleAt(end)) }],
    );
  });
}

function sampleAt(ms: number): number {
  return Math.round((ms * sampleRateHz) / 1_000);
}
