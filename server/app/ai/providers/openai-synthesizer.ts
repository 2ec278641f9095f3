/** Models that speak behind an HTTP API of OpenAI's shape. */
import { ok } from "../../../../schemas/lib/result.ts";
import { speechFormats, type SpeechFormat, type Synthesizer, type VoiceInfo } from "../ports.ts";
import { isOtherPcm } from "../spoken-kind.ts";
import { askOpenAi, type OpenAiService, wrong } from "./openai-http.ts";

interface Abilities {
  readonly formats: readonly SpeechFormat[];
  readonly voices: readonly VoiceInfo[];
  readonly voiceNamed: (name: string) => string | undefined;
}

/** OpenAI's own limit, and our service's. */
const maxCharacters = 4_096;
/** Whoever has other voices than OpenAI's takes their names too. */
const anyVoice: Abilities = {
  formats: speechFormats,
  voices: [],
  voiceNamed: (name) => name,
};
const defaultVoice = "alloy";

export function openAiSynthesizer(service: OpenAiService, abilities: Abilities = anyVoice): Synthesizer {
  return {
    name: service.name,
    ...abilities,
    maxCharacters,
    hasSpeed: true,
    speak: async ({ text, voice, format, speed }, call) => {
      const body = JSON.stringify({
        model: service.model,
        input: text,
        voice: voice ?? abilities.voices[0]?.id ?? defaultVoice,
        response_format: format,
        ...(speed === 1 ? {} : { speed }),
      });
      const answer = await askOpenAi(service, "/audio/speech", { body, contentType: "application/json" }, call);
      if (!answer.ok) return answer;
      const { body: audio, headers } = answer.value;
      const type = headers.get("content-type") ?? "";
      const isOther = format === "pcm" && isOtherPcm(type);
      if (audio && !isOther && /^(audio\/|application\/octet-stream)/i.test(type)) {
        return ok({ contentType: speechTypes[format], body: audio });
      }
      await audio?.cancel();
      return wrong(service, call, `no audio but ${type}`);
    },
  };
}

/** As the routes say it, whatever a provider calls it. */
export const speechTypes: Readonly<Record<SpeechFormat, string>> = {
  wav: "audio/wav",
  pcm: "audio/pcm; rate=24000; channels=1",
  mp3: "audio/mpeg",
  opus: "audio/ogg; codecs=opus",
};
