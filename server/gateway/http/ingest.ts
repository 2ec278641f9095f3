/** `GET /v1/audio/ws/:session_id[/:track]`, and `/:session_id` for who talks with a model: hands the socket to the room. */
import type { Context, MiddlewareHandler } from "hono";
import { mayListen, mayRead, tracksOf } from "../../shared/access/principal.ts";
import type { AppEnv } from "./app-env.ts";
import { operations } from "../../../schemas/http/operations.ts";
import { describeError, log } from "../../shared/telemetry/log.ts";
import { guardOf } from "./guards/credentials.ts";
import { isUpgrade, openSocket, refuseUpgrade } from "./sockets.ts";
import { sessionIdOf } from "./guards/parameters.ts";
import { roomOf } from "./rooms.ts";

export async function ingestRoute(c: Context<AppEnv>): Promise<Response> {
  const track = c.req.param("track");
  const tracks = tracksOf(c.var.principal);
  if (track !== undefined && tracks && !tracks.includes(track)) {
    return refuseUpgrade(c, { reason: "other_tracks", allowed: tracks });
  }
  const [may_listen, reads] = [mayListen(c.var.principal), mayRead(c.var.principal)];
  return openSocket(c, roomOf(c), { role: "capture", track, tracks, may_listen, reads });
}

const guard = guardOf(operations.ingest);

/**
 * An upgrade of `/:session_id` (SPEC Y10): another spelling of the track `mixed`. A token of role `converse`, as one without a role is,
 * has a model take part.
 */
export const conversationRoute: MiddlewareHandler<AppEnv> = async (c, next) => {
  if (!isUpgrade(c)) return next();
  let answer: Response | undefined;
  const refused = await guard(c, async () => {
    const { principal } = c.var;
    if (principal.kind === "token" && principal.role === "converse") await expectConversation(c);
    answer = await ingestRoute(c);
  });
  return refused ?? answer;
};

/** No second of the person's waits for a model, or is lost for want of one. */
async function expectConversation(c: Context<AppEnv>): Promise<void> {
  try {
    await c.env.APP?.expectConversation?.(c.var.principal.tenant, sessionIdOf(c));
  } catch (cause) {
    log.warn("participant.not_expected", { trace_id: c.var.traceId, error: describeError(cause) });
  }
}
