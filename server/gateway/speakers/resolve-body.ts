/** What the speaker-resolve service is asked about a run of kept audio. */
import type { ResolveBody } from "../../../schemas/speech/speakers.ts";
import { channelCount, pcmFormat, sampleRateHz } from "../../../schemas/wire/audio.ts";
import { encodeBase64 } from "../../../schemas/wire/base64.ts";

/** @param pcm s16le, 16 kHz, mono. @param text what is known of what was said in it. */
export function resolveBody(pcm: Uint8Array, text: string | undefined): ResolveBody {
  const audio = {
    content_b64: encodeBase64(pcm),
    format: pcmFormat,
    sample_rate: sampleRateHz,
    channels: channelCount,
  };
  return { audio, ...(text === undefined ? {} : { asr_text: text }) };
}
