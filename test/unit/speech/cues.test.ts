/** What was heard in an audio file, as captions: whatever a model says it heard makes no cue, line or time of its own. */
import { array, assert, asyncProperty, constantFrom, oneof, record, string } from "fast-check";
import { parseText } from "media-captions";
import { expect, test } from "vitest";
import { srtOf, vttOf } from "../../../schemas/speech/cues.ts";
import { oneLine } from "../../../schemas/one-line.ts";

const breaks = ["\n", "\r\n", "\u2028", "\u0085", "\v", "\0", "\u001b[2J", "\u009b", "\u202e", "\ud800", " "];
const markup = ["-->", "00:00:01,000 --> 00:00:09,000", "<", "&", "</v>", "NOTE x", "WEBVTT", "7", "Ada"];
const anyText = oneof(
  array(constantFrom(...breaks, ...markup), { maxLength: 6 }).map((parts) => parts.join("")),
  string({ unit: "binary" }),
);
const lineEnd = /\r\n|[\n\r\v\f\u0085\u2028\u2029]/;

test("[E6] whatever a model heard makes no cue, line or time of its own in the captions of an audio file", async () => {
  await assert(
    asyncProperty(array(record({ text: anyText }), { maxLength: 8 }), async (all) => {
      const segments = all.map(({ text }, i) => ({ start_ms: i * 1_000, end_ms: i * 1_000 + 900, text }));
      const starts = segments.filter(({ text }) => oneLine(text) !== "").map(({ start_ms: ms }) => ms / 1_000);
      for (const [type, text] of [
        ["srt", srtOf(segments)],
        ["vtt", vttOf(segments)],
      ] as const) {
        const { cues } = await parseText(text, { type });
        expect(cues.map(({ startTime }) => startTime)).toEqual(starts);
        const lines = text.split(lineEnd);
        expect(lines.filter((line) => line.includes("-->"))).toHaveLength(starts.length);
        // oxlint-disable-next-line no-control-regex -- what steers a terminal is what must not be there
        expect(text).not.toMatch(/[\0-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/);
      }
    }),
  );
});

test("what a model heard at one moment is a cue with a length, and what says nothing is none", () => {
  const segments = [
    { start_ms: 0, end_ms: 0, text: "Hello." },
    { start_ms: 500, end_ms: 900, text: " " },
    { start_ms: 1_000, end_ms: 2_000, text: "Bye." },
  ];
  expect(srtOf(segments)).toBe(
    "1\n00:00:00,000 --> 00:00:00,001\nHello.\n\n2\n00:00:01,000 --> 00:00:02,000\nBye.\n\n",
  );
  expect(vttOf(segments)).toBe(
    "WEBVTT\n\n00:00:00.000 --> 00:00:00.001\nHello.\n\n00:00:01.000 --> 00:00:02.000\nBye.\n\n",
  );
});
