/** Answers of a gateway of another version, later or earlier: what this client does not know is no fault of what it does. */
import { encode } from "@msgpack/msgpack";
import { expect, test } from "vitest";
import { createResultsClient, type ResultsClient, RoomtoneAnswerError } from "../../client/index.ts";
import { parseRoomMessage } from "../../client/capture/read-message.ts";
import type { RoomEvent } from "../../schemas/speech/events.ts";
import { json, type Line, scriptedGateway } from "./support/scripted-gateway.ts";

async function clientOf(...script: Line[]): Promise<ResultsClient> {
  return createResultsClient({ baseUrl: (await scriptedGateway(...script)).url, retries: 0 });
}

const at = "2026-01-01T00:00:00.000Z";
const known = (event_id: number): object => ({ event_id, at, type: "track.opened", track: "mixed", by: "room" });
/** Of a type that is made up, with fields that mean something else than they do now. */
const later = (event_id: number): object => ({
  event_id,
  at,
  type: "agenda.moved",
  by: "agent",
  version: "two",
  track: null,
  utterance: { said: 1 },
  item: { from: 1, to: 3 },
});
/** Of a known type, with a value that is made up. */
const laterValue = (event_id: number): object => ({
  event_id,
  at,
  type: "speaker.resolved",
  cluster_id: "c1",
  decision: "probably",
  by: "committee",
  mood: "good",
});
const log = [known(1), later(2), laterValue(3), known(4)];

async function typesOf(events: AsyncIterable<RoomEvent>): Promise<string[]> {
  const types: string[] = [];
  for await (const event of events) types.push(event.type);
  return types;
}

const write = (event: object, i: number): string =>
  `id: ${i + 1}\nevent: some.thing\ndata: ${JSON.stringify(event)}\n\n`;
const stream: Line = (response) => {
  response.writeHead(200, { "content-type": "text/event-stream" });
  // What has no number is no event of the log.
  response.end(`event: weather\ndata: sunny\n\n${log.map(write).join("")}`);
};
const over: Line = (response) => void response.writeHead(204).end();

test("[V6] an event of a made-up type passes through a stream of events as it came, and what follows it is told", async () => {
  const client = await clientOf(stream, over);
  expect(await typesOf(client.liveEvents("s"))).toEqual([
    "track.opened",
    "agenda.moved",
    "speaker.resolved",
    "track.opened",
  ]);
});

test("[V6] … and through the pages of the log", async () => {
  const client = await clientOf(json({ events: log, next_after: 4, has_more: false, hint: "new" }));
  const page = await client.events("s");
  expect(page.events[1]).toEqual(later(2));
  expect(page.events.map(({ by }) => by)).toEqual(["room", "agent", "committee", "room"]);
});

test("[V6] what breaks the contract in what is known is an error still", async () => {
  for (const broken of [{ ...known(1), event_id: "1" }, { ...known(1), track: 7 }, { type: "agenda.moved" }]) {
    const client = await clientOf(json({ events: [broken], next_after: 1, has_more: false }));
    await expect(client.events("s")).rejects.toThrow(RoomtoneAnswerError);
  }
});

const settings = {
  session_id: "s",
  metadata: {},
  resolve: { auto: false, window_chunks: 4 },
  retention_days: null,
  auto_finalize_after_ms: 0,
};

test("[V6] a status, a captions mode and a longer title than this version knows are given as they are", async () => {
  const answer = { ...settings, status: "paused", captions: "live", title: "x".repeat(9_000), colour: "red" };
  const client = await clientOf(json(answer, 201));
  expect(await client.createSession({ session_id: "s" })).toMatchObject({ status: "paused", captions: "live" });
});

test("[V6] an earlier gateway that says no title, and not what is missing, is not made to say so", async () => {
  const created = await clientOf(json({ ...settings, status: "open" }, 201));
  expect(await created.createSession({ session_id: "s" })).toMatchObject({ title: null });
  const finalized = { session_id: "s", result_key: "k", event_count: 1, finalized_at: at, coverage: 1 };
  const answer = await (await clientOf(json(finalized))).finalize("s");
  expect(answer).toEqual(finalized);
  expect(answer.not_ended).toBeUndefined();
  const summary = {
    session_id: "s",
    status: "open",
    created_at: at,
    updated_at: at,
    finalized_at: null,
    tracks: 1,
    kept_seconds: 3,
    duration_ms: 3_000,
    coverage: 1,
  };
  const page = await (await clientOf(json({ sessions: [summary], next_cursor: null }))).listSessions();
  expect(page.sessions[0]).toEqual({ ...summary, title: null, people: [] });
});

const refusal = { type: "error", code: "moon_phase", detail: "The moon is full.", seq: 7, shade: 1 };
test.each([
  [{ ...refusal, retryable: true }, "internal"],
  [{ ...refusal, retryable: false }, "bad_frame"],
])("[V6] a refusal of a code that is made up counts as one that may, or may not, succeed later", (message, code) => {
  const expected = { type: "error", code, detail: "The moon is full. (moon_phase)", seq: 7 };
  expect(parseRoomMessage(JSON.stringify(message))).toMatchObject(expected);
  expect(parseRoomMessage(new Uint8Array(encode(message)).buffer)).toMatchObject(expected);
});

test("[V6] a message of a type that is made up is passed over by a capture", () => {
  expect(parseRoomMessage(JSON.stringify({ type: "applause", mark: "m1" }))).toBeUndefined();
});
