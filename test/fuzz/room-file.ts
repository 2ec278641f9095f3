/** A room's SQLite file, read past the gateway that has it open. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { roomName } from "../../schemas/names.ts";
import { objectIdOf } from "../../scripts/local/object-id.ts";
import type { Dump } from "./check-tables.ts";

const uniqueKey = "roomtone-MeetingSessionDO";
/** The room may write. */
const busyTimeoutMs = 10_000;

/** As the tests dump a room: rows as text, of blobs the first 64 bytes. Undefined where the room has no file. */
export function dumpRoom(stateDir: string, tenant: string, sessionId: string): Dump | undefined {
  const file = join(stateDir, "v3", "do", uniqueKey, `${objectIdOf(uniqueKey, roomName(tenant, sessionId))}.sqlite`);
  if (!existsSync(file)) return undefined;
  const database = new DatabaseSync(file, { readOnly: true, timeout: busyTimeoutMs });
  try {
    // Tracks and bytes as the views show them.
    const select = `SELECT name FROM sqlite_master
      WHERE type IN ('table', 'view') AND name NOT IN ('chunks', 'track_rows') ORDER BY name`;
    const tables = database.prepare(select).all();
    const names = tables.map(({ name }) => String(name)).filter((name) => !/^(_cf|__miniflare)/.test(name));
    const rowsOf = (name: string): string[] =>
      database
        .prepare(`SELECT * FROM ${name}`)
        .all()
        .map((row) => JSON.stringify(row, blobAsText));
    return Object.fromEntries(names.map((name) => [name, rowsOf(name)]));
  } finally {
    database.close();
  }
}

function blobAsText(_key: string, value: unknown): unknown {
  return value instanceof Uint8Array ? value.subarray(0, 64).join(",") : value;
}
