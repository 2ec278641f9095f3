/** What a projection is trained on: pooled stretches of every voice, human and synthetic, in every condition. */
import { execFileSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { seededRandom } from "../../../client/testkit/fault-plan.ts";
import { sampleRateHz } from "../../../schemas/wire/audio.ts";
import { frontFrames, type VoiceFront } from "../../../server/inference/voices/voice-front.ts";
import type { Silero } from "../../../server/inference/stt/silero.ts";
import { vad } from "../../../server/inference/stt/tuning.ts";
import { conditions, passThrough } from "../eval/conditions.ts";
import { makeSentence, pickTelugu, trainingGrammar } from "../eval/sentences.ts";
import { createSpeak, samplesOf } from "../eval/speak.ts";
import { trainingVoices } from "../eval/voices.ts";

export interface Row {
  readonly voice: string;
  readonly values: Float64Array;
}

export const windowSamples = 4 * sampleRateHz;
export const leastWindowSamples = 0.25 * sampleRateHz;
/** Speech of a stretch, in frames, and how many of it of each recording: 1.5 s and 3 s. */
const stretches = [
  { frames: 62, count: 6 },
  { frames: 125, count: 3 },
] as const;
const sentencesPerVoice = 6;
const leastProbability = 0.5;

export interface Spoken {
  readonly voice: string;
  readonly samples: Int16Array;
}

/** @param folder of recordings whose names begin with the speaker's number and a hyphen. */
export function* peopleOf(folder: string): Generator<Spoken> {
  for (const file of readdirSync(folder).toSorted()) {
    if (!/\.(flac|wav)$/.test(file)) continue;
    const raw = ["-t", "raw", "-r", String(sampleRateHz), "-c", "1", "-b", "16", "-e", "signed-integer", "-"];
    const bytes = execFileSync("sox", [join(folder, file), ...raw], { maxBuffer: 1 << 28 });
    yield { voice: file.split("-", 1).join(), samples: samplesOf(bytes) };
  }
}

/** Recordings of people, then speech of synthetic voices. @param folder of recordings, named as `peopleOf` says. */
export function* voicesOf(folder: string): Generator<Spoken> {
  yield* peopleOf(folder);
  const speak = createSpeak(".eval/speech");
  for (const [index, voice] of trainingVoices.entries()) {
    const random = seededRandom(index + 1);
    const said = Array.from({ length: sentencesPerVoice }, () =>
      speak(voice, voice.script === "telugu" ? pickTelugu(random) : makeSentence(trainingGrammar, random)),
    );
    const bytes = Buffer.concat(said.map((part) => Buffer.from(part.buffer, part.byteOffset, part.byteLength)));
    yield { voice: voice.id, samples: samplesOf(bytes) };
  }
}

export async function* rowsOf({ voice, samples }: Spoken, front: VoiceFront, silero: Silero): AsyncGenerator<Row> {
  const isSpeech = await speechOf(samples, silero);
  for (const [index, condition] of conditions.entries()) {
    const heard = Float32Array.from(passThrough(samples, condition, seededRandom(index + 1)), (v) => v / 32_768);
    const parts: { pool: (frames: readonly number[]) => Float64Array; spoken: number[] }[] = [];
    for (let at = 0; heard.length - at >= leastWindowSamples; at += windowSamples) {
      const frames = await front.hear(heard.slice(at, at + windowSamples));
      const spoken = Array.from({ length: frames.count }, (_, i) => i).filter((i) =>
        isSpeech(at + frontFrames.firstMiddle + i * frontFrames.samples),
      );
      parts.push({ pool: (of) => frames.pool(of), spoken });
    }
    for (const { frames: length, count } of stretches) {
      // Stretches lie within a window, as they do when they are used.
      for (const { pool, spoken } of parts) {
        if (spoken.length < 0.7 * length) continue;
        const share = Math.max(1, Math.round(count / parts.length));
        for (let i = 0; i < share; i++) {
          const from = Math.round((Math.max(0, spoken.length - length) * i) / Math.max(1, share - 1));
          yield { voice, values: pool(spoken.slice(from, from + length)) };
        }
      }
    }
  }
}

export async function speechOf(samples: Int16Array, silero: Silero): Promise<(sample: number) => boolean> {
  const probabilityOf = silero.listen();
  const probabilities: number[] = [];
  for (let at = 0; at < samples.length; at += vad.windowSamples) {
    const window = new Float32Array(vad.windowSamples);
    window.set(Float32Array.from(samples.subarray(at, at + vad.windowSamples), (value) => value / 32_768));
    probabilities.push(await probabilityOf(window));
  }
  return (sample) => (probabilities[Math.floor(sample / vad.windowSamples)] ?? 0) >= leastProbability;
}
