/** Which live models this installation has, by their names, and how each is talked with. */
import { err, ok, type Result } from "../../../../schemas/lib/result.ts";
import { sampleRateHz } from "../../../../schemas/wire/audio.ts";
import { samplesOf } from "../../../../schemas/wire/samples.ts";
import { traceIdFrom } from "../../../shared/http/trace.ts";
import type { LiveModelName, LiveModels } from "../../../shared/config/live-models.ts";
import { wavAudio } from "../../ai/audio.ts";
import type { TenantSpeech } from "../../ai/index.ts";
import { ModelError } from "../../ai/ports.ts";
import { machineClock } from "../clock.ts";
import { openGoogleTalk } from "./google/talk.ts";
import type { Talk, TalkEvent, TalkSetup } from "./live-model.ts";
import { openOpenAiTalk } from "./openai/talk.ts";
import type { ModelService } from "./model-line.ts";
import { openModelSocket } from "./model-socket.ts";
import { RateChange } from "./rate-change.ts";
import { openScriptedTalk, type Voices } from "./embedded/scripted-talk.ts";

const connectTimeoutMs = 10_000;
/** What synthesizers give as `pcm`. */
const speechRateHz = 24_000;

export interface Setting {
  readonly config: LiveModels;
  readonly speech: TenantSpeech;
  readonly session: { readonly tenant: string; readonly session_id: string };
}

export type OpenTalk = (setup: TalkSetup, emit: (event: TalkEvent) => void) => Talk;

/** @returns how a model is talked with; why not where it is not set up. */
export function talkWith({ provider, model }: LiveModelName, setting: Setting): Result<OpenTalk, "not_set_up"> {
  const { config, speech } = setting;
  switch (provider) {
    case "embedded": {
      if (speech.transcribers().length === 0 || speech.synthesizers().length === 0) return err("not_set_up");
      return ok((setup, emit) => openScriptedTalk(voicesOf(setting, setup), setup, emit));
    }
    case "google":
      return remoteTalk(openGoogleTalk, { model, apiKey: config.googleApiKey, baseUrl: config.googleBaseUrl });
    case "openai":
      return remoteTalk(openOpenAiTalk, { model, apiKey: config.openAiApiKey, baseUrl: config.openAiBaseUrl });
  }
}

type OpenRemote = (service: ModelService, ...rest: Parameters<OpenTalk>) => Talk;
type Reached = Pick<ModelService, "model" | "baseUrl"> & { readonly apiKey: string | undefined };

function remoteTalk(openTalk: OpenRemote, { apiKey, ...where }: Reached): Result<OpenTalk, "not_set_up"> {
  if (apiKey === undefined) return err("not_set_up");
  const service = { ...where, apiKey, open: openModelSocket, connectTimeoutMs, clock: machineClock };
  return ok((setup, emit) => openTalk(service, setup, emit));
}

function voicesOf({ speech, session }: Setting, { voice, language }: TalkSetup): Voices {
  const callOf = (signal: AbortSignal) => ({
    tenant: session.tenant,
    sessionId: session.session_id,
    traceId: traceIdFrom(undefined),
    route: "participant",
    signal,
  });
  return {
    speak: async function* (text, signal) {
      const utterance = { text, voice, format: "pcm", speed: 1 } as const;
      const spoken = await speech.models.speak(speech.synthesizers(), utterance, callOf(signal));
      if (!spoken.ok) throw new ModelError(spoken.error);
      yield* samplesIn(spoken.value.body);
    },
    transcribe: async (pcm, signal) => {
      const audio = wavAudio(pcm, sampleRateHz);
      const heard = await speech.models.transcribe(speech.transcribers(), audio, { language }, callOf(signal));
      if (!heard.ok) throw new ModelError(heard.error);
      return heard.value.text.trim();
    },
  };
}

async function* samplesIn(body: ReadableStream<Uint8Array>): AsyncGenerator<Int16Array> {
  const change = new RateChange(speechRateHz, sampleRateHz);
  let odd: number | undefined;
  for await (const bytes of body) {
    const from = odd === undefined ? bytes : Uint8Array.from([odd, ...bytes]);
    odd = from.byteLength % 2 === 1 ? from.at(-1) : undefined;
    yield change.push(samplesOf(from));
  }
  yield change.flush();
}
