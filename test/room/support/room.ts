/** A room seen from behind: its tables, its alarm, its bucket, its end. */
import { abortAllDurableObjects, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { chunkKey } from "../../../server/gateway/archive/keys.ts";
import { ingestLoad } from "../../../server/gateway/core/ingest-load.ts";
import { recentChunks } from "../../../server/gateway/archive/recent-chunks.ts";
import { roomName } from "../../../schemas/names.ts";
import { bindings } from "./bindings.ts";
import { clock } from "./clock.ts";
import { evict } from "./evict.ts";

let sessions = 0;

/** An id no other test has. */
export function newSession(): string {
  sessions += 1;
  return `s${sessions}-${crypto.randomUUID()}`;
}

export type Row = Record<string, SqlStorageValue>;

export class RoomUnderTest {
  readonly sessionId: string;
  readonly #name: string;

  constructor(sessionId: string, tenant = "default") {
    this.sessionId = sessionId;
    this.#name = roomName(tenant, sessionId);
  }

  /** A new one each time: a stub breaks with the room it was made for. */
  get stub(): DurableObjectStub {
    return bindings.MEETING_SESSION.getByName(this.#name);
  }

  inside<T>(callback: (storage: DurableObjectStorage) => T | Promise<T>): Promise<T> {
    return runInDurableObject(this.stub, (_, state) => callback(state.storage));
  }

  rows(query: string, ...values: unknown[]): Promise<Row[]> {
    return this.inside((storage) => storage.sql.exec<Row>(query, ...values).toArray());
  }

  async count(table: string, where = "1"): Promise<number> {
    const [row] = await this.rows(`SELECT count(*) AS n FROM ${table} WHERE ${where}`);
    return Number(row?.["n"]);
  }

  pending(): Promise<number> {
    return this.count("chunks", "pcm IS NOT NULL");
  }

  /** Every row of every table of the room, as text. `but` leaves tables out. */
  async dump(but: readonly string[] = []): Promise<Record<string, string[]>> {
    return this.inside((storage) => dumpTables(storage, but));
  }

  /** Takes the room from memory; sockets hibernate. */
  async evict(): Promise<void> {
    // Only a running room can be evicted.
    await this.inside(() => undefined);
    await evict(this.stub);
  }

  /** Ends all rooms in the middle of whatever they do, as a crash would: sockets, pending work and what was in memory are gone. */
  kill(): Promise<void> {
    recentChunks.forget("");
    return abortAllDurableObjects();
  }

  alarmAt(): Promise<number | null> {
    return this.inside((storage) => storage.getAlarm());
  }

  /** Moves the clock to the room's alarm, by when no chunks rush in any more, and runs it. @returns whether one was set. */
  async wake(): Promise<boolean> {
    while (ingestLoad.isRush) await scheduler.wait(20);
    const at = await this.alarmAt();
    if (at === null) return false;
    clock.advanceTo(at);
    return runDurableObjectAlarm(this.stub);
  }

  /** Runs the room's alarms, each at its time, until the answer is true. */
  async wakeUntil(what: string, isTrue: () => Promise<boolean>, maxAlarms = 20): Promise<void> {
    for (let alarms = 0; alarms < maxAlarms; alarms += 1) {
      if (await isTrue()) return;
      if (!(await this.wake())) break;
    }
    if (!(await isTrue())) throw new Error(`the room's alarms did not get there: ${what}`);
  }

  async status(): Promise<string | undefined> {
    const [row] = await this.rows("SELECT value FROM meta WHERE key = 'status'");
    return typeof row?.["value"] === "string" ? row["value"] : undefined;
  }

  async stored(seq: number, track = "mixed"): Promise<Uint8Array | undefined> {
    const object = await bindings.RESULT_BUCKET.get(this.key(seq, track));
    return object ? new Uint8Array(await object.arrayBuffer()) : undefined;
  }

  key(seq: number, track = "mixed"): string {
    return chunkKey({ tenant: "default", sessionId: this.sessionId }, track, seq);
  }

  async storedKeys(): Promise<string[]> {
    const { objects } = await bindings.RESULT_BUCKET.list({ prefix: `sessions/${this.sessionId}/` });
    return objects.map(({ key }) => key);
  }
}

/** As `dump`, from inside the room. */
export function dumpTables({ sql }: DurableObjectStorage, but: readonly string[] = []): Record<string, string[]> {
  const tables = sql
    .exec<{ name: string }>(
      "SELECT name FROM sqlite_master WHERE type IN ('table', 'view') AND name NOT IN ('chunks', 'track_rows') ORDER BY name",
    )
    .toArray()
    .map(({ name }) => name)
    .filter((name) => !name.startsWith("_cf") && !but.includes(name));
  return Object.fromEntries(
    tables.map((name) => [
      name,
      sql
        // The bytes are shown by the view `journal`.
        .exec<Row>(
          name === "ledger"
            ? "SELECT track, seq, timestamp_ms, received_at, sha256 FROM ledger"
            : `SELECT * FROM ${name}`,
        )
        .toArray()
        .map((row) => JSON.stringify(row, bytesAsText)),
    ]),
  );
}

function bytesAsText(_key: string, value: unknown): unknown {
  return value instanceof ArrayBuffer ? Array.from(new Uint8Array(value).subarray(0, 64)).join(",") : value;
}
