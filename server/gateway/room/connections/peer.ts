/**
 * What the room remembers of one connection, in its attachment: it must outlive hibernation. Which of the three it is says
 * what it may do; a mix can't be typed.
 */
import type { Encoding } from "../../../../schemas/wire/codec.ts";
import { limits } from "../../../../schemas/limits.ts";
import type { SocketRequest } from "../socket-request.ts";
import type { Feed } from "./feed.ts";

interface Connected {
  readonly encoding: Encoding;
  /** Who asked for the connection, as limits tell callers apart. */
  readonly subject: string;
  /** The events that it gets; null where it asked for none. */
  readonly feed: Feed | null;
  /** When its credential ends, ms since 1970; null for never. */
  readonly expiresAt: number | null;
  /** Bad frames since the last good one. */
  readonly badFramesInRow: number;
  /** Until when it was told to wait, ms since 1970. */
  readonly waitUntil: number;
  /** Frames that came although it was told to wait. */
  readonly heedlessFrames: number;
  /** Whether it gets the live audio of others. */
  readonly listens: boolean;
  /** W3C trace id of its upgrade, and when that was, ms since 1970; null where an earlier version let it in. */
  readonly traceId: string | null;
  readonly openedAt: number | null;
}

interface CaptureConnected extends Connected {
  readonly role: "capture";
  /** The tracks that its credential is for; null for all. */
  readonly tracks: readonly string[] | null;
  /** Whether it may subscribe to events. */
  readonly reads: boolean;
  /** Its place among the room's connections in the order they were opened. */
  readonly ordinal: number;
  /** Whether its credential may hear others. */
  readonly mayListen: boolean;
}

/** Streams, and has not taken its track: no `hello`, `chunk`, `gap` or `end` of it was accepted (SPEC W6). */
export interface CaptureWaiting extends CaptureConnected {
  readonly hasTaken: false;
  /** The track of its URL; null where `hello` or the first frame will say. */
  readonly track: string | null;
  /** Bad frames that came before the track was settled; counted on it as soon as it is. */
  readonly uncountedBadFrames: number;
  /** Until when it has to take a track, ms since 1970; null where an earlier version let it in. */
  readonly takeBy: number | null;
}

/** Streams its track. */
export interface CaptureStreaming extends CaptureConnected {
  readonly hasTaken: true;
  readonly track: string;
  /** Whether somebody else listens, as it was last told; null where it never said `hello`. */
  readonly heard: boolean | null;
}

/** Streams nothing: it is there for the events alone. */
export interface Watcher extends Connected {
  readonly role: "watch";
}

export type Capture = CaptureWaiting | CaptureStreaming;
export type Peer = Capture | Watcher;

type Asked<Role extends SocketRequest["role"]> = Extract<SocketRequest, { role: Role }>;

function newConnected(asked: SocketRequest, openedAt: number): Omit<Connected, "feed"> {
  const { encoding, subject, expires_at: expiresAt = null, trace_id: traceId = null } = asked;
  const counts = { badFramesInRow: 0, waitUntil: 0, heedlessFrames: 0 };
  return { encoding, subject, expiresAt, ...counts, listens: false, traceId, openedAt };
}

/** @param now when it was opened, ms since 1970. */
export function newCapture(asked: Asked<"capture">, ordinal: number, now: number): CaptureWaiting {
  return {
    ...newConnected(asked, now),
    role: "capture",
    feed: null,
    tracks: asked.tracks ?? null,
    mayListen: asked.may_listen ?? false,
    reads: asked.reads ?? true,
    track: asked.track ?? null,
    hasTaken: false,
    ordinal,
    uncountedBadFrames: 0,
    takeBy: now + limits.takeTrackWithinMs,
  };
}

export function newWatcher(asked: Asked<"watch">, feed: Feed, now: number): Watcher {
  return { ...newConnected(asked, now), role: "watch", feed, listens: asked.topics?.includes("live") ?? false };
}

export function isStreaming(peer: Peer): peer is CaptureStreaming {
  return peer.role === "capture" && peer.hasTaken;
}

/** The connection once it has taken a track. */
export function streaming(peer: Capture, track: string): CaptureStreaming {
  if (peer.hasTaken) return peer;
  const { uncountedBadFrames: _, takeBy: __, ...kept } = peer;
  return { ...kept, track, hasTaken: true, heard: null };
}

/** The track that the connection has, or was opened for. */
export function trackOf(peer: Peer): string | null {
  return peer.role === "capture" ? peer.track : null;
}

/** Whether its credential has ended. */
export function hasExpired({ expiresAt }: Peer, now: number): boolean {
  return expiresAt !== null && now >= expiresAt;
}

/** Until when it may stay as it is, ms since 1970; null for ever. */
export function endsAt(peer: Peer): number | null {
  const ends = [peer.expiresAt, peer.role === "capture" && !peer.hasTaken ? peer.takeBy : null];
  const known = ends.filter((at) => at !== null);
  return known.length === 0 ? null : Math.min(...known);
}

/**
 * Whether a connection that takes its track pushes this other one off it: one that has the track, or was opened for
 * it before. One that was opened after and has said nothing may yet take it, or be what is left of an attempt that
 * its client gave up.
 */
export function isSuperseded(other: Peer, taker: CaptureStreaming): boolean {
  return other.role === "capture" && other.track === taker.track && (other.hasTaken || other.ordinal < taker.ordinal);
}
