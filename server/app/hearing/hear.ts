/** The models of a tenant, asked for the words of a piece with their times. */
import { ok, type Result } from "../../../schemas/lib/result.ts";
import { sampleRateHz } from "../../../schemas/wire/audio.ts";
import { modelNameOf } from "../../shared/config/speech.ts";
import type { Candidate } from "../ai/ask-in-turn.ts";
import { wavAudio } from "../ai/audio.ts";
import type { TenantSpeech } from "../ai/index.ts";
import type { Call, ModelFault, Transcriber } from "../ai/ports.ts";
import type { Words } from "./heard-words.ts";

/** @param model the only one that may be asked; null for those of the tenant, in their order. */
export function transcribersFor(speech: TenantSpeech, model: string | null): Candidate<Transcriber>[] {
  if (model === null) return speech.transcribers();
  return speech.allowed.stt.flatMap((name) => (modelNameOf(name) === model ? (speech.transcriber(name) ?? []) : []));
}

/** @param pcm s16le. */
export async function hear(
  { models }: TenantSpeech,
  transcribers: readonly Candidate<Transcriber>[],
  pcm: Uint8Array<ArrayBuffer>,
  call: Call,
): Promise<Result<Words, ModelFault>> {
  const answered = await models.transcribe(transcribers, wavAudio(pcm, sampleRateHz), {}, call);
  if (!answered.ok) return answered;
  const { model, segments } = answered.value;
  return ok({ model, segments });
}
