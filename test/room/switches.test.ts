/** Areas that are switched off while the installation runs. */
import { afterEach, expect, test } from "vitest";
import { bindings } from "./support/bindings.ts";
import { clock } from "./support/clock.ts";
import { codeOf, expectLater, Tenant } from "./support/tenant.ts";
import { eventually } from "./support/waiting.ts";

async function turn(area: string, isOff: boolean): Promise<void> {
  const sql = isOff ? "INSERT INTO switches VALUES (?, 1)" : "DELETE FROM switches WHERE name = ?";
  await bindings.DB.prepare(sql).bind(area).run();
  clock.advance(15_000);
}

afterEach(async () => {
  await bindings.DB.prepare("DELETE FROM switches").run();
  clock.advance(15_000);
});

test("[X10] ingest off: a connection stays, its chunk is refused and taken later, and nobody new comes in", async () => {
  const tenant = await Tenant.new();
  const room = tenant.room();
  const client = await tenant.connect(room);
  await client.keep(1);
  await turn("ingest", true);
  // The first chunk after a change may still be kept: it is what asks.
  let seq = 2;
  await eventually("it is heard of", async () => {
    client.sendChunk(seq);
    const answer = await client.next();
    if (answer.type === "ack") seq += 1;
    return answer.type === "error";
  });
  client.sendChunk(seq);
  expect(await client.nextOf("error")).toMatchObject({
    code: "rate_limited",
    retryable: true,
    retry_after_ms: 15_000,
    detail: expect.stringContaining("switched off"),
  });
  // What is kept already is still confirmed.
  expect(await client.keep(1)).toMatchObject({ status: "duplicate" });
  expect(await expectLater(await tenant.connect(room))).toBe(15_000);
  await turn("ingest", false);
  await eventually("it is on again", async () => {
    client.sendChunk(seq);
    return (await client.next()).type === "ack";
  });
  await (await tenant.connect(room)).keep(seq + 1);
});

test("[X10] each area's routes answer 503 switched_off and when to come again; the others go on", async () => {
  const tenant = await Tenant.new();
  const room = tenant.room();
  await tenant.create(room);
  const path = `/v1/sessions/${room.sessionId}`;
  const routes = [
    ["chat", "POST", "/v1/chat"],
    ["participant", "PUT", `${path}/participant`],
    ["captions", "POST", `${path}/transcribe`],
    ["inference", "POST", `${path}/resolve`],
  ] as const;
  for (const [area] of routes) await turn(area, true);
  for (const [, method, route] of routes) {
    const answer = await tenant.send(method, route);
    expect(answer.headers.get("retry-after")).toBe("15");
    expect(await codeOf(answer)).toBe("503 switched_off");
  }
  await (await tenant.connect(room)).keep(1);
  for (const [area] of routes) await turn(area, false);
  for (const [, method, route] of routes)
    expect(await codeOf(await tenant.send(method, route))).not.toContain("switched_off");
});
