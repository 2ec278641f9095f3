/** `GET /v1/audio/ws/:session_id[/:track]`: checks what HTTP can check, then hands the socket to the room. */
import type { Context } from "hono";
import { trackNameSchema } from "../../schemas/names.ts";
import type { AppEnv } from "./app-env.ts";
import { sessionIdOf } from "./parameters.ts";
import { problem } from "./problem.ts";
import { openSocket } from "./room-socket.ts";
import { roomOf } from "./rooms.ts";

export async function ingestRoute(c: Context<AppEnv>): Promise<Response> {
  const sessionId = sessionIdOf(c);
  if (!sessionId.ok) return sessionId.error;
  const track = trackNameSchema.optional().safeParse(c.req.param("track"));
  if (!track.success)
    return problem(
      c,
      "invalid_track",
      "A track is a-z, 0-9, _ and -, at most 32 characters, starting with a letter or digit.",
    );
  return openSocket(c, roomOf(c.env, sessionId.value), (encoding) => ({
    role: "capture",
    encoding,
    track: track.data,
  }));
}
