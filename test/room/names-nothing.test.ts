/** A filter that names what is not there: said, and not answered with an emptiness that reads as "nothing was said". */
import { expect, test } from "vitest";

import { gateway } from "./support/bindings.ts";
import { Client } from "./support/client.ts";
import { createSession, get, post, send } from "./support/http.ts";
import { newSession } from "./support/room.ts";

const documents = ["transcript.vtt", "transcript.srt", "transcript.txt", "speakers.rttm", "audio.wav", "peaks"];

const codeOf = async (answer: Response): Promise<string> => {
  const { code, detail } = await answer.json<{ code: string; detail: string }>();
  return `${answer.status} ${code}: ${detail}`;
};

test("[U9] a track that the session lacks is 404 in every document, by GET and HEAD; one that has words, or audio alone, is there", async () => {
  const id = newSession();
  const client = await Client.connect(id, { track: "quiet" });
  await client.keep(1);
  const utterances = [{ text: "Hello.", track: "typed", start_ms: 0, end_ms: 900 }];
  expect((await post(id, "utterances", { utterances })).status).toBe(200);
  for (const name of documents) {
    expect(`${name} ${await codeOf(await get(id, `${name}?track=nobody`))}`).toMatch(
      /^\S+ 404 track_not_found: The session has no/,
    );
    const head = await gateway(`/v1/sessions/${id}/${name}?track=nobody`, { method: "HEAD" });
    expect([name, head.status]).toEqual([name, 404]);
    expect([name, (await get(id, `${name}?track=quiet`)).status]).toEqual([name, 200]);
  }
  for (const name of documents.slice(0, 4))
    expect([name, (await get(id, `${name}?track=typed`)).status]).toEqual([name, 200]);
  expect(await (await get(id, "transcript.txt?track=typed")).text()).toContain("Hello.");
  expect(await (await get(id, "transcript.txt?track=quiet")).text()).toBe("");
  await post(id, "finalize");
  expect((await get(id, "transcript.srt?track=typed")).status).toBe(200);
  expect((await get(id, "transcript.srt?track=nobody")).status).toBe(404);
});

test("[U9] windows of a track that is not there are not opened again with a 0", async () => {
  const id = newSession();
  await createSession(id, {});
  expect(await codeOf(await post(id, "resolve/retry", { track: "nobody" }))).toMatch(/^404 track_not_found/);
  expect(await (await post(id, "resolve/retry", {})).json()).toEqual({ reopened_windows: 0 });
});

const list = (from: string, to: string): Promise<Response> =>
  gateway(`/v1/sessions?created_from=${from}&created_to=${to}`);

test("[U9] a time that ends before it begins is refused by the name of the field", async () => {
  const [early, late] = ["2026-01-01T00:00:00Z", "2026-02-01T00:00:00%2B01:00"];
  expect(await codeOf(await list(late, early))).toBe("400 bad_request: created_to is after created_from.");
  expect((await list(early, early)).status).toBe(400);
  expect((await list(early, late)).status).toBe(200);
  // 23:30 in UTC is before midnight of the zone that says 00:00 an hour later: instants are compared, not texts.
  expect((await list("2026-02-01T00:00:00%2B01:00", "2026-01-31T23:30:00Z")).status).toBe(200);
  for (const path of ["/v1/chat", "/api/chat"]) {
    const body = { message: "What was said?", from: "2026-02-01T00:00:00Z", to: early };
    expect(`${path} ${await codeOf(await send("POST", path, body))}`).toMatch(
      /^\S+ 400 bad_request: .*to:? is at from or after it/,
    );
  }
});
