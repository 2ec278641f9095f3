/**
 * When a track's first sample was taken, by the wall clock: what the first kept chunk says of it, unless its client's clock can't
 * be right. Pure. Decided once (E4): what another connection or another clock says later moves nothing.
 */
import { chunkMs } from "../../../schemas/wire/audio.ts";
import { limits } from "../../../schemas/limits.ts";
import { otherUnitOf } from "../../../schemas/wire/timestamp-doubt.ts";

/** A row of `track_origins`. */
export interface OriginRow {
  /** ms since 1970. */
  readonly origin_ms: number;
  /** `room`: from when the first chunk came, since its client's clock was too far from the room's. */
  readonly source: "client" | "room";
  /** What the first chunk's client said, whether it was heeded or not. */
  readonly client_ms: number;
}

/** A chunk as it came. */
export interface Arrival {
  readonly seq: number;
  /** The client's wall clock when it was taken. */
  readonly timestamp_ms: number;
  /** The room's, when it came. */
  readonly receivedAt: number;
}

/** One clock that runs on says the same origin with each chunk, but for the pace of its crystal and the network. */
const sameClockMs = 2_000;

/**
 * @param arrival the track's first kept chunk, whichever second that is.
 * @param others the rows of the tracks before it. A clock that is as wrong as one of theirs is the same clock, or was set by the
 *   same hand, as where a recording of last week is delivered: it is put right by as much as theirs was. One that does not count in
 *   ms is no clock: from it nobody knows how much later one track began than the other.
 */
export function firstOrigin(arrival: Arrival, others: readonly OriginRow[]): OriginRow {
  const [client_ms, room] = [originByClient(arrival), originByRoom(arrival)];
  const error = client_ms - room;
  if (Math.abs(error) <= limits.maxOriginSkewMs) return { origin_ms: client_ms, source: "client", client_ms };
  if (otherUnitOf(arrival.timestamp_ms, arrival.receivedAt)) return { origin_ms: room, source: "room", client_ms };
  const errors = others.flatMap((row) => (isClock(row) ? [row.client_ms - row.origin_ms] : []));
  const [nearest = error] = errors.sort((a, b) => Math.abs(a - error) - Math.abs(b - error));
  const isSameClock = Math.abs(nearest - error) <= limits.maxOriginSkewMs;
  return { origin_ms: isSameClock ? client_ms - nearest : room, source: "room", client_ms };
}

/** Whether another track's row tells by how much a clock is wrong. */
function isClock({ source, client_ms, origin_ms }: OriginRow): boolean {
  return source === "room" && otherUnitOf(client_ms, origin_ms) === undefined;
}

/**
 * A client that delivers what it kept while it was away looks like one whose clock is slow, until it has caught up: then the
 * clock that it had all the time turns out to be right.
 * @returns the better row; undefined where the chunk shows no such thing.
 */
export function caughtUpOrigin(row: OriginRow, arrival: Arrival): OriginRow | undefined {
  if (row.source === "client" || row.client_ms > row.origin_ms) return undefined;
  const client = originByClient(arrival);
  const isSameClock = Math.abs(client - row.client_ms) <= sameClockMs;
  const isRight = Math.abs(client - originByRoom(arrival)) <= limits.maxOriginSkewMs;
  return isSameClock && isRight ? { ...row, origin_ms: row.client_ms, source: "client" } : undefined;
}

function originByClient({ seq, timestamp_ms }: Arrival): number {
  return Math.round(timestamp_ms) - (seq - 1) * chunkMs;
}

/** A chunk can be sent once its last sample was taken. */
function originByRoom({ seq, receivedAt }: Arrival): number {
  return receivedAt - seq * chunkMs;
}
