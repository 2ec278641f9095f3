/** Tracks that go silent without an `end`. */
import { expect, test } from "vitest";
import type { WebhookPayload } from "../../schemas/webhooks.ts";
import { range } from "./support/audio.ts";
import { Client } from "./support/client.ts";
import { clock } from "./support/clock.ts";
import { createSession, eventsOfType } from "./support/http.ts";
import { hookUrl, receiver, verified } from "./support/receiver.ts";
import { newSession, RoomUnderTest } from "./support/room.ts";
import { setVariables } from "./support/variables.ts";
import { finalize } from "./support/webhooks.ts";

const stalledOf = async ({ sessionId }: RoomUnderTest): Promise<(number | undefined)[]> =>
  (await eventsOfType(sessionId, "track.stalled")).map(({ to_seq }) => to_seq);

async function openStalling(): Promise<RoomUnderTest> {
  const room = new RoomUnderTest(newSession());
  setVariables(room.sessionId, { TRACK_STALLED_AFTER_MS: "60000" });
  await createSession(room.sessionId, { webhook_url: hookUrl(room.sessionId) });
  return room;
}

/** Runs the alarms of the next `ms`. */
async function live(room: RoomUnderTest, ms: number): Promise<void> {
  const until = clock.now() + ms;
  for (let at = await room.alarmAt(); at !== null && at <= until; at = await room.alarmAt()) await room.wake();
  clock.advanceTo(until);
}

test("[D7] a track that goes silent has stalled, once; and again after its audio came back", async () => {
  const room = await openStalling();
  const payloads: WebhookPayload[] = [];
  receiver(room.sessionId, (received) => {
    payloads.push(verified(received));
    return new Response(null, { status: 204 });
  });
  const client = await Client.connect(room.sessionId);
  await client.keepAll([1, 2]);
  await live(room, 40_000);
  await client.keep(3);
  await live(room, 59_000);
  expect(await stalledOf(room)).toEqual([]);
  await live(room, 1_000);
  expect(await stalledOf(room)).toEqual([3]);
  await room.evict();
  await live(room, 600_000);
  expect(await stalledOf(room)).toEqual([3]);
  await client.keep(4);
  await live(room, 61_000);
  expect(await stalledOf(room)).toEqual([3, 4]);
  expect(payloads).toMatchObject([
    { type: "track.stalled", data: { event: { track: "mixed", to_seq: 3, by: "room" } } },
    { type: "track.stalled", data: { event: { to_seq: 4 } } },
  ]);
});

test("[D7] killed meanwhile: still noticed; a track that never got a chunk stalls too", async () => {
  const room = await openStalling();
  receiver(room.sessionId);
  const client = await Client.connect(room.sessionId, { track: "mic" });
  await client.hello();
  await room.kill();
  await live(room, 61_000);
  expect(await stalledOf(room)).toEqual([0]);
});

test("[D7] an ended track and a finalized session do not stall", async () => {
  const room = await openStalling();
  receiver(room.sessionId);
  const client = await Client.connect(room.sessionId);
  await client.keep(1);
  client.send({ type: "end", last_seq: 1 });
  await client.nextOf("ended");
  const other = await Client.connect(room.sessionId, { track: "mic" });
  await other.keep(1);
  await live(room, 30_000);
  await finalize(room);
  await live(room, 600_000);
  expect(await stalledOf(room)).toEqual([]);
});

test("[D7] no row is written for it while audio comes", async () => {
  const room = await openStalling();
  const client = await Client.connect(room.sessionId);
  await client.keep(1);
  const due = async (): Promise<unknown> => room.rows("SELECT due_at FROM jobs WHERE name = 'stalls'");
  const before = await due();
  for (const seq of range(2, 6)) {
    clock.advance(1_000);
    await client.keep(seq);
  }
  expect(await due()).toEqual(before);
});
