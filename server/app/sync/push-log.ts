/** The last pushes of each device and what became of them, so that one whose answer was lost is not taken twice (SPEC SY3). */
import type { Outcome } from "../../../schemas/sync/documents.ts";
import { limits } from "../../../schemas/limits.ts";
import type { Database } from "../../shared/lib/sql.ts";
import { stmt } from "../../shared/lib/stmt.ts";

/** A device has one push of a collection under way at a time. */
const keptPerDevice = 16;

const find = stmt<[string, string], { digest: string; outcomes: string }>(
  "SELECT digest, outcomes FROM pushes WHERE device_id = ? AND push_id = ?",
);
const add = stmt<[string, string, string, string]>(
  "INSERT INTO pushes (device_id, push_id, digest, outcomes) VALUES (?, ?, ?, ?)",
);
const prune = stmt<[string, number]>(
  "DELETE FROM pushes WHERE device_id = ?1 AND n NOT IN (SELECT n FROM pushes WHERE device_id = ?1 ORDER BY n DESC LIMIT ?2)",
);
const seen = stmt<[string, number, number]>(
  `INSERT INTO devices (device_id, last_at, revision, seen) VALUES (?1, ?2, ?3, (SELECT coalesce(max(seen), 0) + 1 FROM devices))
   ON CONFLICT (device_id) DO UPDATE SET last_at = excluded.last_at, revision = max(revision, excluded.revision), seen = excluded.seen`,
);
const beyond = stmt<[number], { device_id: string }>(
  "SELECT device_id FROM devices ORDER BY seen DESC LIMIT -1 OFFSET ?",
);
const dropDevice = stmt<[string]>("DELETE FROM devices WHERE device_id = ?");
const dropPushes = stmt<[string]>("DELETE FROM pushes WHERE device_id = ?");
const devices = stmt<[], DeviceRow>("SELECT device_id, last_at, revision FROM devices ORDER BY seen DESC");

export interface DeviceRow {
  readonly device_id: string;
  readonly last_at: number;
  readonly revision: number;
}

export class PushLog {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  find(deviceId: string, pushId: string): { readonly digest: string; readonly outcomes: Outcome[] } | undefined {
    const row = find.first(this.#db, deviceId, pushId);
    return row && { digest: row.digest, outcomes: JSON.parse(row.outcomes) as Outcome[] };
  }

  add(deviceId: string, pushId: string, digest: string, outcomes: readonly Outcome[]): void {
    add.run(this.#db, deviceId, pushId, digest, JSON.stringify(outcomes));
    prune.run(this.#db, deviceId, keptPerDevice);
  }
}

/** A device was here. Beyond as many as are remembered, the one that was away for longest is forgotten with its pushes. */
export function deviceSeen(db: Database, deviceId: string, revision: number): void {
  db.transaction(() => {
    seen.run(db, deviceId, db.now(), revision);
    for (const { device_id } of beyond.all(db, limits.maxSyncDevices)) {
      dropDevice.run(db, device_id);
      dropPushes.run(db, device_id);
    }
  });
}

export function devicesOf(db: Database): DeviceRow[] {
  return devices.all(db);
}
