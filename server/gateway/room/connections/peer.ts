/** What the room remembers of one connection, in its attachment: it must outlive hibernation. */
import type { Encoding } from "../../../../schemas/wire/codec.ts";
import type { Feed } from "./feed.ts";
import type { SocketRequest } from "../socket-request.ts";

export interface Peer {
  /** `watch` connections stream nothing: they are for the events alone. */
  readonly role: "capture" | "watch";
  readonly encoding: Encoding;
  /** Who asked for it, as limits tell callers apart. */
  readonly subject: string;
  /** The events it gets; null where it asked for none. */
  readonly feed: Feed | null;
  /** The track this connection streams; null until its URL, `hello` or first frame has settled it. */
  readonly track: string | null;
  /** The tracks that its credential is for; null for all. */
  readonly tracks: readonly string[] | null;
  /** When its credential ends, ms since 1970; null for never. */
  readonly expiresAt: number | null;
  /** Whether it has taken the track: with its first accepted `hello`, `chunk` or `end` (SPEC W6). */
  readonly hasTaken: boolean;
  /** Its place among the room's connections in the order they were opened. */
  readonly ordinal: number;
  /** Bad frames since the last good one. */
  readonly badFramesInRow: number;
  /** Until when it was told to wait, ms since 1970, and how many frames it has sent all the same. */
  readonly waitUntil: number;
  readonly heedlessFrames: number;
  /** Bad frames that came before the track was settled; counted on it as soon as it is. */
  readonly uncountedBadFrames: number;
}

type SocketOf<Role extends SocketRequest["role"]> = Extract<SocketRequest, { role: Role }>;

export function newPeer(asked: SocketOf<"capture">, ordinal: number): Peer {
  return {
    role: "capture",
    encoding: asked.encoding,
    subject: asked.subject,
    feed: null,
    track: asked.track ?? null,
    tracks: asked.tracks ?? null,
    expiresAt: asked.expires_at ?? null,
    hasTaken: false,
    ordinal,
    badFramesInRow: 0,
    waitUntil: 0,
    heedlessFrames: 0,
    uncountedBadFrames: 0,
  };
}

export function newWatcher(asked: SocketOf<"watch">, feed: Feed): Peer {
  return { ...newPeer({ ...asked, role: "capture" }, 0), role: "watch", feed };
}

/** Whether its credential has ended. */
export function hasExpired({ expiresAt }: Peer, now: number): boolean {
  return expiresAt !== null && now >= expiresAt;
}

/**
 * Whether a connection that takes its track pushes this other one off it: one that has the track, or was opened for
 * it before. One that was opened after and has said nothing may yet take it, or be what is left of an attempt that
 * its client gave up.
 */
export function isSuperseded(other: Peer, taker: Peer): boolean {
  return other.role === "capture" && other.track === taker.track && (other.hasTaken || other.ordinal < taker.ordinal);
}
