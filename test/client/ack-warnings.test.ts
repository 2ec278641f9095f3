/** The room keeps a second and warns of it (SPEC W18): who captures hears of it, once for each kind, and the second counts. */
import { expect, test } from "vitest";
import type { CaptureEvents } from "../../client/capture/capture-types.ts";
import { useFakeMeeting } from "./support/fake-meeting.ts";
import { ackMessage, readyMessage } from "./support/fake-room.ts";
import { samplesOf } from "./support/meeting.ts";

const sessionId = "meeting";
const { startRoom, start } = useFakeMeeting(sessionId);

const seconds = { code: "doubtful_timestamp", detail: "timestamp_ms looks like seconds; send milliseconds." };
const later = { code: "of_a_later_gateway", detail: "Something else." };
const warnings: Readonly<Record<number, unknown>> = {
  2: seconds,
  3: seconds,
  4: later,
  5: "no object",
  6: { code: 7 },
};

test("[W18] each kind of warning is told once with its first second, over reconnects too, and every second is kept", async () => {
  const room = await startRoom((peer, frame) => {
    if (frame.type === "hello") peer.say(readyMessage(sessionId, peer.connection === 1 ? 0 : 6));
    if (frame.type === "chunk") {
      const warning = frame.seq === 7 ? seconds : warnings[frame.seq ?? 0];
      peer.say({ ...ackMessage(frame), ...(warning === undefined ? {} : { warning }) });
      if (frame.seq === 6 && peer.connection === 1) peer.close(1012, "restart");
    }
  });
  const [capture, listener] = await start(room);
  const told: CaptureEvents["warning"][] = [];
  capture.on("warning", (warning) => told.push(warning));
  expect(await capture.write(samplesOf(1, 6))).toBe(true);
  await listener.next("acked", 6);
  await listener.next("connected", 2);
  expect(await capture.write(samplesOf(7, 7))).toBe(true);
  await listener.next("acked", 7);
  expect(told).toEqual([
    { ...seconds, seq: 2 },
    { ...later, seq: 4 },
  ]);
  expect(capture.lagSeconds).toBe(0);
});

test("[W18] a gateway that makes up codes is not listened to without end", async () => {
  const room = await startRoom((peer, frame) => {
    if (frame.type === "hello") peer.say(readyMessage(sessionId));
    if (frame.type === "chunk") peer.say({ ...ackMessage(frame), warning: { code: `c${frame.seq}`, detail: "No." } });
  });
  const [capture, listener] = await start(room);
  let told = 0;
  capture.on("warning", () => (told += 1));
  expect(await capture.write(samplesOf(1, 40))).toBe(true);
  await listener.next("acked", 40);
  expect(told).toBe(32);
});
