/** A meeting that is read in slices is the one that is read at once, however the slices lie and whatever comes meanwhile. */
import { expect, test } from "vitest";
import type { EventBody } from "../../../schemas/speech/events.ts";
import type { SliceAsk } from "../../../server/gateway/events/event-slice.ts";
import { type LogRoom, pageText } from "../../../server/gateway/http/log-reader.ts";
import { randomFrom, seed } from "../support/random.ts";
import { names, openLog, randomEvent, slicedText, SlicedRoom, wholeText } from "./support/sliced-room.ts";

test("[R13] every export read in slices is the one of the whole log as it was at the first look", async () => {
  const random = randomFrom(seed);
  for (let round = 0; round < 60; round += 1) {
    const events = openLog();
    const length = random(60);
    for (let n = 0; n < length; n += 1) events.append(randomEvent(random, n));
    const log = events.all();
    for (const name of names) {
      const track = [undefined, "mic"][random(2)];
      const rows = 1 + random(12);
      const maxHeldBytes = random(3) * 130;
      const room = new SlicedRoom(events, () => rows);
      room.beforeSlice = () => events.append(randomEvent(random, events.count));
      const what = `seed ${seed}, round ${round}: ${JSON.stringify({ name, track, rows, maxHeldBytes, length })}`;
      const upTo = events.all();
      const sliced = await slicedText(name, room, { track, maxHeldBytes });
      expect(sliced, `read in slices, ${what}`).toBe(wholeText(name, upTo, track));
    }
    expect(log.length, `seed ${seed}`).toBe(length);
  }
});

test("[R13] slices cut at every boundary give the same", async () => {
  const random = randomFrom(seed + 1);
  const events = openLog();
  for (let n = 0; n < 40; n += 1) events.append(randomEvent(random, n));
  for (let rows = 1; rows <= 41; rows += 1) {
    for (const name of names) {
      const text = await slicedText(name, new SlicedRoom(events, () => rows), { track: undefined, maxHeldBytes: 100 });
      expect(text, `seed ${seed}, ${rows} rows of ${name}`).toBe(wholeText(name, events.all(), undefined));
    }
    const page = await pageText(new SlicedRoom(events, () => rows), 5, 17);
    expect(JSON.parse(page.ok ? page.value : "")).toEqual({
      events: events.page(5, 17),
      next_after: 22,
      has_more: true,
    });
  }
});

const longUtterance = (n: number): EventBody => ({
  type: "utterance.added",
  utterance: { utterance_id: `u${n}`, track: "mic", start_ms: n, end_ms: n, text: "w".repeat(4_000), revision: 1 },
  by: "room",
});

test("[R13] a slice ends with its characters, and with no more rows of other types looked at than it has", async () => {
  const events = openLog();
  for (let n = 0; n < 400; n += 1) events.append(longUtterance(n));
  events.append({ type: "speaker.bound", cluster_id: "c1", speaker_name: "Ada", by: "person" });
  const slice = events.slice(0, 1_000, {});
  expect(slice.text.length).toBeLessThan(131_072 + 64 * 4_300);
  expect(slice.has_more).toBe(true);
  const room = new SlicedRoom(events, () => 1_000);
  await slicedText("speakers.rttm", room, { track: undefined, maxHeldBytes: 0 });
  // The outline, and one slice: that the log is long is nothing to who reads no words.
  expect(room.calls).toBe(2);
});

test("[R13] a log that was set back while it is read is not mixed with what came before", async () => {
  const long = openLog();
  for (let n = 0; n < 20; n += 1) long.append({ type: "track.stalled", track: "mic", to_seq: n, by: "room" });
  const short = openLog();
  const call = (async (method: string, ...args: unknown[]) => {
    if (method === "meeting") return new SlicedRoom(long, () => 3).call("meeting", undefined, { gaps_from: null });
    const [after, limit, ask] = args as [number, number, SliceAsk];
    return { ok: true, value: short.slice(after, limit, ask) };
  }) as LogRoom["call"];
  await expect(slicedText("transcript.srt", { call }, { track: undefined, maxHeldBytes: 9 })).rejects.toThrow(
    "the log",
  );
});
