/** Who is measured: servers, and how each is spoken to. */
import { limits } from "../../../schemas/limits.ts";
import type { Encoding } from "../../../schemas/wire/codec.ts";

/** As `serve-main.ts` starts them. */
export const serverNames = [
  "roomtone",
  "null-room",
  "row-then-ack",
  "put-then-ack",
  "ws-files",
  "ws-fsync",
  "packer",
] as const;
export type ServerName = (typeof serverNames)[number];

export interface Contestant {
  readonly name: string;
  readonly server: ServerName;
  readonly encoding: Encoding;
  readonly isGateway: boolean;
  /** Frames in flight of a client that catches up. */
  readonly window: number;
}

/** Where the server itself sets no limit. */
const openWindow = 64;
const roomtone = {
  server: "roomtone",
  isGateway: true,
  window: Math.min(openWindow, limits.maxInFlightFrames),
} as const;
const plain = { isGateway: false, window: openWindow } as const;

/** The first is what the others are divided by. */
export const contestants: readonly Contestant[] = [
  // Acks every frame and keeps nothing: what the platform alone costs.
  { name: "null-room", server: "null-room", encoding: "msgpack", ...plain },
  { name: "roomtone", encoding: "msgpack", ...roomtone },
  { name: "roomtone-json", encoding: "json", ...roomtone },
  { name: "roomtone-proto", encoding: "proto", ...roomtone },
  // A row of the room's SQLite before each ack, a commit each, and nothing else: the least that durable can be there.
  { name: "row-then-ack", server: "row-then-ack", encoding: "msgpack", ...plain },
  // The straightforward way: one R2 put and one storage write, one after the other, before each ack.
  { name: "put-then-ack", server: "put-then-ack", encoding: "json", ...plain },
  // Node, one file a chunk: flushed to the disk before its ack, and not.
  { name: "ws-fsync", server: "ws-fsync", encoding: "msgpack", ...plain },
  { name: "ws-files", server: "ws-files", encoding: "msgpack", ...plain },
];

export const nullRoom = "null-room";

export function contestantNamed(name: string): Contestant {
  const found = contestants.find((each) => each.name === name);
  if (!found) throw new Error(`no contestant ${name}`);
  return found;
}
