import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { createResultsClient } from "../../client/results/results-client.ts";
import type { RoomEvent } from "../../schemas/speech/events.ts";
import { timelineOf } from "../../schemas/speech/timeline.ts";
import { readMeetingTruth } from "../../scripts/demo/meeting-truth.ts";
import { loadAudio, secondsOf } from "../../client/testkit/sent-audio.ts";
import { streamTrack } from "../../client/testkit/track-stream.ts";
import { newSession } from "../support/gateway-http.ts";
import { useGateway } from "../support/use-gateway.ts";

const gateway = useGateway();
const sample = fileURLToPath(new URL("../../scripts/demo/sample/interview.wav", import.meta.url));

test("[R1] a meeting streamed to the gateway as it comes out of the box: its three speakers get their names, live", async () => {
  const sessionId = newSession();
  const truth = readMeetingTruth(sample.replace(".wav", ".json"));
  const client = createResultsClient({ baseUrl: gateway.url });
  await client.createSession({ session_id: sessionId, roster: truth.roster });
  const live: RoomEvent[] = [];
  const watched = (async () => {
    for await (const event of client.liveEvents(sessionId)) live.push(event);
  })();
  await client.addUtterances(
    sessionId,
    truth.turns.map(({ start_ms, end_ms, text }, i) => ({ utterance_id: `u${i}`, start_ms, end_ms, text })),
  );
  await streamTrack({
    baseWs: new URL(`${gateway.wsUrl}/`),
    sessionId,
    track: "mixed",
    encoding: "msgpack",
    ...secondsOf(await loadAudio(sample, undefined)),
    clientId: "test",
  });
  await client.finalize(sessionId);
  await watched;
  const result = await client.result(sessionId);
  expect(live).toEqual(result.events);
  expect(Object.values(result.state.bindings).toSorted()).toEqual(["Alice", "Bob", "Callum"]);
  // Of what was said, most is said to be said by who said it.
  const turns = timelineOf(live);
  const right = truth.turns.reduce((sum, { speaker, start_ms, end_ms }) => {
    const heard = turns.filter(({ speaker_name }) => speaker_name === speaker);
    return sum + heard.reduce((ms, turn) => ms + overlap(turn, { start_ms, end_ms }), 0);
  }, 0);
  const spoken = truth.turns.reduce((sum, { start_ms, end_ms }) => sum + end_ms - start_ms, 0);
  expect(right / spoken).toBeGreaterThan(0.85);
});

type Span = { readonly start_ms: number; readonly end_ms: number };
function overlap(a: Span, b: Span): number {
  return Math.max(0, Math.min(a.end_ms, b.end_ms) - Math.max(a.start_ms, b.start_ms));
}
