/** Models of Workers AI that hear: Deepgram's, Whisper's, and those that take the same. */
import { ok, type Result } from "../../../../schemas/lib/result.ts";
import { readTextUpTo } from "../../../shared/lib/read-body.ts";
import { parseHeard } from "../heard.ts";
import type { Audio, HearingOptions, ModelFault, Transcriber } from "../ports.ts";
import { wrong } from "./openai-http.ts";
import { runWorkersAi, type WorkersAiModel } from "./workers-ai.ts";

const maxAnswerBytes = 8 * 1_024 * 1_024;

export function workersAiTranscriber(model: WorkersAiModel): Transcriber {
  return {
    name: model.name,
    transcribe: async (audio, options, call) => {
      const answer = await runWorkersAi(model, inputFor(model.model, audio, options), call);
      if (!answer.ok) return answer;
      const value = await valueOf(answer.value);
      const heard = value.ok ? parseHeard(value.value, options.words === true) : undefined;
      return heard ? ok(heard) : wrong(model, call, "no transcription");
    },
  };
}

function inputFor(model: string, audio: Audio, { language, prompt }: HearingOptions): object {
  if (/whisper-large-v3/.test(model)) {
    return {
      audio: audio.bytes.toBase64(),
      task: "transcribe",
      // Whisper makes up words where nobody speaks.
      vad_filter: true,
      ...(language === undefined ? {} : { language: language.split("-", 1).join() }),
      ...(prompt === undefined ? {} : { initial_prompt: prompt }),
    };
  }
  if (/\/whisper/.test(model)) return { audio: [...audio.bytes] };
  const body = { audio: { body: new Response(audio.bytes).body, contentType: audio.type } };
  if (!/nova-\d/.test(model)) return body;
  return {
    ...body,
    punctuate: true,
    smart_format: true,
    ...(language === undefined ? { detect_language: true } : { language }),
    ...(prompt === undefined ? {} : { keyterm: prompt }),
  };
}

/** A binding that was asked for nothing raw may give a response all the same. */
async function valueOf(answer: unknown): Promise<Result<unknown, ModelFault>> {
  if (!(answer instanceof Response)) return ok(answer);
  const text = await readTextUpTo(answer.body, maxAnswerBytes);
  try {
    return ok(text.ok ? (JSON.parse(text.value) as unknown) : undefined);
  } catch {
    return ok(undefined);
  }
}
