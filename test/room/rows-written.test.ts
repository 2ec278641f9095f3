/** What a chunk costs of the rows that are billed: it is written once, and once more when R2 has it. */
import { expect, test } from "vitest";
import { range } from "./support/audio.ts";
import { Client } from "./support/client.ts";
import { createSession } from "./support/http.ts";
import { newSession, RoomUnderTest } from "./support/room.ts";
import { eventually } from "./support/waiting.ts";

/** Many enough for what is written now and then to be a small part. */
const chunks = 64;

test("[K4] a chunk in order writes a row, and another as it goes to R2; its track's row is written now and then", async () => {
  const room = new RoomUnderTest(newSession());
  await createSession(room.sessionId, { resolve: { auto: false } });
  const client = await Client.connect(room.sessionId, { track: "mic" });
  await client.keepAll([1, 2, 3]);
  await room.wakeUntil("archived", async () => (await room.pending()) === 0);
  const written = new Map<string, number>();
  const cursors: [string, SqlStorageCursor<Record<string, SqlStorageValue>>][] = [];
  await room.inside(({ sql }) => {
    const exec = sql.exec.bind(sql);
    sql.exec = (query, ...values) => {
      const cursor = exec(query, ...values);
      cursors.push([/(?:INTO|UPDATE|FROM) (\w+)/.exec(query)?.[1] ?? query, cursor]);
      return cursor as never;
    };
  });
  // As a meeting goes on: R2 is a few seconds behind.
  for (let seq = 4; seq <= 3 + chunks; seq += 4) {
    await client.keepAll(range(seq, seq + 3));
    await eventually("it is archived", async () => (await room.pending()) === 0);
  }
  await room.inside(() => {
    for (const [table, { rowsWritten }] of cursors) written.set(table, (written.get(table) ?? 0) + rowsWritten);
  });
  expect(written.get("ledger")).toBe(2 * chunks);
  expect(written.get("track_rows")).toBeLessThanOrEqual(Math.ceil(chunks / 16));
  // What else: the alarm's jobs, and what the app is told.
  const all = [...written.values()].reduce((sum, rows) => sum + rows, 0);
  expect(all).toBeLessThan(2.5 * chunks);
});
