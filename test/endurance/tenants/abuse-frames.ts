/** Frames of the bad tenant: seconds that are fresh, as JSON with base64, the dearest to read. */
import { channelCount, pcmFormat, sampleRateHz } from "../../../schemas/wire/audio.ts";
import { encodeBase64 } from "../../../schemas/wire/base64.ts";
import { stampedSecond } from "../../../client/testkit/stamped-second.ts";
import type { FloodOptions } from "./abuse-socket.ts";

const audio = { sample_rate: sampleRateHz, channels: channelCount, format: pcmFormat } as const;
const second = encodeBase64(stampedSecond(1));

/** A new second each time. */
export function freshSeconds(sessionId: string): FloodOptions["nextFrame"] {
  let seq = 0;
  const [head, tail] = [`{"type":"chunk","meeting_id":"${sessionId}","seq":`, `,"timestamp_ms":1,`];
  const rest = JSON.stringify({ ...audio, content_b64: second }).slice(1);
  return () => {
    seq += 1;
    return Buffer.from(`${head}${seq}${tail}${rest}`, "latin1");
  };
}
