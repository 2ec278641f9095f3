/** The models of a tenant, asked for the words of a WAV with their times. */
import { ok, type Result } from "../../../schemas/lib/result.ts";
import { modelNameOf } from "../../shared/config/speech.ts";
import type { Candidate } from "../ai/ask-in-turn.ts";
import type { TenantSpeech } from "../ai/index.ts";
import type { Call, ModelFault, Transcriber } from "../ai/ports.ts";
import type { HeardSegment } from "./stretch.ts";

export interface Heard {
  /** Who heard it, as `provider/model`. */
  readonly model: string;
  readonly segments: readonly HeardSegment[];
}

/** @param model the only one that may be asked; null for those of the tenant, in their order. */
export function transcribersFor(speech: TenantSpeech, model: string | null): Candidate<Transcriber>[] {
  if (model === null) return speech.transcribers();
  return speech.allowed.stt.flatMap((name) => (modelNameOf(name) === model ? (speech.transcriber(name) ?? []) : []));
}

export async function hear(
  speech: TenantSpeech,
  transcribers: readonly Candidate<Transcriber>[],
  wav: Uint8Array<ArrayBuffer>,
  durationMs: number,
  call: Call,
): Promise<Result<Heard, ModelFault>> {
  const answered = await speech.models.transcribe(
    transcribers,
    { bytes: wav, type: "audio/wav", durationMs },
    {},
    call,
  );
  if (!answered.ok) return answered;
  const { model, segments } = answered.value;
  return ok({ model, segments: segments.map(({ start_ms, end_ms, text }) => ({ start_ms, end_ms, text })) });
}
