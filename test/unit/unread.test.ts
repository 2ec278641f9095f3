/** How much of what a connection was sent its reader has not yet confirmed, whatever the order of messages, marks and confirmations. */
import { expect, test } from "vitest";
import { limits } from "../../schemas/limits.ts";
import {
  isTooMuch,
  mayGetEvents,
  nothingUnread,
  seen,
  sent,
  tellBy,
  type Unread,
  waiting,
  wantsMark,
} from "../../server/gateway/room/connections/unread.ts";

let marks = 0;

/** Sends one message. @returns what is unread then, and the mark that it bore. */
function send(unread: Unread, bytes: number): { unread: Unread; mark: string | undefined } {
  marks += 1;
  const mark = wantsMark(unread, bytes) ? `m${marks}` : undefined;
  return { unread: sent(unread, bytes, mark), mark };
}

test("[W14] a mark told takes off what was sent up to it, and only that; a guess takes off nothing", () => {
  const first = send(nothingUnread, 70_000);
  expect(first.mark).toBeDefined();
  const { unread } = send(first.unread, 1_000);
  expect(seen(unread, "guess")).toBe(unread);
  expect(seen(unread, first.mark ?? "")).toEqual({ bytes: 1_000, mark: null, afterMark: 0, waitingSince: null });
});

test("[W14] little is asked for: no mark before 64 KiB, and one at a time", () => {
  let unread = nothingUnread;
  const borne: number[] = [];
  for (let n = 1; n <= 900; n += 1) {
    const step = send(unread, 1_000);
    if (step.mark !== undefined) borne.push(n);
    ({ unread } = step);
  }
  expect(borne).toEqual([66]);
});

test("[W14] events stop where too much is unread, the last message bears a mark, and once it is told they go on", () => {
  let unread = nothingUnread;
  let last: string | undefined;
  while (mayGetEvents(unread)) {
    const step = send(unread, 400_000);
    last = step.mark ?? last;
    ({ unread } = step);
  }
  expect(unread.bytes).toBe(1_200_000);
  expect(tellBy(unread)).toBeNull();
  unread = waiting(waiting(unread, 5_000), 9_000);
  expect(tellBy(unread)).toBe(5_000 + limits.seenWithinMs);
  unread = seen(unread, last ?? "");
  expect(unread).toEqual(nothingUnread);
});

test("[W14] whatever is sent in whatever sizes, whoever tells all marks gets everything and is never too slow", () => {
  const seed = Date.now() % 1_000_000;
  let state = seed;
  const random = (below: number): number => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    return state % below;
  };
  let unread = nothingUnread;
  const told: string[] = [];
  let stuck = 0;
  for (let n = 0; n < 20_000; n += 1) {
    const isReply = random(3) === 0;
    if (isReply || mayGetEvents(unread)) {
      const step = send(unread, isReply ? 300 : 1 + random(random(20) === 0 ? 1_500_000 : 4_000));
      ({ unread } = step);
      if (step.mark !== undefined) told.push(step.mark);
      stuck = 0;
    } else {
      stuck += 1;
    }
    // Its answers come late, and in order.
    if (random(5) === 0) unread = seen(unread, told.shift() ?? "");
    expect(stuck, `seed ${seed}, step ${n}`).toBeLessThan(200);
    expect(isTooMuch(unread), `seed ${seed}, step ${n}`).toBe(false);
  }
});
