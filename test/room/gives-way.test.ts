/** Whoever asks a room again gives way first: between two calls that are answered at once, what waits for the thread has its turn. */
import { expect, test } from "vitest";
import { reachRoom } from "../../server/gateway/http/rooms.ts";
import { inTurnWithIngest } from "../../server/gateway/speakers/rush.ts";

test("[R13] between two looks of one request at a room, others of the thread have their turn", async () => {
  const course: string[] = [];
  const stub = {
    call: async () => {
      course.push("asked");
      setTimeout(() => course.push("others"), 0);
      return { answer: true };
    },
  };
  const rooms = { getByName: () => stub } as unknown as DurableObjectNamespace;
  const room = reachRoom(rooms, "t", "s", "0".repeat(32));
  for (let n = 0; n < 3; n += 1) await room.call("exists");
  expect(course).toEqual(["asked", "others", "asked", "others", "asked"]);
});

test("[K7] between two windows that are resolved within the process, others of the thread have their turn", async () => {
  const course: string[] = [];
  const tracks = { rows: () => [] };
  for (let n = 0; n < 3; n += 1) {
    await inTurnWithIngest(tracks, async () => {
      course.push("resolved");
      setTimeout(() => course.push("others"), 0);
    });
  }
  expect(course).toEqual(["resolved", "others", "resolved", "others", "resolved", "others"]);
});
