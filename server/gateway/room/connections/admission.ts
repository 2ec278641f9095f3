/** Whether a room takes a connection: the session's status, what of it is replayed, how many there are, who has to wait. */
import type { DeploymentLimits } from "../../../../schemas/limits.ts";
import { limits } from "../../../../schemas/limits.ts";
import type { ErrorMessage } from "../../../../schemas/wire/messages.ts";
import type { Connections } from "./connections.ts";
import type { Floods } from "./floods.ts";
import { openTrack } from "../take-track.ts";
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

/** Opens the track for a connection that streams. @returns why not, where it is not to be had. */
export function admitCapture(deps: AdmissionDeps, room: Room, asked: Asked<"capture">): ErrorMessage | undefined {
  const { track = null } = asked;
  if (!room.core.status.isOpen) return errorMessage(room.core.status.isGone ? sessionDeleted : sessionFinalized);
  const tooMany = coolingDown(deps, asked.subject, track) ?? full(deps, room.limits, "capture");
  if (tooMany) return tooMany;
  const refusal = track === null ? undefined : openTrack(room.ingest, track);
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
  if (room.core.events.count - after > limits.maxReplayEvents) {
    const detail = `At most ${limits.maxReplayEvents} events are replayed here: read GET …/events first, then watch from there.`;
    return errorMessage({ code: "replay_too_long", detail });
  }
  return coolingDown(deps, subject, null) ?? full(deps, room.limits, "watch");
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
): ErrorMessage | undefined {
  const most = role === "capture" ? maxConnectionsPerSession : maxWatchersPerSession;
  if (connections.count(role) < most) return undefined;
  const detail = `A session has at most ${most} connections that ${role === "capture" ? "stream" : "watch"} at a time.`;
  return errorMessage({ code: "rate_limited", detail, retryAfterMs: connectionRetryMs });
}
