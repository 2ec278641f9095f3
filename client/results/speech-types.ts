/** What a results client takes and gives where audio or a text of no meeting is heard or spoken. */
import type * as z from "zod";
import type { ttsBodySchema, voiceSchema } from "../../schemas/http/speech.ts";
import type { HeardSegment, transcriptionSchema } from "../../schemas/speech/transcription.ts";
import type { CallOptions } from "./call-options.ts";

/** What was heard in audio of no meeting. */
export type AudioTranscription = z.infer<typeof transcriptionSchema>;
export type Voice = z.infer<typeof voiceSchema>;
export type SpeechInput = z.input<typeof ttsBodySchema>;

export interface TtsOptions extends CallOptions {
  /** First until the audio begins, then for each piece of it. 60,000 by default. */
  readonly timeoutMs?: number | undefined;
}

export interface SttOptions extends CallOptions {
  /** What the audio is, where it has no header: `audio/L16; rate=16000`. */
  readonly type?: string | undefined;
  /** BCP 47, such as `en`; the model finds it out without it. */
  readonly language?: string | undefined;
  /** Words that are likely to be said. */
  readonly prompt?: string | undefined;
  /** Whether segments have the times of their words. */
  readonly words?: boolean | undefined;
  /** As `provider/model`; the preferred one without it. */
  readonly model?: string | undefined;
  /** Each segment as soon as it is heard. */
  readonly onSegment?: ((segment: HeardSegment) => void) | undefined;
  /** For the whole answer, or with `onSegment` for its beginning and each piece. 330,000 by default. */
  readonly timeoutMs?: number | undefined;
}

export interface SpeechAudio {
  /** From its first sentence on. As with `audio`: read it to its end, cancel it, or abort the call. */
  readonly body: ReadableStream<Uint8Array>;
  /** Such as `audio/wav`. */
  readonly contentType: string;
  /** Who speaks, as `provider/model`; undefined where something on the way hides it. */
  readonly model: string | undefined;
}
