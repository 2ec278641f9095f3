/**
 * The lines of a connection: that it was opened, and what came on it. Counts are in memory: those of a connection during which the room
 * slept or started anew are of the time since, and its line says so.
 */
import { log } from "../../../shared/telemetry/log.ts";
import { type Peer, trackOf } from "./peer.ts";

interface Counts {
  frames: number;
  bytes: number;
}

/** What opened a connection tells them apart well enough for a line. */
const keyOf = ({ traceId, openedAt, role }: Peer): string => `${traceId} ${openedAt} ${role}`;

export class Traffic {
  readonly #now: () => number;
  /** Of connections that are open. */
  readonly #counts = new Map<string, Counts>();
  readonly #sinceOpened = new Set<string>();

  constructor(now: () => number) {
    this.#now = now;
  }

  opened(peer: Peer): void {
    this.#sinceOpened.add(keyOf(peer));
    log.info("connection_opened", subjectOf(peer));
  }

  came(peer: Peer, frame: string | ArrayBuffer | ArrayBufferView): void {
    const key = keyOf(peer);
    let counts = this.#counts.get(key);
    if (!counts) this.#counts.set(key, (counts = { frames: 0, bytes: 0 }));
    counts.frames += 1;
    counts.bytes += typeof frame === "string" ? frame.length : frame.byteLength;
  }

  closed(peer: Peer, status: number): void {
    const key = keyOf(peer);
    const { frames, bytes } = this.#counts.get(key) ?? { frames: 0, bytes: 0 };
    log.info("connection_closed", {
      ...subjectOf(peer),
      status,
      duration_ms: peer.openedAt === null ? undefined : this.#now() - peer.openedAt,
      frames,
      bytes_in: bytes,
      is_counted_whole: this.#sinceOpened.has(key),
    });
    this.#counts.delete(key);
    this.#sinceOpened.delete(key);
  }
}

function subjectOf(peer: Peer): { role: string; track: string | undefined; encoding: string } {
  return { role: peer.role, track: trackOf(peer) ?? undefined, encoding: peer.encoding };
}
