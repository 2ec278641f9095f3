import { expect, test } from "vitest";
import { limits } from "../../schemas/limits.ts";
import { timestampDoubt } from "../../schemas/wire/timestamp-doubt.ts";

const now = 1_790_000_000_000;
const doubt = (timestampMs: number): string | undefined => timestampDoubt(timestampMs, now, limits.maxOriginSkewMs);

test.each([
  ["the present", now],
  ["the present with parts of a millisecond", now - 1_000.25],
  ["what waited for a week", now - 7 * 86_400_000],
  ["a recording of 2004", Date.UTC(2004, 1)],
  ["a clock that is ten minutes fast", now + limits.maxOriginSkewMs],
])("[W18] of %s nothing is said", (_, timestampMs) => {
  expect(doubt(timestampMs)).toBeUndefined();
});

test.each([
  ["seconds", now / 1_000, "looks like seconds"],
  ["seconds with a fraction, as Python's time.time() gives", 1_789_999_999.25, "looks like seconds"],
  ["microseconds", now * 1_000, "looks like microseconds"],
  ["how long a page is open", 12.5, "another moment than 1970"],
  ["how long a machine is up", 86_400_000 * 3, "another moment than 1970"],
  ["seq in place of time", 1, "another moment than 1970"],
  ["a clock without a battery", Date.UTC(1970, 0, 1, 3), "another moment than 1970"],
  ["ms since 2001, as Apple counts", now - Date.UTC(2001, 0), "another moment than 1970"],
  ["ms since 1601, as Windows counts", now - Date.UTC(1601, 0), "in the future"],
  ["local time taken for UTC, east of it", now + 2 * 3_600_000, "in the future"],
  ["the highest time there is", 8.64e15, "in the future"],
])("[W18] %s is told, with what to send", (_, timestampMs, what) => {
  expect(doubt(timestampMs)).toContain(what);
  expect(doubt(timestampMs)).toContain("ms since 1970");
});
