/** Which channels of a source become which tracks: `--channel` (V3). Pure. */
import type { PcmFormat } from "@roomtone/client/node";
import { trackNameSchema } from "../../schemas/names.ts";
import { UsageError } from "./usage-error.ts";

/** `mix` averages all channels, a number takes that one, counted from 1; `split` makes each a track of its own. */
export type ChannelChoice = "mix" | "split" | number;

/** @returns undefined for what is no choice. */
export function parseChannel(text: string): ChannelChoice | undefined {
  if (text === "mix" || text === "split") return text;
  if (text === "left") return 1;
  if (text === "right") return 2;
  return /^[1-9]\d?$/.test(text) ? Number(text) : undefined;
}

export interface ChannelTrack {
  readonly track: string;
  readonly format: PcmFormat;
}

/** @param track as it is called where it is the only one. @throws UsageError where the source has no such channel. */
export function channelTracks(choice: ChannelChoice, track: string, format: PcmFormat): ChannelTrack[] {
  if (choice === "mix") return [{ track, format }];
  if (choice !== "split") {
    if (choice <= format.channels) return [{ track, format: { ...format, channel: choice } }];
    const has = format.channels === 1 ? "1 channel" : `${format.channels} channels`;
    throw new UsageError(`The source has ${has}: there is no channel ${choice} to take.`);
  }
  return Array.from({ length: format.channels }, (_, index) => {
    const name = `${track}-${index + 1}`;
    if (!trackNameSchema.safeParse(name).success)
      throw new UsageError(`--track is too long to be split: ${name} has more than 32 characters.`);
    return { track: name, format: { ...format, channel: index + 1 } };
  });
}
