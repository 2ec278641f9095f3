/** What a deletion leaves on the disk of a local gateway: looked for as bytes in all files, whatever they are. */
import { existsSync, readdirSync, readFileSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { until } from "../../client/testkit/until.ts";
import { newSession, postJson, send } from "../support/gateway-http.ts";
import { useGateway } from "../support/use-gateway.ts";
import { TestClient } from "../support/ws-client.ts";

const gateway = useGateway({ env: { RETENTION_DAYS: "1" } });
const filesBelow = (folder: string): string[] =>
  readdirSync(folder, { recursive: true, encoding: "utf8" })
    .map((name) => join(folder, name))
    .filter((path) => statSync(path, { throwIfNoEntry: false })?.isFile());
const holding = (word: string): string[] =>
  filesBelow(gateway.stateDir).filter((path) => existsSync(path) && readFileSync(path).includes(word));

/** A session that says the word wherever a caller can say something, and said another word before. */
async function sayEverywhere(session: string, word: string): Promise<void> {
  const config = {
    title: `T ${word}`,
    metadata: { said: word },
    roster: [{ name: `R ${word}`, email: `${word}@x.io` }],
  };
  expect((await postJson(gateway, "/v1/sessions", { session_id: session, ...config })).status).toBe(201);
  const client = await TestClient.connect(gateway, { session, track: "mic" });
  for (const seq of [1, 2, 3]) await client.keep(seq);
  const utterances = Array.from({ length: 50 }, (_, n) => ({
    utterance_id: `u${n}`,
    track: "mic",
    start_ms: n,
    end_ms: n + 1,
    text: `${word} said ${n}`,
    speaker: `S ${word}`,
  }));
  expect((await postJson(gateway, `/v1/sessions/${session}/utterances`, { utterances })).status).toBe(200);
  // What was said first is no row any more, and lies in the file all the same.
  const patch = { title: "Another", metadata: { said: "nothing" } };
  expect(
    (await send(gateway, `/v1/sessions/${session}`, { method: "PATCH", body: JSON.stringify(patch) })).status,
  ).toBe(200);
  await client.leave();
}

test("[I8] after DELETE no file of the state holds a word of the session", async () => {
  const session = newSession();
  const word = "Zyzzogeton-of-the-meeting";
  await sayEverywhere(session, word);
  await until(() => (holding(word).length >= 2 ? true : undefined), {
    what: "the word in the room's file and the list's",
  });
  expect((await postJson(gateway, `/v1/sessions/${session}/finalize`, { metadata: { end: word } })).status).toBe(200);
  expect((await send(gateway, `/v1/sessions/${session}`, { method: "DELETE" })).status).toBe(200);
  expect(holding(word)).toEqual([]);
  expect((await send(gateway, `/v1/sessions/${session}`)).status).toBe(410);
});

test("[I8] nor after the deletion of an open meeting while others go on", async () => {
  const [session, other] = [newSession(), newSession()];
  const word = "Quadragenarious-remark";
  await sayEverywhere(other, "Left-alone-remark");
  await sayEverywhere(session, word);
  const client = await TestClient.connect(gateway, { session: other, track: "second" });
  await client.keep(1);
  const deleting = send(gateway, `/v1/sessions/${session}`, { method: "DELETE" });
  for (const seq of [2, 3, 4, 5]) await client.keep(seq);
  expect((await deleting).status).toBe(200);
  expect(holding(word)).toEqual([]);
  expect(holding("Left-alone-remark").length).toBeGreaterThan(0);
  expect((await send(gateway, `/v1/sessions/${other}/state`)).status).toBe(200);
  await client.leave();
});

test("[I8] nor a kept chat that was told its words, deleted before the meeting or after it", async () => {
  const session = newSession();
  const word = "Sesquipedalian-remark";
  await sayEverywhere(session, word);
  const ask = async (): Promise<string> => {
    const made = JSON.parse((await postJson(gateway, "/v1/chats", {})).text) as { chat_id: string };
    const question = { chat_id: made.chat_id, message: "What is the remark that was said?", meetings: [session] };
    expect((await postJson(gateway, "/v1/chat", question)).text).toContain(word);
    return made.chat_id;
  };
  const [first, second] = [await ask(), await ask()];
  expect((await send(gateway, `/v1/chats/${first}`, { method: "DELETE" })).status).toBe(204);
  expect((await send(gateway, `/v1/sessions/${session}`, { method: "DELETE" })).status).toBe(200);
  expect(holding(word)).toEqual([]);
  expect((await send(gateway, `/v1/chats/${second}`)).text).toContain("forgotten");
  expect((await send(gateway, `/v1/chats/${second}`, { method: "DELETE" })).status).toBe(204);
});

test("[I3] bytes in R2 that no row names are gone after the next start, and nothing else is", async () => {
  const session = newSession();
  const client = await TestClient.connect(gateway, { session });
  await client.keep(1);
  await client.leave();
  await until(
    async () => {
      const { text } = await send(gateway, `/v1/sessions/${session}/state`);
      return (JSON.parse(text) as { ingest: { archived_seq: number } }).ingest.archived_seq === 1 ? true : undefined;
    },
    { what: "the second to be in R2" },
  );
  await gateway.stop();
  const blobs = join(gateway.stateDir, "v3/r2/interview-feedback-results/blobs");
  const kept = readdirSync(blobs);
  for (const name of ["0123456789abcdef", "0123456789abcdef.tmp"])
    writeFileSync(join(blobs, name), Buffer.alloc(32_000));
  const ofTomorrow = join(blobs, "from-the-future");
  writeFileSync(ofTomorrow, "x");
  utimesSync(ofTomorrow, new Date(), new Date(Date.now() + 86_400_000));
  await gateway.start();
  expect(readdirSync(blobs).toSorted()).toEqual([...kept, "from-the-future"].toSorted());
  expect((await send(gateway, `/v1/sessions/${session}/audio.wav`)).status).toBe(200);
});

test("[I8] [SY10] nor does one hold what a chat was called, and told, before it was changed", async () => {
  const word = "Hippopotomonstrous-name";
  const made = { title: `About ${word}`, context: { constraints: [`Mind the ${word}.`] } };
  const { text, status } = await postJson(gateway, "/v1/chats", made);
  expect(status).toBe(201);
  const { chat_id: id } = JSON.parse(text) as { chat_id: string };
  await until(() => (holding(word).length >= 2 ? true : undefined), {
    what: "the word in the chat's file and the list's",
  });
  const change = async (body: object): Promise<number> =>
    (await send(gateway, `/v1/chats/${id}`, { method: "PATCH", body: JSON.stringify(body) })).status;
  expect(await change({ title: "Another" })).toBe(200);
  expect(await change({ context: {} })).toBe(200);
  expect(holding(word)).toEqual([]);
});
