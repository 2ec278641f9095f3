/** How far captions are, where whoever makes them does not know of a track yet. */
import { env } from "cloudflare:workers";
import { expect, test } from "vitest";
import type { Env as AppEnv } from "../../server/app/env.ts";
import { roomName } from "../../schemas/names.ts";
import { newSession } from "./support/room.ts";

test("[Q1] a kept track that the captions know nothing of is at its beginning, and does not pass for one that is said", async () => {
  const session = { tenant: "default", session_id: newSession() };
  const captioner = (env as unknown as AppEnv).CAPTIONER.getByName(roomName(session.tenant, session.session_id));
  const { tracks } = await captioner.progress(session, ["mic", "room"]);
  expect(tracks).toEqual([
    { track: "mic", ms: 0 },
    { track: "room", ms: 0 },
  ]);
});
