/** Where a track begins by the wall clock, out of what its chunks say. */
import { describe, expect, test } from "vitest";
import { limits } from "../../schemas/limits.ts";
import { caughtUpOrigin, firstOrigin, type OriginRow } from "../../server/gateway/tracks/origin-plan.ts";

const noon = 1_790_000_000_000;
const hour = 3_600_000;
/** A chunk that comes as soon as its second is over, `late` ms later, from a clock that is wrong by `error`. */
const chunk = (seq: number, origin: number, { error = 0, late = 0 } = {}) => ({
  seq,
  timestamp_ms: origin + (seq - 1) * 1_000 + error,
  receivedAt: origin + seq * 1_000 + late,
});
const first = (...given: Parameters<typeof chunk>): OriginRow => firstOrigin(chunk(...given), []);

describe("[E4] the first kept chunk", () => {
  test.each([
    ["of a track's start", chunk(1, noon), noon, "client"],
    ["of a track that starts at seq 31", chunk(31, noon), noon, "client"],
    ["from a clock that is a minute fast", chunk(1, noon, { error: 60_000 }), noon + 60_000, "client"],
    ["that waited for a minute", chunk(1, noon, { late: 60_000 }), noon, "client"],
    ["from a clock that is hours fast", chunk(1, noon, { error: 5 * hour, late: 40 }), noon + 40, "room"],
    ["from a clock that is hours slow", chunk(31, noon, { error: -5 * hour, late: 40 }), noon + 40, "room"],
    [
      "from a clock that counts from the page's load",
      { seq: 1, timestamp_ms: 12.5, receivedAt: noon },
      noon - 1_000,
      "room",
    ],
    ["with the highest time there is", { seq: 1, timestamp_ms: 8.64e15, receivedAt: noon }, noon - 1_000, "room"],
    ["with parts of a millisecond", { seq: 2, timestamp_ms: noon + 0.4, receivedAt: noon }, noon - 1_000, "client"],
  ])("%s", (_, arrival, origin_ms, source) => {
    expect(firstOrigin(arrival, [])).toMatchObject({ origin_ms, source });
  });

  test("[E4] [limit:maxOriginSkewMs] from a clock that is off by ten minutes, and by a millisecond more", () => {
    for (const error of [limits.maxOriginSkewMs, -limits.maxOriginSkewMs]) {
      expect(first(1, noon, { error }).source).toBe("client");
      expect(first(1, noon, { error: error + Math.sign(error) }).source).toBe("room");
    }
  });

  test("from a clock that is as wrong as another track's is put right by as much", () => {
    const one = first(1, noon, { error: -30 * 24 * hour });
    // Delivered at once, thirty seconds of the recording later.
    const other = { ...chunk(1, noon + 30_000, { error: -30 * 24 * hour }), receivedAt: noon + 1_200 };
    expect(firstOrigin(other, [one])).toMatchObject({ origin_ms: noon + 30_000, source: "room" });
    expect(firstOrigin(chunk(1, noon, { error: 2 * hour }), [one])).toMatchObject({ origin_ms: noon, source: "room" });
  });
});

test.each([
  ["seconds", 1 / 1_000],
  ["microseconds", 1_000],
])(
  "[W18] of two tracks whose clock counts %s, each begins when it came, with as much between them as there was",
  (_, factor) => {
    const came = (origin: number, seq: number) => ({
      ...chunk(seq, origin),
      timestamp_ms: (origin + (seq - 1) * 1_000) * factor,
    });
    const one = firstOrigin(came(noon, 31), []);
    const other = firstOrigin(came(noon + 200_000, 1), [one]);
    expect([one, other]).toMatchObject([
      { origin_ms: noon, source: "room" },
      { origin_ms: noon + 200_000, source: "room" },
    ]);
    // A clock that is wrong by chance as much as those are is put right by nothing.
    const wrong = chunk(1, noon + 300_000, { error: one.client_ms - one.origin_ms });
    expect(firstOrigin(wrong, [one])).toMatchObject({ origin_ms: noon + 300_000, source: "room" });
  },
);

describe("[E4] a later chunk", () => {
  test("of a client that caught up shows that its clock was right all the time", () => {
    const row = first(1, noon, { late: 2 * hour });
    expect(row).toMatchObject({ origin_ms: noon + 2 * hour, source: "room" });
    expect(caughtUpOrigin(row, chunk(600, noon, { late: hour }))).toBeUndefined();
    expect(caughtUpOrigin(row, chunk(7_300, noon, { late: 300 }))).toMatchObject({ origin_ms: noon, source: "client" });
  });

  test.each([
    ["of a clock that stays slow", { error: -2 * hour }],
    ["of another clock, which is right", {}],
    ["of another clock, which is wrong too", { error: -hour }],
    ["of a clock that was turned back", { error: -26 * hour }],
  ])("%s moves nothing", (_, given) => {
    const row = first(1, noon, { error: -2 * hour });
    expect(caughtUpOrigin(row, chunk(900, noon, given))).toBeUndefined();
  });

  test("moves no origin that the first chunk's clock gave, and none that was too late", () => {
    expect(caughtUpOrigin(first(1, noon), chunk(2, noon, { error: hour }))).toBeUndefined();
    const fast = first(1, noon, { error: 2 * hour });
    expect(caughtUpOrigin(fast, chunk(2, noon, { error: 2 * hour, late: 2 * hour }))).toBeUndefined();
  });
});
