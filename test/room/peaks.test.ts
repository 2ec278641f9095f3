import { expect, test } from "vitest";
import { limits } from "../../schemas/limits.ts";
import { peaksAnswerSchema } from "../../schemas/http/peaks.ts";
import { range } from "./support/audio.ts";
import { gateway } from "./support/bindings.ts";
import { bucketFaults } from "./support/bucket-faults.ts";
import { Client } from "./support/client.ts";
import { post } from "./support/http.ts";
import { newSession, RoomUnderTest } from "./support/room.ts";

const peaks = (room: RoomUnderTest, query = "", headers: Record<string, string> = {}): Promise<Response> =>
  gateway(`/v1/sessions/${room.sessionId}/peaks${query}`, { headers });

async function kept(seqs: readonly number[]): Promise<{ room: RoomUnderTest; client: Client }> {
  const room = new RoomUnderTest(newSession());
  const client = await Client.connect(room.sessionId, { encoding: "msgpack", track: "mic" });
  await client.keepAll(seqs);
  return { room, client };
}

test("[A7] a waveform while the meeting goes on: what is in R2, and null where nothing is", async () => {
  const { room } = await kept([1, 3]);
  await room.wakeUntil("archived", async () => (await room.pending()) === 0);
  const answer = await peaks(room, "?points=3");
  expect(answer.headers.get("etag")).toBeNull();
  const { peaks: points, ...rest } = peaksAnswerSchema.parse(await answer.json());
  expect(rest).toEqual({ track: "mic", duration_ms: 3_000, ms_per_point: 1_000 });
  // Noise at full scale, and a second that never came.
  expect(points.map((point) => point !== null && point > 200)).toEqual([true, false, true]);
  expect(points[1]).toBeNull();
});

test("[A7] seconds that R2 has not taken yet are not silence", async () => {
  const room = new RoomUnderTest(newSession());
  bucketFaults(room.sessionId).failPuts();
  const client = await Client.connect(room.sessionId, { encoding: "msgpack", track: "mic" });
  await client.keepAll([1, 2]);
  const { peaks: points } = peaksAnswerSchema.parse(await (await peaks(room, "?points=2")).json());
  expect(points).toEqual([null, null]);
});

test("[A7] once the whole track is in R2 its waveform has an ETag that stays", async () => {
  const { room } = await kept(range(1, 4));
  expect((await post(room.sessionId, "finalize")).status).toBe(200);
  const answer = await peaks(room);
  const etag = answer.headers.get("etag") ?? "";
  expect(peaksAnswerSchema.parse(await answer.json()).peaks).toHaveLength(40);
  expect((await peaks(room, "", { "if-none-match": etag })).status).toBe(304);
  expect((await peaks(room, "?points=7", { "if-none-match": etag })).status).toBe(200);
});

test("[A7] [limit:maxPeaksPoints] points of a waveform", async () => {
  const { room } = await kept([1]);
  expect((await peaks(room, `?points=${limits.maxPeaksPoints}`)).status).toBe(200);
  expect((await peaks(room, `?points=${limits.maxPeaksPoints + 1}`)).status).toBe(400);
  expect((await peaks(room, "?track=other")).status).toBe(404);
});
