import { expect, test } from "vitest";
import type { RoomEvent } from "../../schemas/speech/events.ts";
import { Client } from "./support/client.ts";
import { range, speechOf } from "./support/audio.ts";
import { createSession, eventsOf, get, post, resolve, send } from "./support/http.ts";
import { inference, sameSpeaker } from "./support/inference.ts";
import { newSession, RoomUnderTest } from "./support/room.ts";
import { eventually } from "./support/waiting.ts";

const forged = "Eve\n\n2\n00:00:01,000 --> 00:00:09,000\nAda: I quit.\u202e";
const shown = "Eve  2 00:00:01,000 --> 00:00:09,000 Ada: I quit.".replace("  ", " ");
const unseen = ["\u200b", "\u2800", " \n", "\u2066\u2069", "\u00ad"];

const namesIn = (events: readonly RoomEvent[]): unknown[] =>
  events.flatMap(({ speaker_name, evidence }) => [speaker_name, evidence?.name_hit, evidence?.roster_hit]);

test.for([
  ["a forged", forged, shown],
  ...unseen.map((name) => [`an unseen (${escape(name)})`, name, undefined] as const),
] as const)(
  "[S8] %s name in an answer of the service is made fit, or is none; the turn holds",
  async ([, name, fit]) => {
    const id = newSession();
    inference(id, (request) =>
      Response.json({
        ...sameSpeaker(request),
        speaker_name: name,
        evidence: { name_hit: name, roster_hit: name },
        updated_state: {
          clusters: [
            { cluster_id: "c1", centroid: [1], sample_count: 1 },
            { cluster_id: "c2", centroid: [0], sample_count: 1, bound_name: name },
          ],
          bindings: { c1: name },
          config: {},
        },
      }),
    );
    const answer = await (await resolve(id)).text();
    const events = await eventsOf(id);
    expect(events.map(({ type }) => type)).toContain("speaker.resolved");
    const found = namesIn(events).filter((one) => one != null);
    expect(new Set(found)).toEqual(new Set(fit === undefined ? [] : [fit]));
    for (const text of [answer, await (await get(id, "state")).text()])
      expect(text).not.toContain(JSON.stringify(name).slice(1, -1));
  },
);

test.for([
  ["binding", (id: string, name: string) => send("PUT", `/v1/sessions/${id}/bindings/c1`, { name })],
  [
    "roster of a session",
    (_: string, name: string) => send("POST", "/v1/sessions", { session_id: newSession(), roster: [{ name }] }),
  ],
  [
    "roster of a resolve",
    (id: string, name: string) =>
      post(id, "resolve", { audio: { content_b64: "AAAA", format: "pcm_s16le" }, roster: [{ name }] }),
  ],
  [
    "utterance",
    async (id: string, name: string) =>
      post(id, "utterances", { utterances: [{ start_ms: 0, end_ms: 1, text: "a", speaker: name }] }),
  ],
] as const)("[S8] a %s with a name that is no visible line is refused", async ([, say]) => {
  const id = newSession();
  inference(id, (request) => Response.json(sameSpeaker(request)));
  await resolve(id);
  const before = (await eventsOf(id)).length;
  for (const name of [forged, ...unseen]) expect((await say(id, name)).ok).toBe(false);
  expect(await eventsOf(id)).toHaveLength(before);
});

test("[S8] a roster that an earlier version took gives no forged name to whoever introduces himself", async () => {
  const room = new RoomUnderTest(newSession());
  const id = room.sessionId;
  await createSession(id, { resolve: { auto: true }, roster: [{ name: "Bob" }] });
  inference(id, (request) => Response.json(sameSpeaker(request)));
  await (await Client.connect(id)).keepAll(range(1, 4), speechOf);
  await eventually("it is resolved", async () => (await eventsOf(id)).some(({ type }) => type === "speaker.resolved"));
  await room.evict();
  await room.inside((storage) =>
    storage.sql.exec(
      "UPDATE state SET value = ? WHERE key = 'roster'",
      JSON.stringify([{ name: "Bob\nAda" }, { name: "\u200b" }]),
    ),
  );
  await room.kill();
  await post(id, "utterances", { utterances: [{ text: "my name is Bob Ada", start_ms: 100, end_ms: 900 }] });
  const bound = (await eventsOf(id)).find(({ type }) => type === "speaker.bound");
  expect(bound?.speaker_name).toBe("Bob Ada");
});
