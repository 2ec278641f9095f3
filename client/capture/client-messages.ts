/** What a capture says to the room, as the wire has it. */
import { channelCount, pcmFormat, sampleRateHz } from "../../schemas/wire/audio.ts";
import { type CaptureOptions, trackOf } from "./capture-types.ts";

type Message = Readonly<Record<string, unknown>>;

const audioFormat = { sample_rate: sampleRateHz, channels: channelCount, format: pcmFormat } as const;

/** Asks where the track stands, and takes it from nobody (SPEC W6). */
export const statusRequest: Message = { type: "status" };

export function helloMessage(capture: CaptureOptions): Message {
  const { sessionId, clientId } = capture;
  const client = clientId === undefined ? {} : { client_id: clientId };
  return { type: "hello", meeting_id: sessionId, track: trackOf(capture), ...audioFormat, ...client };
}

/** @param timestampMs when the second was captured. */
export function chunkMessage({ sessionId }: CaptureOptions, seq: number, timestampMs: number): Message {
  return { type: "chunk", meeting_id: sessionId, seq, timestamp_ms: timestampMs, ...audioFormat };
}
