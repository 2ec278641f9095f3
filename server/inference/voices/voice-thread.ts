/** The thread that tells voices apart: its models are loaded by the first window. */
import { loadSilero } from "../stt/silero.ts";
import { serveThread } from "../threads/serve-thread.ts";
import type { SpeakerState } from "../../../schemas/speech/speakers.ts";
import { decodeProjection } from "./projection.ts";
import { projectionBase64 } from "./projection-data.ts";
import { resolveVoices } from "./resolve.ts";
import type { Hearing } from "./heard-steps.ts";
import { loadVoiceFront } from "./voice-front.ts";

export interface ResolveCall {
  readonly samples: Int16Array<ArrayBuffer>;
  readonly asrText: string | null;
  readonly state: SpeakerState;
}

let loaded: Promise<Hearing> | undefined;

serveThread({
  resolve: async (call) => {
    const { samples, asrText, state } = call as ResolveCall;
    return resolveVoices(samples, asrText, state, await hearing());
  },
});

/** A failed load is tried again by the next call. */
function hearing(): Promise<Hearing> {
  loaded ??= load().catch((cause: unknown) => {
    loaded = undefined;
    throw cause;
  });
  return loaded;
}

async function load(): Promise<Hearing> {
  return {
    front: await loadVoiceFront(),
    silero: await loadSilero(),
    projection: decodeProjection(projectionBase64),
  };
}
