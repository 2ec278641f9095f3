/** Models of Workers AI that speak: Deepgram's Aura, asked raw so that its audio is streamed, and MeloTTS, which answers whole. */
import * as z from "zod";
import { ok, type Result } from "../../../../schemas/lib/result.ts";
import { type Voice, voiceAmong } from "../../../../schemas/speech/voices.ts";
import type { Call, ModelFault, SpeechFormat, SpokenAudio, Synthesizer, Utterance } from "../ports.ts";
import { isOtherPcm } from "../spoken-kind.ts";
import { wrong } from "./openai-http.ts";
import { speechTypes } from "./openai-synthesizer.ts";
import { runWorkersAi, type WorkersAiModel } from "./workers-ai.ts";

/** Deepgram's limit of one request. */
const auraCharacters = 2_000;
const meloCharacters = 4_096;

const auraSpeakers =
  "amalthea andromeda apollo arcas aries asteria athena atlas aurora callista cora cordelia delia draco electra harmonia helena hera hermes hyperion iris janus juno jupiter luna mars minerva neptune odysseus ophelia orion orpheus pandora phoebe pluto saturn thalia theia vesta zeus";
const aura2Voices = voicesOf(auraSpeakers, "en");
const auraVoices: Readonly<Record<string, readonly Voice[]>> = {
  "aura-2-en": aura2Voices,
  "aura-2-es": voicesOf("sirio nestor carina celeste alvaro diana aquila selena estrella javier", "es"),
  "aura-1": voicesOf("angus asteria arcas orion orpheus athena luna zeus perseus helios hera stella", "en"),
};

export function workersAiSynthesizer(model: WorkersAiModel): Synthesizer {
  return model.model.endsWith("/melotts") ? melo(model) : aura(model);
}

/** How Aura is asked for a format. */
const encodings: Readonly<Record<SpeechFormat, object>> = {
  wav: { encoding: "linear16", container: "wav", sample_rate: 24_000 },
  pcm: { encoding: "linear16", container: "none", sample_rate: 24_000 },
  mp3: { encoding: "mp3" },
  opus: { encoding: "opus", container: "ogg" },
};

function aura(model: WorkersAiModel): Synthesizer {
  const voices = auraVoices[model.model.split("/").at(-1) ?? ""] ?? aura2Voices;
  const [first, second] = voices;
  const kinds = { neutral: first?.id ?? "", man: second?.id ?? "", woman: first?.id ?? "" };
  const english = { neutral: "asteria", man: "orion", woman: "luna" };
  const ofKind = voices[0]?.language === "en" ? english : kinds;
  return {
    name: model.name,
    formats: ["wav", "pcm", "mp3", "opus"],
    maxCharacters: auraCharacters,
    hasSpeed: false,
    voices,
    voiceNamed: (name) => voiceAmong(voices, name, ofKind),
    speak: async ({ text, voice, format }, call) => {
      const input = { text, ...encodings[format], ...(voice === undefined ? {} : { speaker: voice }) };
      const answer = await runWorkersAi(model, input, call, { returnRawResponse: true });
      if (!answer.ok) return answer;
      const body = answer.value instanceof Response ? audioOf(answer.value, format) : answer.value;
      if (body instanceof ReadableStream) return ok({ contentType: speechTypes[format], body });
      return wrong(model, call, "no audio");
    },
  };
}

function audioOf(answer: Response, format: SpeechFormat): ReadableStream<Uint8Array> | undefined {
  const type = answer.headers.get("content-type") ?? "";
  const isOther = /^(application\/json|text\/)/i.test(type) || (format === "pcm" && isOtherPcm(type));
  return isOther ? undefined : (answer.body ?? undefined);
}

const meloSchema = z.object({ audio: z.base64().min(1) });
const meloVoices: readonly Voice[] = ["en", "es", "fr", "zh", "ja", "ko"].map((language) => ({
  id: language,
  description: "MeloTTS's voice of this language",
  language,
}));

function melo(model: WorkersAiModel): Synthesizer {
  return {
    name: model.name,
    formats: ["mp3"],
    maxCharacters: meloCharacters,
    hasSpeed: false,
    voices: meloVoices,
    voiceNamed: (name) => voiceAmong(meloVoices, name, { neutral: "en", man: "en", woman: "en" }),
    speak: (utterance, call) => speakWhole(model, utterance, call),
  };
}

async function speakWhole(
  model: WorkersAiModel,
  { text, voice, format }: Utterance,
  call: Call,
): Promise<Result<SpokenAudio, ModelFault>> {
  const answer = await runWorkersAi(model, { prompt: text, lang: voice ?? "en" }, call);
  if (!answer.ok) return answer;
  const parsed = meloSchema.safeParse(answer.value);
  if (!parsed.success) return wrong(model, call, "no audio");
  const bytes = Uint8Array.fromBase64(parsed.data.audio);
  // It has answered with either.
  const isWav = bytes[0] === 0x52 && bytes[1] === 0x49;
  const body = new Response(bytes).body;
  return body ? ok({ contentType: speechTypes[isWav ? "wav" : format], body }) : wrong(model, call, "no audio");
}

function voicesOf(names: string, language: string): Voice[] {
  return names.split(" ").map((id) => ({ id, description: `Deepgram's ${id}`, language }));
}
