/** The speech the model is trained on: every training voice in every condition. */
import { detectSpeech } from "../../../server/shared/diarizer/speech.ts";
import { extractFeatures, type Features } from "../../../server/shared/diarizer/features.ts";
import { type Condition, conditions, passThrough } from "../eval/conditions.ts";
import { makeSentence, pickTelugu, trainingGrammar } from "../eval/sentences.ts";
import type { Speak } from "../eval/speak.ts";
import type { Voice } from "../eval/voices.ts";
import { seededRandom } from "../../../client/testkit/fault-plan.ts";

/** One voice in one condition. */
export interface Recording {
  readonly voice: string;
  readonly condition: Condition;
  readonly features: Features;
  /** Indices of the frames that are speech. */
  readonly spoken: readonly number[];
}

const sentencesPerVoice = 24;

export function* gatherSpeech(voices: readonly Voice[], speak: Speak, seed: number): Generator<Recording> {
  for (const [index, voice] of voices.entries()) {
    const random = seededRandom(seed * 1_000 + index);
    const sentences = Array.from({ length: sentencesPerVoice }, () =>
      speak(voice, voice.script === "telugu" ? pickTelugu(random) : makeSentence(trainingGrammar, random)),
    );
    const said = concatenate(sentences);
    for (const condition of conditions) {
      const features = extractFeatures(passThrough(said, condition, random));
      const { loud } = detectSpeech(features, undefined);
      const spoken = Array.from(loud.keys()).filter((frame) => loud[frame] === 1);
      yield { voice: voice.id, condition, features, spoken };
    }
  }
}

function concatenate(parts: readonly Int16Array[]): Int16Array {
  const all = new Int16Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
