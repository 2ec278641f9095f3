/** The thread that tells voices apart: its models are loaded by the first window. */
import { loadSilero } from "../stt/silero.ts";
import { serveThread } from "../threads/serve-thread.ts";
import type { SpeakerState } from "../../../schemas/speech/speakers.ts";
import { decodeProjection } from "./projection.ts";
import { type Hearing, MeetingEar } from "./meeting-ear.ts";
import { projectionBase64 } from "./projection-data.ts";
import { review } from "./review.ts";
import { resolveVoices } from "./resolve.ts";
import { loadVoiceFront } from "./voice-front.ts";

export interface ResolveCall {
  readonly samples: Int16Array<ArrayBuffer>;
  readonly asrText: string | null;
  readonly state: SpeakerState;
}

/** What follows on the pieces of a review that came before. */
export interface ReviewPiece {
  readonly id: string;
  readonly samples: Int16Array<ArrayBuffer>;
}

/** Reviews that are under way; whoever begins one ends or drops it. */
const ears = new Map<string, MeetingEar>();

let loaded: Promise<Hearing> | undefined;

serveThread({
  resolve: async (call) => {
    const { samples, asrText, state } = call as ResolveCall;
    return resolveVoices(samples, asrText, state, await hearing());
  },
  beginReview: async (id) => {
    ears.set(id as string, new MeetingEar(await hearing()));
  },
  addToReview: async (piece) => {
    const { id, samples } = piece as ReviewPiece;
    await earOf(id).add(samples);
  },
  endReview: async (id) => review(await earOf(id as string).end()),
  dropReview: (id) => {
    ears.delete(id as string);
  },
});

/** @throws Error where the thread was started anew meanwhile. */
function earOf(id: string): MeetingEar {
  const ear = ears.get(id);
  if (!ear) throw new Error("the review began in a thread that is no more");
  return ear;
}

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
