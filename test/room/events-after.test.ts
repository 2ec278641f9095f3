import { describe, expect, test } from "vitest";
import { gateway } from "./support/bindings.ts";
import { Client } from "./support/client.ts";
import { createSession, get, post } from "./support/http.ts";
import { newSession } from "./support/room.ts";

async function withEvents(count: number): Promise<string> {
  const id = newSession();
  await createSession(id, {});
  const utterances = Array.from({ length: count }, (_, n) => ({ text: `t${n}`, start_ms: n, end_ms: n }));
  await post(id, "utterances", { utterances });
  return id;
}

/** What a stream says at first; read until a text is there. */
async function firstWords(id: string, query: string, headers: Record<string, string>, until: string): Promise<string> {
  const answer = await gateway(`/v1/sessions/${id}/events${query}`, {
    headers: { accept: "text/event-stream", ...headers },
  });
  expect(answer.status).toBe(200);
  let text = "";
  // Leaving the loop ends the stream.
  for await (const words of answer.body?.pipeThrough(new TextDecoderStream()) ?? []) {
    text += words;
    if (text.includes(until)) break;
  }
  return text;
}

const idsIn = (text: string): string[] => text.split("\n").filter((line) => line.startsWith("id"));

test.each(["", "undefined", "null", "abc", "-1", "1, 2", "1.5"])("[U7] Last-Event-ID %j is none", async (last) => {
  const id = await withEvents(3);
  const text = await firstWords(id, "?after=1", { "last-event-id": last }, "id: 3\n");
  expect(idsIn(text)).toEqual(["id: 2", "id: 3"]);
});

test.each(["2", " 2 ", "2, 2"])("[U7] Last-Event-ID %j goes before after", async (last) => {
  const id = await withEvents(3);
  const text = await firstWords(id, "?after=1", { "last-event-id": last }, "id: 3\n");
  expect(idsIn(text)).toEqual(["id: 3"]);
});

describe("an event that the log has not got", () => {
  test.each([
    ["", "4"],
    ["", "999"],
    ["", "9".repeat(400)],
    ["?after=4", ""],
  ])("[U7] a stream%s with Last-Event-ID %s is told, and begins anew", async (query, last) => {
    const id = await withEvents(3);
    const text = await firstWords(id, query, { "last-event-id": last }, "id: 3\n");
    expect(text).toContain('event: log.reset\ndata: {"event_count":3}\nid\n\n');
    expect(idsIn(text)).toEqual(["id", "id: 1", "id: 2", "id: 3"]);
  });

  test("[U7] of a finalized session too", async () => {
    const id = await withEvents(1);
    await post(id, "finalize");
    expect(await firstWords(id, "", { "last-event-id": "999" }, "session.finalized")).toContain("event: log.reset\n");
  });

  test("[U7] a page is refused, and the end of the log is not beyond it", async () => {
    const id = await withEvents(3);
    const refused = await get(id, "events?after=4");
    expect(refused.status).toBe(400);
    expect(await refused.json()).toMatchObject({
      code: "bad_request",
      detail: "after lies beyond the event log, which has 3 events: it is another log. Begin anew.",
    });
    expect(await (await get(id, "events?after=3")).json()).toEqual({ events: [], next_after: 3, has_more: false });
  });

  test("[U7] a watcher is refused, and one at the end of the log is not", async () => {
    const id = await withEvents(3);
    const watch = async (after: number): Promise<Client> =>
      Client.over(await gateway(`/v1/sessions/${id}/live?after=${after}`, { headers: { upgrade: "websocket" } }), id);
    const refused = await watch(4);
    expect(await refused.nextOf("error")).toMatchObject({ code: "log_shorter", retryable: false });
    await refused.expectClose(4400);
    const taken = await watch(3);
    await post(id, "utterances", { utterances: [{ text: "more", start_ms: 9, end_ms: 9 }] });
    expect((await taken.nextOf("event")).event).toMatchObject({ event_id: 4 });
    taken.close();
  });
});
