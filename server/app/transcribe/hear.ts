/** The models of the deployment, asked for the words of a WAV with their times. */
import * as z from "zod";
import { err, ok, type Result } from "../../../schemas/lib/result.ts";
import { parseSpeechConfig } from "../../shared/config/speech.ts";
import { readTextUpTo } from "../../shared/lib/read-body.ts";
import { firstAnswer, modelsIn } from "../ai/models.ts";
import type { ModelFault, Transcriber } from "../ai/ports.ts";
import type { HeardSegment } from "./stretch.ts";

const maxAnswerBytes = 1024 * 1024;
const answerSchema = z.object({
  text: z.string(),
  duration: z.number().optional(),
  segments: z.array(z.object({ start: z.number(), end: z.number(), text: z.string() })).optional(),
});

export interface Heard {
  /** Who heard it, as `provider/model`. */
  readonly model: string;
  readonly segments: readonly HeardSegment[];
}

/** @param model the only one that may be asked; null for those of the deployment, in their order. */
export function transcribersFor(env: object, model: string | null): Transcriber[] {
  const config = parseSpeechConfig(env);
  if (!config.ok) return [];
  const all = modelsIn(config.value, config.value.transcribers);
  return model === null ? all : all.filter(({ name }) => name === model);
}

export async function hear(
  transcribers: readonly Transcriber[],
  wav: Uint8Array<ArrayBuffer>,
  durationMs: number,
  signal: AbortSignal,
): Promise<Result<Heard, ModelFault>> {
  const form = new FormData();
  form.set("file", new Blob([wav], { type: "audio/wav" }), "meeting.wav");
  form.set("response_format", "verbose_json");
  const encoded = new Response(form);
  const contentType = encoded.headers.get("content-type") ?? "multipart/form-data";
  const body = await encoded.arrayBuffer();
  const answered = await firstAnswer(transcribers, (model) => model.transcribe({ contentType, body }, signal));
  if (!answered.ok) return answered;
  const text = await readTextUpTo(answered.value.response.body, maxAnswerBytes);
  const parsed = text.ok ? answerSchema.safeParse(jsonOf(text.value)) : undefined;
  if (parsed?.success !== true) return err({ reason: "failed" });
  // A model without times of its own heard all of it somewhere in there.
  const { segments = [{ start: 0, end: durationMs / 1_000, text: parsed.data.text }] } = parsed.data;
  return ok({
    model: answered.value.model,
    segments: segments.map(({ start, end, text: said }) => ({
      start_ms: start * 1_000,
      end_ms: end * 1_000,
      text: said,
    })),
  });
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
