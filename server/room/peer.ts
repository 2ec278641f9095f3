/** What the room remembers of one connection, in its attachment: it must outlive hibernation. */
import type { Encoding } from "../../schemas/codec.ts";

export interface Peer {
  readonly encoding: Encoding;
  /** The track this connection streams; null until its URL, `hello` or first frame has settled it. */
  readonly track: string | null;
  /** Bad frames since the last good one. */
  readonly badFramesInRow: number;
  /** Bad frames that came before the track was settled; counted on it as soon as it is. */
  readonly uncountedBadFrames: number;
}

export function newPeer(encoding: Encoding, track: string | null): Peer {
  return { encoding, track, badFramesInRow: 0, uncountedBadFrames: 0 };
}
