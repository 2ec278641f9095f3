/** What is kept of a log between two readers is never told from a log that is read from its start. */
import { expect, test } from "vitest";
import { type LogFold, LogFolds } from "../../../server/gateway/http/log-folds.ts";
import type { EventLog } from "../../../server/gateway/events/event-log.ts";
import type { RoomEvent } from "../../../schemas/speech/events.ts";
import { randomFrom, seed } from "../support/random.ts";
import { names, openLog, type Random, randomEvent, slicedText, SlicedRoom, wholeText } from "./support/sliced-room.ts";

/** Each event at a time of its own, as a log that was set back and went on otherwise has it. */
let now = 1_000;
const tick = (): number => (now += 1);

function grow(events: EventLog, random: Random, by: number): void {
  for (let n = 0; n < by; n += 1) events.append(randomEvent(random, events.count));
}

/** A log with the first events of another, and others behind them. */
function setBack(events: EventLog, to: number, random: Random): EventLog {
  const other = openLog(tick);
  for (const { event_id: _, at: _at, ...body } of events.page(0, to)) other.append(body);
  grow(other, random, random(12));
  return other;
}

test("[R15] documents read one after the other from a growing log are those of the whole log, each time", async () => {
  const random = randomFrom(seed);
  const pick = <T>(items: readonly T[]): T => items[random(items.length)] as T;
  for (let round = 0; round < 40; round += 1) {
    const folds = new LogFolds(() => now, pick([0, 2_000, 1_000_000]));
    const rooms = ["a", "b"].map(() => new SlicedRoom(openLog(tick), () => 1 + random(12)));
    for (let n = 0; n < 12; n += 1) {
      const at = random(rooms.length);
      const room = rooms[at] as SlicedRoom;
      room.beforeSlice = () => {};
      if (random(6) === 0) room.events = setBack(room.events, random(room.events.count + 1), random);
      grow(room.events, random, random(15));
      const upTo = room.events.all();
      const [name, track] = [pick(names), pick([undefined, "mic"])];
      const what = `seed ${seed}, round ${round}.${n}: ${JSON.stringify({ name, track, length: upTo.length, at })}`;
      room.beforeSlice = () => random(3) === 0 && room.events.append(randomEvent(random, room.events.count));
      const known = { room: String(at), folds };
      const text = await slicedText(name, room, { track, maxHeldBytes: 200, known });
      expect(text, `one after the other, ${what}`).toBe(wholeText(name, upTo, track));
    }
  }
});

const whole = { track: undefined, known: { room: "s", folds: new LogFolds(() => now) } };

test("[R15] a second reader has but the events read that came since, however long the log is", async () => {
  const random = randomFrom(seed);
  const room = new SlicedRoom(openLog(tick), () => 64);
  grow(room.events, random, 600);
  await slicedText("transcript.srt", room, whole);
  [room.calls, room.given] = [0, 0];
  await slicedText("transcript.txt", room, whole);
  expect([room.calls, room.given]).toEqual([1, 0]);
  grow(room.events, random, 5);
  await slicedText("transcript.vtt", room, whole);
  // The last one that was known is looked at for each of the two kinds.
  expect(room.given).toBeLessThanOrEqual(7);
  expect(room.calls).toBeLessThanOrEqual(6);
});

test("[R15] a reader whose room fails in the middle leaves nothing behind; one beside another begins its own", async () => {
  const random = randomFrom(seed + 1);
  const folds = new LogFolds(() => now);
  const ask = { track: undefined, known: { room: "s", folds } };
  const room = new SlicedRoom(openLog(tick), () => 8);
  grow(room.events, random, 100);
  await slicedText("transcript.srt", room, ask);
  grow(room.events, random, 40);
  let calls = 0;
  room.beforeSlice = () => {
    calls += 1;
    if (calls === 3) throw new Error("the session was deleted");
  };
  await expect(slicedText("transcript.srt", room, ask)).rejects.toThrow("deleted");
  room.beforeSlice = () => {};
  const texts = await Promise.all([1, 2, 3].map(() => slicedText("transcript.srt", room, ask)));
  expect(new Set([...texts, wholeText("transcript.srt", room.events.all(), undefined)]).size).toBe(1);
});

/** Counts. */
class Tally implements LogFold {
  readonly kind = "tally";
  readonly types = ["track.stalled"] as const;
  readonly each: number;
  taken = 0;

  constructor(each: number) {
    this.each = each;
  }

  take(events: readonly RoomEvent[]): void {
    this.taken += events.length;
  }

  get bytes(): number {
    return this.taken * this.each;
  }
}

test("[R15] what is kept is bounded in bytes and in age, and what was asked for last stays", async () => {
  const room = new SlicedRoom(openLog(tick), () => 100);
  for (let n = 0; n < 10; n += 1) room.events.append({ type: "track.stalled", track: "mic", to_seq: n, by: "room" });
  let at = 0;
  const folds = new LogFolds(() => at, 250);
  const place = (name: string) => ({ room: name, eventCount: 10, lastAt: room.events.rows(9, 1)[0]?.at });
  const use = async (name: string, bytes: number): Promise<number> => {
    room.given = 0;
    await folds.use(room, place(name), new Tally(bytes), async () => {});
    return room.given;
  };
  expect([await use("a", 10), await use("b", 10), await use("a", 10)]).toEqual([10, 10, 0]);
  await use("c", 10);
  expect([folds.bytes, await use("a", 10), await use("b", 10)]).toEqual([200, 0, 10]);
  await use("long", 26);
  expect(folds.bytes).toBe(200);
  at = 600_001;
  expect(await use("b", 10)).toBe(10);
  expect(folds.bytes).toBe(100);
});
