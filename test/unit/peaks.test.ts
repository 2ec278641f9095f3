import { expect, test } from "vitest";
import { decodePeaks, encodePeaks } from "../../server/gateway/archive/peaks.ts";
import { type ListBucket, readPeaks } from "../../server/gateway/archive/read-peaks.ts";
import { chunkKey } from "../../server/gateway/archive/keys.ts";

const session = { tenant: "default", sessionId: "s" };
const chunkOf = (sampleAt: (i: number) => number): ArrayBuffer => {
  const view = new DataView(new ArrayBuffer(32_000));
  for (let i = 0; i < 16_000; i += 1) view.setInt16(i * 2, sampleAt(i), true);
  return view.buffer;
};
const square = (i: number): number => (i % 2 === 0 ? 1 : -1);

test("[A7] a peak is the loudest deviation of its tenth of a second, up to full scale", () => {
  const fourthIsLoud = chunkOf((i) => square(i) * (Math.floor(i / 1_600) === 3 ? 12_800 : 128));
  expect([...(decodePeaks(encodePeaks(fourthIsLoud)) ?? [])]).toEqual([1, 1, 1, 100, 1, 1, 1, 1, 1, 1]);
  expect(encodePeaks(chunkOf((i) => (i % 2 === 0 ? 32_767 : -32_768)))).toBe("ff".repeat(10));
  expect(encodePeaks(chunkOf(() => 0))).toBe("00".repeat(10));
});

test("[A7] a constant offset is silence", () => {
  expect(encodePeaks(chunkOf(() => 3_000))).toBe("00".repeat(10));
  expect(encodePeaks(chunkOf((i) => 3_000 + square(i) * 6_400))).toBe("32".repeat(10));
});

test.each([undefined, "", "00", "zz".repeat(10), "0".repeat(21)])("[A7] %j are no peaks", (text) => {
  expect(decodePeaks(text)).toBeUndefined();
});

/** R2 that gives at most `most` objects at a time. */
function bucketOf(peaks: ReadonlyMap<number, string | undefined>, most = 1_000): ListBucket & { lists: number } {
  const keys = [...peaks.keys()].map((seq) => ({ seq, key: chunkKey(session, "mic", seq) }));
  return {
    lists: 0,
    list({ startAfter, limit }) {
      this.lists += 1;
      const after = keys.filter(({ key }) => key > startAfter);
      const objects = after.slice(0, Math.min(limit, most)).map(({ seq, key }) => {
        const hex = peaks.get(seq);
        return hex === undefined ? { key } : { key, customMetadata: { peaks: hex } };
      });
      return Promise.resolve({ objects, truncated: after.length > objects.length });
    },
  };
}
const tenths = (value: number): string => value.toString(16).padStart(2, "0").repeat(10);
const seconds = (count: number): number[] => Array.from({ length: count }, (_, i) => i + 1);

test("[A7] what R2 does not say is null: missing seconds, and ones that an earlier version stored", async () => {
  const bucket = bucketOf(
    new Map([
      [1, tenths(7)],
      [3, tenths(9)],
      [4, undefined],
    ]),
  );
  const answer = await readPeaks(bucket, { session, track: "mic", samples: 4.5 * 16_000, points: 5 });
  expect(answer).toEqual({ track: "mic", duration_ms: 4_500, ms_per_point: 900, peaks: [7, 7, 9, 9, null] });
});

test("[A7] several tenths are one point, and a track too short for its points has fewer", async () => {
  const bucket = bucketOf(new Map([[1, "000102030405060708ff"]]));
  const at = async (points: number) => readPeaks(bucket, { session, track: "mic", samples: 16_000, points });
  expect((await at(2_000)).peaks).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 255]);
  expect(await at(4)).toMatchObject({ ms_per_point: 300, peaks: [2, 5, 8, 255] });
  const none = await readPeaks(bucket, { session, track: "mic", samples: 0, points: 10 });
  expect(none.peaks).toEqual([]);
});

test("[A7] hours are read in runs of a thousand, wherever R2 cuts its answers", async () => {
  const all = new Map(seconds(3_500).map((seq) => [seq, tenths(seq % 256)]));
  const wanted = { session, track: "mic", samples: 3_500 * 16_000, points: 3_500 };
  const whole = bucketOf(all);
  const expected = seconds(3_500).map((seq) => seq % 256);
  expect((await readPeaks(whole, wanted)).peaks).toEqual(expected);
  expect(whole.lists).toBe(4);
  expect((await readPeaks(bucketOf(all, 170), wanted)).peaks).toEqual(expected);
});
