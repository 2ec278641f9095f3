/** Exports and state with `If-None-Match`: nothing where nothing was said, and what holds as soon as something was. */
import { expect, test } from "vitest";
import { gateway } from "./support/bindings.ts";
import { createSession, eventsOfType, get, post, resolve, send } from "./support/http.ts";
import { inference, sameSpeaker } from "./support/inference.ts";
import { newSession } from "./support/room.ts";

const names = ["transcript.vtt", "transcript.srt", "transcript.txt", "speakers.rttm", "state"];

interface Read {
  readonly status: number;
  readonly etag: string;
  readonly text: string;
}

async function read(id: string, name: string, etag?: string, method = "GET"): Promise<Read> {
  const headers = etag === undefined ? {} : { "if-none-match": etag };
  const answer = await gateway(`/v1/sessions/${id}/${name}`, { method, headers });
  return { status: answer.status, etag: answer.headers.get("etag") ?? "", text: await answer.text() };
}

const readAll = async (id: string): Promise<Read[]> => Promise.all(names.map((name) => read(id, name)));

async function opened(): Promise<string> {
  const id = newSession();
  await createSession(id, {});
  const utterances = [{ utterance_id: "u1", text: "Hello.", start_ms: 0, end_ms: 900 }];
  expect((await post(id, "utterances", { utterances })).status).toBe(200);
  return id;
}

test("[R14] what has not changed is 304 without a body, and HEAD says the same tag; another tag gets the whole", async () => {
  const id = await opened();
  for (const name of names) {
    const first = await read(id, name);
    expect([name, first.status, first.etag]).toEqual([name, 200, expect.stringMatching(/^"[0-9a-f]{32}"$/)]);
    const again = await read(id, name, `"other", W/${first.etag}`);
    expect({ name, ...again }).toEqual({ name, status: 304, etag: first.etag, text: "" });
    const rest = [await read(id, name, '"other"'), await read(id, name, undefined, "HEAD"), await read(id, name)];
    expect({ name, rest }).toEqual({ name, rest: [first, { ...first, text: "" }, first] });
  }
  const tags = (await readAll(id)).map(({ etag }) => etag);
  expect(new Set(tags).size).toBe(names.length);
  expect((await read(id, "transcript.vtt?track=mixed")).etag).not.toBe(tags[0]);
});

test("[R14] every change is seen at once, however often the documents were read: words, names, merges, turns, what is undone", async () => {
  const id = await opened();
  const clusters = ["c1", "c2"].map((cluster_id) => ({ cluster_id, centroid: [1, 0], sample_count: 1 }));
  const updated_state = { clusters, bindings: {}, config: {} };
  inference(id, (request) => Response.json({ ...sameSpeaker(request), cluster_id: "c1", updated_state }));
  expect((await resolve(id)).status).toBe(200);
  const path = `/v1/sessions/${id}`;
  const utterance = { utterance_id: "u1", start_ms: 0, end_ms: 900 };
  const lastBound = async (): Promise<number> => (await eventsOfType(id, "speaker.bound")).at(-1)?.event_id ?? 0;
  const changes: readonly (readonly [string, () => Promise<Response>])[] = [
    ["revised", () => post(id, "utterances", { utterances: [{ ...utterance, text: "Hallo.", speaker: "Eve" }] })],
    ["bound", () => send("PUT", `${path}/bindings/c1`, { name: "Ada" })],
    ["named anew", () => send("PUT", `${path}/bindings/c1`, { name: "Bob" })],
    ["undone", async () => send("POST", `${path}/events/${await lastBound()}/undo`)],
    ["merged", () => post(id, "clusters/c2/merge", { into: "c1" })],
    ["unbound", () => gateway(`${path}/bindings/c1`, { method: "DELETE" })],
  ];
  let before = await readAll(id);
  for (const [what, change] of changes) {
    const answer = await change();
    expect(answer.ok, `${what}: ${answer.status}`).toBe(true);
    for (const [i, name] of names.entries()) {
      const after = await read(id, name, before[i]?.etag);
      expect([after.status, after.etag !== before[i]?.etag], `${name}, ${what}`).toEqual([200, true]);
    }
    before = await readAll(id);
  }
  expect(before[2]?.text).toContain("Eve: Hallo.");
});

test("[R14] voices have a tag of their own and stay in no cache", async () => {
  const id = await opened();
  const [shown, whole] = [await get(id, "state"), await get(id, "state?include=centroids")];
  expect([shown.headers.get("cache-control"), whole.headers.get("cache-control")]).toEqual([
    "private, no-cache",
    "no-store",
  ]);
});

test("[R14] of a deleted session no document is left, whatever tag one has of it", async () => {
  const id = await opened();
  const before = await readAll(id);
  expect((await gateway(`/v1/sessions/${id}`, { method: "DELETE" })).ok).toBe(true);
  for (const [i, name] of names.entries()) {
    expect([name, (await read(id, name)).status, (await read(id, name, before[i]?.etag)).status]).toEqual([
      name,
      410,
      410,
    ]);
  }
});

test("[R15] many who ask for the same at once all get it", async () => {
  const id = await opened();
  const all = await Promise.all(Array.from({ length: 12 }, () => read(id, "transcript.srt")));
  expect(new Set(all.map(({ text }) => text)).size).toBe(1);
  expect(all.every(({ status }) => status === 200)).toBe(true);
});
