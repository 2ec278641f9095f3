import { parseText } from "media-captions";
import { describe, expect, test } from "vitest";
import { type ExportName, writeExport } from "../../server/gateway/results/exports/exports.ts";
import type { Meeting } from "../../server/gateway/results/exports/meeting.ts";
import { GapCauses } from "../../server/gateway/tracks/gap-causes.ts";
import type { EventBody, RoomEvent } from "../../schemas/speech/events.ts";
import { timelineOf } from "../../schemas/speech/timeline.ts";
import { speakersOf, transcriptOf } from "../../schemas/speech/transcript.ts";
import { randomFrom, seed } from "./support/random.ts";
import { range } from "./support/range.ts";

const turn = (cluster_id: string, start_ms: number, end_ms: number, speaker_name: string | null, track = "mixed") => ({
  track,
  start_ms,
  end_ms,
  cluster_id,
  speaker_name,
  turn_ids: [1],
});
const entry = (start_ms: number, end_ms: number, text: string, speaker_name: string | null) => ({
  utterance_id: `u${start_ms}`,
  track: "mixed",
  start_ms,
  end_ms,
  text,
  cluster_id: "c1",
  speaker_name,
});
const empty: Meeting = { sessionId: "s", timeline: [], transcript: [], gaps: [] };
const meeting: Meeting = {
  sessionId: "s",
  timeline: [turn("c1", 500, 3_000, "Ada Lovelace"), turn("c2", 3_000, 3_723_456, null, "mic")],
  transcript: [
    entry(500, 3_000, "a < b && c > d --> e\n\n<v Eve>no</v>", "Ada <i>& Co"),
    entry(3_661_001, 3_723_456, "later", null),
    entry(3_700_000, 3_700_100, " \n ", "nobody"),
  ],
  gaps: [{ track: "mixed", from_seq: 11, to_seq: 15, cause: "capture_stall" }],
};

/** Each export as one text. */
function textOf(name: ExportName, of: Meeting): string {
  return [...writeExport(name, of)].join("");
}

const vtt = { type: "vtt", strict: true } as const;

const logOf = (...bodies: Partial<EventBody>[]): RoomEvent[] =>
  bodies.map((body, i) => ({
    type: "speaker.resolved",
    by: "inference",
    track: "mixed",
    ...body,
    event_id: i + 1,
    at: "2026-01-01T00:00:00.000Z",
  }));
const spoke = (cluster_id: string, start_ms: number, end_ms: number): Partial<EventBody> => ({
  cluster_id,
  start_ms,
  end_ms,
  from_seq: 1,
  to_seq: 20,
});
const said = (utterance_id: string, start_ms: number, end_ms: number, text: string, more: object = {}) => ({
  type: "utterance.added" as const,
  utterance: { utterance_id, track: "mixed", start_ms, end_ms, text, revision: 1, ...more },
});

describe("WebVTT", () => {
  test("[E1] an independent parser reads every cue, its time, its voice and its text", async () => {
    const { cues, errors } = await parseText(textOf("transcript.vtt", meeting), vtt);
    expect(errors).toEqual([]);
    expect(cues.map(({ startTime, endTime }) => [startTime, endTime])).toEqual([
      [0.5, 3],
      [3_661.001, 3_723.456],
    ]);
    expect(cues[0]?.text).toBe(
      "<v Ada &lt;i&gt;&amp; Co>a &lt; b &amp;&amp; c &gt; d --&gt; e &lt;v Eve&gt;no&lt;/v&gt;</v>",
    );
    expect(cues[1]?.text).toBe("<v c1>later</v>");
  });

  test("[E1] gaps are notes; nothing at all is a valid document", async () => {
    expect(textOf("transcript.vtt", meeting)).toContain(
      "NOTE Seconds 11 to 15 of track mixed are missing (capture_stall).",
    );
    const { cues, errors } = await parseText(textOf("transcript.vtt", empty), vtt);
    expect([cues, errors]).toEqual([[], []]);
  });
});

test("[E1] SubRip: an independent parser reads it", async () => {
  const { cues, errors } = await parseText(textOf("transcript.srt", meeting), { type: "srt", strict: true });
  expect(errors).toEqual([]);
  expect(cues.map(({ startTime, endTime, text }) => [startTime, endTime, text])).toEqual([
    [0.5, 3, "Ada <i>& Co: a < b && c > d → e <v Eve>no</v>"],
    [3_661.001, 3_723.456, "c1: later"],
  ]);
});

test("[E1] plain text: what was said and what is missing, by time", () => {
  expect(textOf("transcript.txt", meeting)).toBe(
    "[00:00:00] Ada <i>& Co: a < b && c > d --> e <v Eve>no</v>\n" +
      "[00:00:10] (5 s of track mixed missing: capture_stall)\n" +
      "[01:01:01] c1: later\n",
  );
  expect(textOf("transcript.txt", empty)).toBe("");
});

