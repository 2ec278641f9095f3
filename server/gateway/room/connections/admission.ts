/** Whether a room takes a connection: the session's status, what of it is replayed, how many there are, who has to wait. */
import type { DeploymentLimits } from "../../../../schemas/limits.ts";
import { limits } from "../../../../schemas/limits.ts";
import type { ErrorMessage } from "../../../../schemas/wire/messages.ts";
import type { Connections } from "./connections.ts";
import type { Floods } from "./floods.ts";
import { newTrackRefusal } from "../take-track.ts";
import { oneOfSixteen, placesLeft } from "../../../shared/limits/shares.ts";
import { errorMessage, sessionDeleted, sessionFinalized } from "../refusals.ts";
import type { Peer } from "./peer.ts";
import type { Room } from "../room.ts";
import type { SocketRequest } from "../socket-request.ts";

/** When a connection that was one too many should come back. */
const connectionRetryMs = 5_000;

export interface AdmissionDeps {
  readonly floods: Floods;
  readonly connections: Pick<Connections, "count">;
  readonly now: () => number;
}

type Asked<Role extends SocketRequest["role"]> = Extract<SocketRequest, { role: Role }>;

/** A connection that wants to stream. It opens no track: its first frame does (W6). @returns why it is not taken. */
export function admitCapture(deps: AdmissionDeps, room: Room, asked: Asked<"capture">): ErrorMessage | undefined {
  const { track = null, tracks = null, subject } = asked;
  if (!room.core.status.isOpen) return errorMessage(room.core.status.isGone ? sessionDeleted : sessionFinalized);
  const tooMany = coolingDown(deps, subject, track) ?? full(deps, room.limits, "capture", subject);
  if (tooMany) return tooMany;
  const refusal = track === null ? undefined : newTrackRefusal(room.ingest, { subject, tracks }, track);
  return refusal && errorMessage(refusal);
}

/** @param room undefined for a session never opened. */
export function admitWatcher(
  deps: AdmissionDeps,
  room: Room | undefined,
  { subject, after }: Asked<"watch">,
): ErrorMessage | undefined {
  if (!room) return errorMessage({ code: "session_not_found", detail: "No session with this id was ever opened." });
  if (room.core.status.isGone) return errorMessage(sessionDeleted);
  const tooMany = coolingDown(deps, subject, null) ?? full(deps, room.limits, "watch", subject);
  if (tooMany) return tooMany;
  if (after > room.core.events.count) {
    const detail = `The log has ${room.core.events.count} events: what you have is of another one. Begin anew, without after.`;
    return errorMessage({ code: "log_shorter", detail });
  }
  if (room.core.events.count - after > limits.maxReplayEvents) {
    const detail = `At most ${limits.maxReplayEvents} events are replayed here: read GET …/events first, then watch from there.`;
    return errorMessage({ code: "replay_too_long", detail });
  }
  return undefined;
}

function coolingDown({ floods, now }: AdmissionDeps, subject: string, track: string | null): ErrorMessage | undefined {
  const retryAfterMs = floods.cooldownMs({ subject, track }, now());
  const detail = "Your last connection here was closed for what it sent. Wait, and go on.";
  return retryAfterMs > 0 ? errorMessage({ code: "rate_limited", detail, retryAfterMs }) : undefined;
}

function full(
  { connections }: AdmissionDeps,
  { maxConnectionsPerSession, maxWatchersPerSession }: DeploymentLimits,
  role: Peer["role"],
  subject: string,
): ErrorMessage | undefined {
  const max = role === "capture" ? maxConnectionsPerSession : maxWatchersPerSession;
  const places = connections.count(role, subject);
  if (placesLeft({ subject, max, ...places, keptForKeys: oneOfSixteen }) > 0) return undefined;
  const what = `connections that ${role === "capture" ? "stream" : "watch"}`;
  const detail =
    places.taken < max && places.own > 0
      ? `You have ${places.own} ${what}: the session's other places are for others. Close one first.`
      : `A session has at most ${max} ${what} at a time.`;
  return errorMessage({ code: "rate_limited", detail, retryAfterMs: connectionRetryMs });
}
