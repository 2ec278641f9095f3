/** `GET /v1/audio/ws/:session_id[/:track]`: hands the socket to the room. */
import type { Context } from "hono";
import { mayListen, mayRead, tracksOf } from "../../shared/access/principal.ts";
import type { AppEnv } from "./app-env.ts";
import { openSocket, refuseUpgrade } from "./sockets.ts";
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
