/** Connections that talk and bring no audio. */
import { expect, test } from "vitest";
import { limits } from "../../schemas/limits.ts";
import { range } from "./support/audio.ts";
import { Client } from "./support/client.ts";
import { clock } from "./support/clock.ts";
import { guarded, tokenWith } from "./support/doors.ts";
import { newSession } from "./support/room.ts";

async function connect(sessionId: string, sub: string, track = "mic"): Promise<Client> {
  const credential = await tokenWith({ session_id: sessionId, role: "capture", sub });
  return Client.connect(sessionId, { track, credential, via: guarded });
}

async function ask(client: Client, times: number): Promise<void> {
  for (const _ of range(1, times)) client.send({ type: "status" });
  for (const _ of range(1, times)) await client.nextOf("status");
}

/** Sends one message more than is borne. @returns what it is told, once it is answered and closed. */
async function oneMore(client: Client): Promise<string> {
  await ask(client, 1);
  const { code } = await client.nextOf("error");
  await client.expectClose(4400);
  return code;
}

test("[L8] [limit:idleFramesBurst] so many messages at once, and one more ends the connection", async () => {
  const client = await connect(newSession(), "ada");
  await ask(client, limits.idleFramesBurst);
  expect(await oneMore(client)).toBe("too_many_errors");
});

test("[L8] [limit:maxIdleFramesPerSecond] then so many a second; audio does not count", async () => {
  const client = await connect(newSession(), "ada");
  await ask(client, limits.idleFramesBurst);
  clock.advance(1_000);
  await client.keepAll(range(1, 2 * limits.maxIdleFramesPerSecond));
  await ask(client, limits.maxIdleFramesPerSecond);
  expect(await oneMore(client)).toBe("too_many_errors");
});

test("[L8] the burst is a caller's: neither a new connection nor another track begins it anew", async () => {
  const sessionId = newSession();
  const quarter = limits.idleFramesBurst / 4;
  for (const track of ["mic", "mic", "room", "desk"]) {
    const client = await connect(sessionId, "eve", track);
    await ask(client, quarter);
    client.close();
  }
  expect(await oneMore(await connect(sessionId, "eve", "lamp"))).toBe("too_many_errors");
  await ask(await connect(sessionId, "ada"), quarter);
});

test("[L8] [limit:tooManyErrorsRestMs] its caller then has to rest for that track; others don't", async () => {
  const sessionId = newSession();
  const client = await connect(sessionId, "eve");
  await ask(client, limits.idleFramesBurst);
  expect(await oneMore(client)).toBe("too_many_errors");
  clock.advance(limits.tooManyErrorsRestMs - 1);
  const early = await connect(sessionId, "eve");
  expect(await early.nextOf("error")).toMatchObject({ code: "rate_limited", retryable: true, retry_after_ms: 1 });
  await early.expectClose(4429);
  await (await connect(sessionId, "ada")).keep(1);
  await (await connect(sessionId, "eve", "room")).keep(1);
  clock.advance(1);
  await (await connect(sessionId, "eve")).keep(2);
});
