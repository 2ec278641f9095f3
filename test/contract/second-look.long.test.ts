/** The second look at who speaks, by the service that comes with the gateway: nothing of it is made up here. */
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { createResultsClient } from "../../client/results/results-client.ts";
import { loadAudio, secondsOf } from "../../client/testkit/sent-audio.ts";
import { streamTrack } from "../../client/testkit/track-stream.ts";
import { newSession } from "../support/gateway-http.ts";
import { useGateway } from "../support/use-gateway.ts";

const gateway = useGateway({ env: { RESOLVE_REVIEW: "on" } });
const sample = fileURLToPath(new URL("../../scripts/demo/sample/interview.wav", import.meta.url));
/** Of the sample: its three people speak in them. */
const seconds = 30;

test("[R16] [R17] [R18] a meeting is looked at again by itself, and who had a name keeps it", async () => {
  const sessionId = newSession();
  const client = createResultsClient({ baseUrl: gateway.url });
  await client.createSession({ session_id: sessionId });
  const { chunks } = await loadAudio(sample, undefined);
  await streamTrack({
    baseWs: new URL(`${gateway.wsUrl}/`),
    sessionId,
    track: "mixed",
    encoding: "msgpack",
    ...secondsOf({ chunks: chunks.slice(0, seconds), paddingSamples: 0 }),
    clientId: "test",
  });
  await client.finalize(sessionId);
  const first = await client.result(sessionId, { version: 1 });
  const [someone] = first.timeline;
  await client.bindSpeaker(sessionId, someone?.cluster_id ?? "", "Alice");
  await expect
    .poll(async () => (await client.state(sessionId)).reviews?.[0]?.status, { timeout: 120_000 })
    .toBe("done");
  await expect.poll(async () => (await client.state(sessionId)).result?.is_pending, { timeout: 60_000 }).toBe(false);
  const second = await client.result(sessionId);
  expect(second.version).toBeGreaterThan(1);
  expect(second.events.filter(({ type }) => type === "resolve.reviewed")).toHaveLength(1);
  expect(new Set(second.timeline.map(({ cluster_id }) => cluster_id)).size).toBe(3);
  expect(second.timeline.some(({ speaker_name }) => speaker_name === "Alice")).toBe(true);
  // The first can be had as it was.
  expect(await client.result(sessionId, { version: 1 })).toEqual(first);
}, 240_000);
