/**
 * How much live audio of one track is passed on: so many messages and so much audio a second, each with a second's burst for what a
 * network held back (SPEC W17). What is beyond is dropped, and costs the next message nothing. Pure; knows no clock.
 */
import { bytesPerSample } from "../../../schemas/wire/audio.ts";
import { limits } from "../../../schemas/limits.ts";

/** When the next message, and the next of the audio, would be due at the highest rate, ms since 1970. */
export interface LivePace {
  readonly messagesAt: number;
  readonly audioAt: number;
}

const messageMs = 1_000 / limits.maxLiveMessagesPerSecond;
const burstMs = 1_000;

/** @returns the pace once the message is passed on; undefined where it is one too many. */
export function admitLive(
  pace: LivePace | undefined,
  live: { readonly content: Uint8Array; readonly sample_rate: number },
  now: number,
): LivePace | undefined {
  // What lies further ahead than a burst can reach was written by a clock that went back since.
  const from = (at: number): number => (at > now + 2 * burstMs ? now : Math.max(at, now));
  const messagesAt = from(pace?.messagesAt ?? now) + messageMs;
  const audioMs = (live.content.byteLength / bytesPerSample / live.sample_rate) * 1_000;
  const audioAt = from(pace?.audioAt ?? now) + audioMs / limits.maxLiveRealtimeFactor;
  // A sixtieth of a second is no sum of halves: what rounding adds up to must not count.
  const latest = now + burstMs + 0.01;
  return messagesAt > latest || audioAt > latest ? undefined : { messagesAt, audioAt };
}
