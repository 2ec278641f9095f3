import { describe, expect, test } from "vitest";
import { sessionResultSchema } from "../../schemas/http/result.ts";
import { limits } from "../../schemas/limits.ts";
import { type UtterancesAnswer, utterancesAnswerSchema } from "../../schemas/speech/utterances.ts";
import { bindings } from "./support/bindings.ts";
import { createSession, eventsOf, get, post } from "./support/http.ts";
import { newSession, RoomUnderTest } from "./support/room.ts";

type Outcome = UtterancesAnswer["utterances"][number];

async function say(id: string, ...utterances: object[]): Promise<Outcome[]> {
  const answer = await post(id, "utterances", { utterances });
  expect(answer.status).toBe(200);
  return utterancesAnswerSchema.parse(await answer.json()).utterances;
}

async function opened(): Promise<string> {
  const id = newSession();
  await createSession(id, {});
  return id;
}

const textOf = async (id: string, track: string): Promise<string> =>
  (await get(id, `transcript.txt?track=${track}`)).text();
const problemOf = async (answer: Response): Promise<[number, string, string]> => {
  const { code, detail } = await answer.json<{ code: string; detail: string }>();
  return [answer.status, code, detail];
};

test("[S2] added, the same again, revised: an event for each change and none for what was said before", async () => {
  const id = await opened();
  const first = { utterance_id: "u1", text: "helo", start_ms: 0, end_ms: 900 };
  expect(await say(id, first)).toMatchObject([{ status: "added", revision: 1 }]);
  expect(await say(id, first)).toMatchObject([{ status: "unchanged", revision: 1 }]);
  expect(await say(id, { ...first, text: "hello", speaker: "Ada" })).toMatchObject([
    { status: "revised", revision: 2 },
  ]);
  expect(await eventsOf(id)).toMatchObject([
    { type: "utterance.added", track: "mixed", utterance: { text: "helo", revision: 1 } },
    { type: "utterance.revised", utterance: { text: "hello", speaker: "Ada", revision: 2 } },
  ]);
  expect(await say(id, { text: "a", start_ms: 0, end_ms: 1 }, { text: "a", start_ms: 0, end_ms: 1 })).toHaveLength(2);
});

test("[U1] two sources that both count from 1 keep their words, in exports, events and result, through a wake", async () => {
  const id = await opened();
  const room = new RoomUnderTest(id);
  const [mic, system] = [
    { utterance_id: "1", track: "mic", start_ms: 0, end_ms: 900, text: "We agreed on ten thousand." },
    { utterance_id: "1", track: "system", start_ms: 0, end_ms: 900, text: "Hello?" },
  ];
  expect(await say(id, mic)).toMatchObject([{ status: "added" }]);
  await room.evict();
  expect(await say(id, system)).toMatchObject([{ status: "added", revision: 1 }]);
  expect(await say(id, { ...system, text: "Hello!" })).toMatchObject([{ status: "revised", revision: 2 }]);
  expect(await textOf(id, "mic")).toContain("ten thousand");
  expect(await textOf(id, "system")).toContain("Hello!");
  await post(id, "finalize");
  const object = await bindings.RESULT_BUCKET.get(`sessions/${id}/result.json`);
  const result = sessionResultSchema.parse(await object?.json());
  expect(result.transcript.map(({ track, utterance_id, text }) => [track, utterance_id, text])).toEqual([
    ["mic", "1", "We agreed on ten thousand."],
    ["system", "1", "Hello!"],
  ]);
});

test("[U2] an older version that comes late takes nothing back", async () => {
  const id = await opened();
  const u9 = { utterance_id: "u9", start_ms: 0, end_ms: 900 };
  await say(id, { ...u9, text: "I ne", revision: 1 });
  expect(await say(id, { ...u9, text: "I never said that.", revision: 7 })).toMatchObject([
    { status: "revised", revision: 7 },
  ]);
  expect(await say(id, { ...u9, text: "I ne", revision: 1 })).toMatchObject([{ status: "unchanged", revision: 7 }]);
  expect(await say(id, { ...u9, text: "I never said that!", revision: 8, final: true })).toMatchObject([
    { status: "revised", revision: 8 },
  ]);
  expect(await say(id, { ...u9, text: "I n" })).toMatchObject([{ status: "unchanged", revision: 8 }]);
  expect(await say(id, { ...u9, text: "I n", revision: 99 })).toMatchObject([{ status: "unchanged", revision: 8 }]);
  expect(await textOf(id, "mixed")).toContain("I never said that!");
  expect(await eventsOf(id)).toHaveLength(3);
});

