import { afterEach, expect, test, vi } from "vitest";
import type { RoomEvent } from "../../../schemas/speech/events.ts";
import { Dispatcher, type Follower } from "../../../server/gateway/room/connections/dispatcher.ts";
import type { EventLog } from "../../../server/gateway/events/event-log.ts";
import { range } from "../support/range.ts";

afterEach(() => vi.useRealTimers());

test("[R13] a hundred who come late, each at another place, are served in turn, a few places of the log at a time", () => {
  vi.useFakeTimers();
  const log = range(1, 1_000).map((event_id) => ({ event_id, type: "track.opened" }) as RoomEvent);
  let reads = 0;
  const page = (after: number, max: number): RoomEvent[] => {
    reads += 1;
    return log.slice(after, after + max);
  };
  const heard = range(0, 99).map(() => [] as number[]);
  const followers = heard.map((ids, n) => {
    const follower: Omit<Follower, "feed"> & { feed: Follower["feed"] } = {
      role: "watch",
      feed: { topics: null, after: n * 3 },
      setFeed: (feed) => void (follower.feed = feed),
      offer: (message) => {
        if (message.type === "event") ids.push(message.event.event_id);
        return true;
      },
      wait: () => undefined,
      close: () => {},
    };
    return follower;
  });
  const dispatcher = new Dispatcher({
    events: { page, count: log.length } as unknown as EventLog,
    followers: () => followers,
    isOver: () => false,
    onWaiting: () => {},
    onFailure: (cause) => {
      throw cause;
    },
  });
  dispatcher.schedule();
  const turn = (): void => {
    const before = reads;
    vi.advanceTimersToNextTimer();
    expect(reads - before).toBeLessThanOrEqual(4);
  };
  for (let turns = 0; turns < 25; turns += 1) turn();
  // Nobody waits until another is done.
  expect(heard.map((ids) => ids.length > 0)).not.toContain(false);
  while (vi.getTimerCount() > 0) turn();
  for (const [n, ids] of heard.entries()) expect(ids).toEqual(range(n * 3 + 1, 1_000));
});
