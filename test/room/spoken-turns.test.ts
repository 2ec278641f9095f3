/** Who speaks where, as the app asks for it so that no piece of captions crosses from one speaker to the next. */
import { exports } from "cloudflare:workers";
import { expect, test } from "vitest";
import type { GatewayEntrypoint } from "../../server/gateway/entry/gateway-entrypoint.ts";
import { range, speechOf } from "./support/audio.ts";
import { Client } from "./support/client.ts";
import { createSession, eventsOfType } from "./support/http.ts";
import { inference, sameSpeaker } from "./support/inference.ts";
import { newSession } from "./support/room.ts";
import { eventually } from "./support/waiting.ts";

const { GatewayEntrypoint: entry } = exports as unknown as {
  GatewayEntrypoint: Pick<GatewayEntrypoint, "turnsBetween">;
};
const turnsIn = (session_id: string, fromMs: number, toMs: number, track = "mixed"): Promise<unknown> =>
  entry.turnsBetween({ tenant: "default", session_id }, track, fromMs, toMs);

test("[Q4] the turns that lie in a stretch, how far it is resolved, and what is kept", async () => {
  const id = newSession();
  await createSession(id, { resolve: { auto: true } });
  inference(id, (request) => {
    const segments = [
      { start_ms: 0, end_ms: 1_200, cluster_id: "c1" },
      { start_ms: 1_200, end_ms: 4_000, cluster_id: "c2" },
    ];
    const clusters = segments.map(({ cluster_id }) => ({ cluster_id, centroid: [1, 0], sample_count: 1 }));
    return Response.json({ ...sameSpeaker(request), segments, updated_state: { ...request.state, clusters } });
  });
  const client = await Client.connect(id);
  await client.keepAll(range(1, 4), speechOf);
  await eventually("it is resolved", async () => (await eventsOfType(id, "speaker.resolved")).length === 2);
  const [first, second] = [
    { start_ms: 0, end_ms: 1_200, cluster_id: "c1" },
    { start_ms: 1_200, end_ms: 4_000, cluster_id: "c2" },
  ];
  const told = { last_seq: 4, is_ended: false, resolved_ms: 4_000 };
  expect(await turnsIn(id, 0, 4_000)).toMatchObject({ ok: true, value: { ...told, turns: [first, second] } });
  expect(await turnsIn(id, 1_500, 2_000)).toMatchObject({ ok: true, value: { turns: [second] } });
  expect(await turnsIn(id, 4_000, 5_000)).toMatchObject({ ok: true, value: { ...told, turns: [] } });
  client.send({ type: "end", last_seq: 4 });
  await client.nextOf("ended");
  expect(await turnsIn(id, 0, 1)).toMatchObject({ ok: true, value: { is_ended: true } });
  // A track that there is not, and a stretch that is none.
  expect(await turnsIn(id, 0, 1, "desk")).toMatchObject({ ok: true, value: { last_seq: 0, turns: [] } });
  expect(await turnsIn(id, -1, 1)).toEqual({ ok: false, error: "bad_request" });
  expect(await turnsIn(newSession(), 0, 1)).toEqual({ ok: false, error: "session_not_found" });
});
