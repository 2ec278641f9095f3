/** Speech synthesis over HTTP: OpenAI's speech endpoint, streamed sentence by sentence. */
import * as z from "zod";
import { readTextUpTo } from "../../shared/lib/read-body.ts";
import { refuse } from "../http/openai-error.ts";
import type { Part } from "../http/part.ts";
import { sentencesOf } from "./speakable.ts";
import { Speaker, ttsLimits } from "./speaker.ts";
import { type SpeechFormat, speechBody, speechFormats, speechTypes } from "./speech-body.ts";
import { defaultVoice, type Voice, voiceList, voiceNamed } from "./voices.ts";

export const ttsModel = "flite";

const maxBodyBytes = 64 * 1024;
const voiceNames = voiceList.map(({ id }) => id).join(", ");

/** Unknown fields are taken and left: OpenAI's clients send what other models heed. */
const speechRequestSchema = z.object({
  input: z
    .string({ error: "input must be the text to say." })
    .min(1, { error: "input is empty: there is nothing to say." })
    .max(ttsLimits.maxCharacters, {
      error: `input must have at most ${ttsLimits.maxCharacters} characters: send it in parts.`,
    }),
  voice: z
    .string({ error: `voice must be a name: ${voiceNames}.` })
    .default(defaultVoice)
    .transform((name, context): Voice => {
      const voice = voiceNamed(name);
      if (voice === undefined)
        context.addIssue({ code: "custom", message: `There is no such voice; there are ${voiceNames}.` });
      return voice ?? defaultVoice;
    }),
  response_format: z
    .enum(speechFormats, {
      error: `response_format must be one of ${speechFormats.join(", ")}: there is no encoder for others here.`,
    })
    .default("wav"),
  speed: z
    .number({ error: "speed must be a number from 0.25 to 4." })
    .min(0.25, { error: "speed must be at least 0.25." })
    .max(4, { error: "speed must be at most 4." })
    .default(1),
});

export function openTts(): Part {
  const speaker = new Speaker();
  return {
    routes: { "POST /v1/audio/speech": (request) => speak(request, speaker) },
    summary: `${ttsModel}: text to English speech, voices ${voiceNames}, at POST /v1/audio/speech.`,
    models: () => ({ [ttsModel]: speaker.isLoaded ? "loaded" : "idle" }),
    close: () => speaker.stop(),
  };
}

async function speak(request: Request, speaker: Speaker): Promise<Response> {
  const text = await readTextUpTo(request.body, maxBodyBytes);
  if (!text.ok)
    return refuse("body_too_large", `The request is larger than ${maxBodyBytes} bytes: send the text in parts.`);
  const parsed = speechRequestSchema.safeParse(parseJson(text.value));
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    if (issue?.path.length === 0)
      return refuse("invalid_request", "The body must be a JSON object with the text as input.");
    return refuse("invalid_request", issue?.message ?? "The request is wrong.", { param: String(issue?.path[0]) });
  }
  const { input, voice, response_format: format, speed } = parsed.data;
  const sentences = sentencesOf(input);
  if (sentences.length === 0) {
    return refuse("invalid_request", "input has nothing that can be spoken: no letter or digit of English.", {
      param: "input",
    });
  }
  const speech = speaker.say(sentences, { voice, speed }, request.signal);
  if (!speech.ok) {
    const { retryAfterSeconds } = speech.error;
    return refuse("overloaded", `Too much is being spoken: try again in ${retryAfterSeconds} s.`, {
      retryAfterSeconds,
    });
  }
  return answer(format, speech.value, sentences.length === 1);
}

/** Once the first sentence is there: a failure before it is an answer of its own. */
async function answer(
  format: SpeechFormat,
  speech: AsyncGenerator<Uint8Array, void>,
  isAll: boolean,
): Promise<Response> {
  const first = await speech.next();
  if (first.done) throw new Error("there was no first sentence");
  const body = ReadableStream.from(speechBody(format, first.value, speech, isAll));
  return new Response(body, { headers: { "content-type": speechTypes[format] } });
}

/** @returns undefined where it is none, which no schema takes. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