test("[U2] under one revision the first words stay, and others are refused", async () => {
  const id = await opened();
  const first = { utterance_id: "u1", start_ms: 0, end_ms: 900, text: "yes", revision: 3 };
  await say(id, first);
  const answer = await post(id, "utterances", { utterances: [{ ...first, text: "no" }, first] });
  expect(answer.status).toBe(207);
  expect(await answer.json()).toEqual({
    utterances: [
      {
        index: 0,
        utterance_id: "u1",
        status: "refused",
        code: "revision_conflict",
        detail: "revision 3 of this utterance is kept with other words; a newer version has a higher revision.",
      },
      { index: 1, utterance_id: "u1", status: "unchanged", revision: 3 },
    ],
  });
  expect(await eventsOf(id)).toHaveLength(1);
});

test("[U2] [limit:maxUtteranceRevision] the highest revision is kept, one more is refused", async () => {
  const id = await opened();
  const first = { utterance_id: "u1", start_ms: 0, end_ms: 900, text: "yes" };
  const revision = limits.maxUtteranceRevision;
  expect(await say(id, { ...first, revision })).toMatchObject([{ status: "added", revision }]);
  expect(await say(id, { ...first, text: "no" })).toMatchObject([{ status: "revised", revision: revision + 1 }]);
  expect((await post(id, "utterances", { utterances: [{ ...first, revision: revision + 1 }] })).status).toBe(400);
});

const good = { text: "good", start_ms: 0, end_ms: 1 };
const bad: readonly [what: string, utterance: unknown, field: string][] = [
  ["no text", { start_ms: 0, end_ms: 1 }, "text"],
  ["an end before the start", { text: "a", start_ms: 5, end_ms: 4 }, "end_ms"],
  ["an hour of one utterance", { text: "a", start_ms: 0, end_ms: 3_600_000 }, "end_ms"],
  ["a text too long", { ...good, text: "a".repeat(limits.maxUtteranceChars + 1) }, "text"],
  ["half a millisecond", { ...good, start_ms: 0.5 }, "start_ms"],
  ["an id with a slash", { ...good, utterance_id: "a/b" }, "utterance_id"],
  ["a bad track", { ...good, track: "Mic" }, "track"],
  ["a revision below 0", { ...good, utterance_id: "a", revision: -1 }, "revision"],
  ["a revision of nothing that is named", { ...good, revision: 1 }, "revision"],
  ["a field that there is not", { ...good, speaker_name: "Ada" }, "speaker_name"],
  ["a text", "hello", "utterance"],
  ["nothing", null, "utterance"],
];

describe("an utterance that is none", () => {
  test.for(bad)("[U3] %s: the others are kept, and it is named", async ([, utterance, field]) => {
    const id = await opened();
    const answer = await post(id, "utterances", { utterances: [good, utterance, { ...good, end_ms: 2 }] });
    expect(answer.status).toBe(207);
    const { utterances } = utterancesAnswerSchema.parse(await answer.json());
    expect(utterances).toMatchObject([
      { index: 0, status: "added" },
      { index: 1, status: "refused", code: "bad_request" },
      { index: 2, status: "added" },
    ]);
    expect(utterances[1]).toMatchObject({ detail: expect.stringContaining(field) as string });
    expect(await eventsOf(id)).toHaveLength(2);
  });

  test.for(bad)("[U3] %s, alone: 400, and nothing is kept", async ([, utterance, field]) => {
    const room = new RoomUnderTest(await opened());
    const before = await room.dump();
    const [status, code, detail] = await problemOf(
      await post(room.sessionId, "utterances", { utterances: [utterance, utterance] }),
    );
    expect([status, code]).toEqual([400, "bad_request"]);
    expect(detail).toContain("utterances.0");
    expect(detail).toContain(field);
    expect(await room.dump()).toEqual(before);
  });
});

test("[U3] an utterance without length is kept, and is a cue that ends after it begins", async () => {
  const id = await opened();
  await say(id, { text: "tick", start_ms: 2_000, end_ms: 2_000 }, { text: "zero", start_ms: 0, end_ms: 0 });
  const vtt = await (await get(id, "transcript.vtt")).text();
  expect(vtt).toContain("00:00:02.000 --> 00:00:02.001");
  expect(vtt).toContain("00:00:00.000 --> 00:00:00.001");
  await post(id, "finalize");
  expect((await get(id, "result")).status).toBe(200);
});

test("[F7] a finalized session takes late ones", async () => {
  const id = await opened();
  await post(id, "finalize");
  const answer = await post(id, "utterances", { utterances: [good] });
  expect(answer.status).toBe(200);
});
