/**
 * Old and new side by side: frames as three versions of the gateway documented them, read by this one; and the database of every
 * version before, brought up to date. Rooms of before are in `stored-state.test.ts` and `migrations.test.ts`.
 */
import { readdirSync, readFileSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { describe, expect, test } from "vitest";
import * as z from "zod";
import { parseRoomMessage } from "../../../client/capture/read-message.ts";
import { decodeFrame } from "../../../schemas/wire/codec.ts";
import { golden } from "../../support/golden.ts";

const wire = z.union([z.strictObject({ text: z.string() }), z.strictObject({ hex: z.string() })]);
const read = (name: string): string => readFileSync(new URL(name, import.meta.url), "utf8");
const before = z
  .array(
    z.object({
      commit: z.string(),
      date: z.string(),
      /** Frames that are golden still, to the byte. */
      same: z.array(z.string()),
      client: z.array(z.object({ name: z.string(), frame: wire, expect: z.object({ message: z.looseObject({}) }) })),
      room: z.array(z.object({ name: z.string(), message: z.looseObject({}) })),
    }),
  )
  .parse(JSON.parse(read("./golden-of-before.json")));

describe.each(before)("[V6] the version of $date ($commit)", ({ same, client, room }) => {
  test("its golden frames are golden still, but for those below", () => {
    const now = new Set(golden.client_frames.map(({ encoding, name }) => `${encoding} ${name}`));
    expect(same.length).toBeGreaterThan(40);
    expect(same.filter((name) => !now.has(name))).toEqual([]);
  });

  test.each(client)("this gateway takes its client's $name", ({ frame, expect: { message } }) => {
    const bytes = "text" in frame ? frame.text : Uint8Array.from(Buffer.from(frame.hex, "hex"));
    const decoded = decodeFrame(bytes);
    expect(decoded.ok && decoded.value).toMatchObject(message);
  });

  test.each(room)("this client reads its room's $name", ({ message }) => {
    expect(parseRoomMessage(JSON.stringify(message))).toBeDefined();
  });
});

const folder = new URL("../../../server/shared/d1/migrations/", import.meta.url);
const steps = readdirSync(folder).toSorted();
const sqlOf = (name: string): string => readFileSync(new URL(name, folder), "utf8");

function schemaOf(database: DatabaseSync): unknown[] {
  return database.prepare("SELECT type, name, sql FROM sqlite_master ORDER BY type, name").all();
}

test.each(steps.map((_, index) => index + 1))(
  "[I1] a database of which %d migrations were made keeps its sessions and keys, and ends with the same tables",
  (made) => {
    const database = new DatabaseSync(":memory:");
    for (const step of steps.slice(0, made)) database.exec(sqlOf(step));
    const columns = database
      .prepare(
        "SELECT name, type FROM pragma_table_info('sessions') WHERE \"notnull\" = 1 AND dflt_value IS NULL OR pk > 0",
      )
      .all()
      .map(({ name, type }) => [String(name), type === "TEXT" ? `'${String(name)}'` : "1"] as const);
    const names = columns.map(([name]) => name).join(", ");
    database.exec(`INSERT INTO sessions (${names}) VALUES (${columns.map(([, value]) => value).join(", ")})`);
    for (const step of steps.slice(made)) database.exec(sqlOf(step));
    const fresh = new DatabaseSync(":memory:");
    for (const step of steps) fresh.exec(sqlOf(step));
    expect(schemaOf(database)).toEqual(schemaOf(fresh));
    expect(database.prepare("SELECT tenant, session_id FROM sessions").all()).toEqual([
      expect.objectContaining({ tenant: "tenant", session_id: "session_id" }),
    ]);
  },
);
