/**
 * Mutated requests: every answer is a documented one, and what was refused left nothing behind. `npm run fuzz` does the same
 * with many more, and with what only a socket can send.
 */
import { expect, inject, test } from "vitest";
import { encodeBase64 } from "../../schemas/wire/base64.ts";
import type { FuzzAnswer } from "../fuzz/check-answer.ts";
import type { Dump } from "../fuzz/check-tables.ts";
import { RequestPlayer, type Send } from "../fuzz/request-player.ts";
import { credentialsOf, type Keys, type RequestWorld } from "../fuzz/request-world.ts";
import { chunkFrame, pcmOf } from "./support/audio.ts";
import { clock } from "./support/clock.ts";
import { bearer, guarded, jwtSecret, keyFor } from "./support/doors.ts";
import { inference, sameSpeaker } from "./support/inference.ts";
import { RoomUnderTest } from "./support/room.ts";

// Run one seed again: ROOMTONE_SEED=… npm test -- fuzz-requests
const seeds = [inject("seed")];
const requestsOfSeed = 1_000;
const firstWordsMs = 200;

/** What the room writes by itself, whenever it is awake. */
const ofTheBackground = ["jobs"];

async function newWorld(): Promise<RequestWorld> {
  const id = crypto.randomUUID();
  const [admin, writeKey, readKey, mintKey, otherTenantKey, revokedKey] = await Promise.all([
    keyFor("default", ["admin"]),
    keyFor("default", ["sessions:write"]),
    keyFor("default", ["sessions:read"]),
    keyFor("default", ["tokens:mint"]),
    keyFor("other", ["admin"]),
    keyFor("default", ["admin"], { isRevoked: true }),
  ]);
  const keys = { admin, writeKey, readKey, mintKey, otherTenantKey, revokedKey };
  const texts = Object.fromEntries(Object.entries(keys).map(([name, { key }]) => [name, key])) as Record<
    keyof Keys,
    string
  >;
  const reference = `fuzzed-${id}`;
  const room = new RoomUnderTest(reference);
  return {
    tag: id,
    reference,
    scratch: [0, 1, 2].map((nth) => `fuzzed-${nth}-${id}`),
    unknown: `unknown-${id}`,
    credentials: await credentialsOf(texts, jwtSecret, reference, clock.now()),
    secrets: [jwtSecret],
    dump: async () => withoutRevision(await room.dump(ofTheBackground)),
  };
}

/** How often the index was told is the room's own business. */
function withoutRevision(dump: Dump): Dump {
  return { ...dump, meta: (dump["meta"] ?? []).filter((row) => !row.includes('"index_revision"')) };
}

const send: Send = async ({ method, path, headers: pairs, body, plan }) => {
  const headers = new Headers();
  for (const [name, value] of pairs) headers.append(name, value);
  const sent = body && (plan.body.isChunked ? new Response(body).body : body);
  const answer = await guarded(path, { method, headers, ...(sent ? { body: sent } : {}) });
  return { status: answer.status, headers: Object.fromEntries(answer.headers), text: await textOf(answer) };
};

async function textOf(answer: Response): Promise<FuzzAnswer["text"]> {
  if (answer.webSocket) return firstWordsOf(answer.webSocket);
  if (answer.headers.get("content-type")?.startsWith("text/event-stream") !== true) return answer.text();
  // It would go on for ever.
  await answer.body?.cancel();
  return "";
}

async function firstWordsOf(socket: WebSocket): Promise<string> {
  const words = new Promise<string>((resolve) => {
    socket.addEventListener("message", ({ data }) =>
      resolve(typeof data === "string" ? data : new TextDecoder().decode(data as ArrayBuffer)),
    );
  });
  socket.binaryType = "arraybuffer";
  socket.accept();
  const text = await Promise.race([words, scheduler.wait(firstWordsMs).then(() => "")]);
  socket.close(1_000);
  return text;
}

/** A session with some of everything, so that there is something to change. */
async function fill({ reference, scratch, credentials }: RequestWorld): Promise<void> {
  const json = { ...bearer(credentials.admin), "content-type": "application/json" };
  for (const session_id of [reference, ...scratch]) {
    inference(session_id, (request) => Response.json(sameSpeaker(request)));
    const body = JSON.stringify({ session_id, metadata: { title: "fuzz" }, resolve: { auto: false } });
    expect((await guarded("/v1/sessions", { method: "POST", headers: json, body })).status).toBe(201);
  }
  const headers = { ...bearer(credentials.admin), upgrade: "websocket" };
  const { webSocket: socket } = await guarded(`/v1/audio/ws/${reference}/mic`, { headers });
  socket?.accept();
  const acked = new Promise((resolve) => socket?.addEventListener("message", resolve, { once: true }));
  socket?.send(JSON.stringify(chunkFrame({ sessionId: reference, seq: 2, pcm: pcmOf(2), encoding: "json" })));
  await acked;
  socket?.close(1_000);
  const utterances = [{ utterance_id: "u0", track: "mic", start_ms: 0, end_ms: 500, text: "Hello." }];
  const path = `/v1/sessions/${reference}/utterances`;
  expect((await guarded(path, { method: "POST", headers: json, body: JSON.stringify({ utterances }) })).status).toBe(
    200,
  );
  const room = new RoomUnderTest(reference);
  await room.wakeUntil("archived", async () => (await room.pending()) === 0);
}

test.for(seeds)("[N3][T1] every answer is documented, and a refusal changes nothing; seed %i", async (seed) => {
  const world = await newWorld();
  await fill(world);
  const player = new RequestPlayer(world, send);
  await player.play(seed, requestsOfSeed);
  // It was not all refused at the door.
  for (const status of [200, 400, 401, 403, 404]) expect(player.answers.get(status)).toBeGreaterThan(0);
  expect((await guarded("/health")).status).toBe(200);
  const path = `/v1/sessions/${world.reference}/finalize`;
  const finalized = await guarded(path, { method: "POST", headers: bearer(world.credentials.admin) });
  expect(finalized.status).toBe(200);
  expect(encodeBase64(pcmOf(2))).toBe(
    encodeBase64((await new RoomUnderTest(world.reference).stored(2, "mic")) ?? pcmOf(1)),
  );
});