test("[E2] RTTM: ten fields a line, seconds, a file a track", () => {
  expect(textOf("speakers.rttm", meeting)).toBe(
    "SPEAKER s 1 0.500 2.500 <NA> <NA> Ada_Lovelace <NA> <NA>\n" +
      "SPEAKER s.mic 1 3.000 3720.456 <NA> <NA> c2 <NA> <NA>\n",
  );
});

describe("the transcript", () => {
  test("[E3] each utterance once, as last revised, with who speaks most in it or whom its source named", () => {
    const events = logOf(
      spoke("c1", 0, 4_000),
      spoke("c2", 4_000, 9_000),
      { type: "speaker.bound", cluster_id: "c2", speaker_name: "Bob" },
      said("u1", 3_000, 6_500, "helo"),
      said("u2", 15_000, 16_000, "nobody speaks here"),
      said("u3", 0, 1_000, "hi", { speaker: "Ada" }),
      { ...said("u1", 3_000, 6_500, "hello", { revision: 2 }), type: "utterance.revised" },
    );
    expect(transcriptOf(events, timelineOf(events))).toEqual([
      {
        utterance_id: "u3",
        track: "mixed",
        start_ms: 0,
        end_ms: 1_000,
        text: "hi",
        cluster_id: "c1",
        speaker_name: "Ada",
      },
      {
        utterance_id: "u1",
        track: "mixed",
        start_ms: 3_000,
        end_ms: 6_500,
        text: "hello",
        cluster_id: "c2",
        speaker_name: "Bob",
      },
      {
        utterance_id: "u2",
        track: "mixed",
        start_ms: 15_000,
        end_ms: 16_000,
        text: "nobody speaks here",
        cluster_id: null,
        speaker_name: null,
      },
    ]);
  });

  test("[E3] talk time adds up by speaker, the most talkative first", () => {
    const turns = [turn("c1", 0, 1_000, "Ada"), turn("c2", 1_000, 5_000, null), turn("c1", 5_000, 6_000, "Ada", "mic")];
    expect(speakersOf(turns)).toEqual([
      { cluster_id: "c2", speaker_name: null, talk_ms: 4_000, turns: 1 },
      { cluster_id: "c1", speaker_name: "Ada", talk_ms: 2_000, turns: 2 },
    ]);
  });
});

describe("[G1] a gap's causes", () => {
  test("without a note nothing was sent; what a client declared goes before a refusal", () => {
    expect(new GapCauses([]).of([5, 9])).toEqual([{ from_seq: 5, to_seq: 9, cause: "never_sent" }]);
    expect(
      new GapCauses([
        { from_seq: 6, to_seq: 6, cause: "rejected" },
        { from_seq: 9, to_seq: 9, cause: "rejected" },
        { from_seq: 1, to_seq: 7, cause: "capture_stall" },
        { from_seq: 11, to_seq: 99, cause: "client_gave_up" },
      ]).of([5, 12]),
    ).toEqual([
      { from_seq: 5, to_seq: 7, cause: "capture_stall" },
      { from_seq: 8, to_seq: 8, cause: "never_sent" },
      { from_seq: 9, to_seq: 9, cause: "rejected" },
      { from_seq: 10, to_seq: 10, cause: "never_sent" },
      { from_seq: 11, to_seq: 12, cause: "client_gave_up" },
    ]);
  });

  test("neighbours with one cause are one", () => {
    const refused = [5, 6, 7].map((seq) => ({ from_seq: seq, to_seq: seq, cause: "rejected" as const }));
    expect(new GapCauses(refused).of([5, 7])).toEqual([{ from_seq: 5, to_seq: 7, cause: "rejected" }]);
  });

  test("[R12] each second has the cause of the last note that holds it, and no gap is looked for among all notes", () => {
    const random = randomFrom(seed);
    const causes = ["rejected", "capture_stall", "client_gave_up"] as const;
    for (let round = 0; round < 300; round += 1) {
      const notes = Array.from({ length: random(12) }, () => {
        const from_seq = 1 + random(30);
        return { from_seq, to_seq: from_seq + random(12), cause: causes[random(3)] ?? "rejected" };
      });
      const from = 1 + random(40);
      const to = from + random(20);
      const perSecond = range(from, to).map(
        (seq) => notes.findLast((note) => note.from_seq <= seq && note.to_seq >= seq)?.cause ?? "never_sent",
      );
      const parts = new GapCauses(notes).of([from, to]);
      const told = parts.flatMap(({ from_seq, to_seq, cause }) => range(from_seq, to_seq).map(() => cause));
      expect(told, `seed ${seed}: ${JSON.stringify({ notes, from, to })}`).toEqual(perSecond);
      for (const [i, part] of parts.slice(1).entries()) expect(part.cause).not.toBe(parts[i]?.cause);
    }
    const many = new GapCauses(range(1, 1_000).map((n) => ({ from_seq: 2 * n, to_seq: 2 * n, cause: "rejected" })));
    for (let n = 1; n <= 1_000; n += 1) many.of([2 * n, 2 * n]);
    expect(many.looked).toBeLessThanOrEqual(2_000);
  });
});
