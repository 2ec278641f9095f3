/** Names and texts of any kind in every export: what people are called and say makes no cue, line or field. */
import { array, assert, asyncProperty, constantFrom, oneof, option, property, record, string } from "fast-check";
import { parseText } from "media-captions";
import { expect, test } from "vitest";
import { type ExportName, writeExport } from "../../server/gateway/results/exports/exports.ts";
import type { Meeting } from "../../server/gateway/results/exports/meeting.ts";
import { oneLine } from "../../schemas/one-line.ts";
import { bindingBodySchema } from "../../schemas/http/corrections.ts";
import { postedRosterSchema } from "../../schemas/speech/speakers.ts";
import { postedUtteranceSchema } from "../../schemas/speech/utterances.ts";

interface Said {
  readonly name: string | null;
  readonly text: string;
}

/** What readers take for the end of a line or of a cue, for a time, or for markup, and what shows nothing. */
const breaks = ["\n", "\r\n", "\u2028", "\u2029", "\u0085", "\v", "\f", "\u001c", "\0"];
const markup = ["-->", "00:00:01,000 --> 00:00:09,000", "<", ">", "&", "</v>", "<v Eve>", "NOTE x", "WEBVTT", "7"];
const others = [" ", "_", "\u200b", "\u202e", "\ud800", "Ada", "c1", "<NA>"];
const nasty = array(constantFrom(...breaks, ...markup, ...others), { maxLength: 6 }).map((parts) => parts.join(""));
const anyText = oneof(nasty, string({ unit: "binary" }));
const meetings = array(record({ name: option(anyText), text: anyText }), { maxLength: 8 }).map((all) => meetingOf(all));
/** Every end of a line that some reader knows. */
const lineEnd = /\r\n|[\n\r\v\f\u0085\u2028\u2029]/;

const place = (i: number) => ({ track: "mixed", start_ms: i * 1_000, end_ms: i * 1_000 + 900 });

function meetingOf(all: readonly Said[]): Meeting {
  return {
    sessionId: "s",
    gaps: [],
    transcript: all.map(({ name, text }, i) => ({
      ...place(i),
      utterance_id: `u${i}`,
      text,
      cluster_id: `c${i % 3}`,
      speaker_name: name,
    })),
    timeline: all.slice(0, 3).map(({ name }, i) => ({
      ...place(i),
      cluster_id: `c${i}`,
      speaker_name: name,
      turn_ids: [i + 1],
    })),
  };
}

/** Of what says something, in seconds. */
function startsOf({ transcript }: Meeting): number[] {
  return transcript.filter(({ text }) => oneLine(text) !== "").map(({ start_ms: start }) => start / 1_000);
}

function linesOf(name: ExportName, meeting: Meeting): string[] {
  return [...writeExport(name, meeting)].join("").split(lineEnd).slice(0, -1);
}

function namesOf(meeting: Meeting): (string | undefined)[] {
  return linesOf("speakers.rttm", meeting).map((line) => line.split(" ")[7]);
}

test.each(["vtt", "srt"] as const)(
  "[E6] %s: as many cues as entries, each at its time, for another parser",
  async (type) => {
    await assert(
      asyncProperty(meetings, async (meeting) => {
        const { cues } = await parseText([...writeExport(`transcript.${type}`, meeting)].join(""), { type });
        expect(cues.map(({ startTime }) => startTime)).toEqual(startsOf(meeting));
      }),
    );
  },
);

test("[E6] plain text and RTTM: as many lines as entries, ten fields each, as many names as speakers", () => {
  assert(
    property(meetings, (meeting) => {
      expect(linesOf("transcript.txt", meeting)).toHaveLength(startsOf(meeting).length);
      const fields = linesOf("speakers.rttm", meeting).map((line) => line.split(/\s+/));
      expect(fields.map(({ length }) => length)).toEqual(meeting.timeline.map(() => 10));
      expect(new Set(namesOf(meeting)).size).toBe(meeting.timeline.length);
      expect(namesOf(meeting)).not.toContain("<NA>");
    }),
  );
});

test("[E2] two people of one name, and one who is called like another's cluster, stay two", () => {
  const names = ["David", "David", "c1"].map((name) => ({ name, text: "" }));
  expect(namesOf(meetingOf(names))).toEqual(["David_c0", "David_c1", "c1"]);
  const unnamed = [
    { name: "c1", text: "" },
    { name: null, text: "" },
  ] as const;
  expect(namesOf(meetingOf(unnamed))).toEqual(["c1_c0", "c1"]);
  const alike = ["Ada Lovelace", "Ada_Lovelace"].map((name) => ({ name, text: "" }));
  expect(namesOf(meetingOf(alike))).toEqual(["Ada_Lovelace_c0", "Ada_Lovelace_c1"]);
});

test.each(["", " ", "\u200b", "\u3164", "\u2800", "Ada\nBob", "Ada\u202ebob", "\ud800"])(
  "[E6] %j is no name of a person",
  (name) => {
    expect(bindingBodySchema.safeParse({ name }).success).toBe(false);
    expect(postedRosterSchema.safeParse([{ name }]).success).toBe(false);
    const posted = { start_ms: 0, end_ms: 1, text: "x", speaker: name };
    expect(postedUtteranceSchema.safeParse(posted).success).toBe(false);
  },
);
