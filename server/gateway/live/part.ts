/**
 * Live audio passes through the room (SPEC W15–W17): from a connection that streams to those that listen. It is never kept, acked,
 * counted or waited for, touches no table, and a room to which nobody listens does nothing for it. What a listener is late for it
 * loses, and nothing else.
 */
import type { LiveFrame } from "../../../schemas/wire/messages.ts";
import type { Core } from "../core/core.ts";
import type { Part } from "../core/part.ts";
import { admitLive, type LivePace } from "./live-pace.ts";
import type { Listeners } from "./listeners.ts";

/** Live audio as it came, of the track that its connection streams. */
export type LiveAudio = LiveFrame & { readonly track: string };

export interface LivePart extends Part {
  /** Passes it on. @returns false where it was one too many, and dropped. */
  readonly relay: (audio: LiveAudio) => boolean;
  /** To be called when the first listener comes or the last one leaves. */
  readonly listenersChanged: () => void;
  readonly isHeard: Listeners["isHeard"];
}

export function livePart({ now, status }: Pick<Core, "now" | "status">, listeners: Listeners): LivePart {
  /** By track, of those that are open. */
  const paces = new Map<string, LivePace>();
  return {
    name: "live",
    relay: (audio) => {
      const pace = admitLive(paces.get(audio.track), audio, now());
      if (!pace) return false;
      paces.set(audio.track, pace);
      if (status.isOpen) listeners.send(audio);
      return true;
    },
    listenersChanged: () => {
      if (!status.isGone) listeners.changed();
    },
    isHeard: (peer) => listeners.isHeard(peer),
  };
}
