/** The index of sessions: how it follows the rooms, and how it is listed. */
import { beforeEach, describe, expect, test } from "vitest";
import { limits } from "../../schemas/limits.ts";
import { range } from "./support/audio.ts";
import { bindings, gateway } from "./support/bindings.ts";
import { Client } from "./support/client.ts";
import { clock } from "./support/clock.ts";
import { createSession, post } from "./support/http.ts";
import { listed, page, plant } from "./support/index.ts";
import { indexFaults } from "./support/index-faults.ts";
import { newSession, RoomUnderTest } from "./support/room.ts";
import { eventually } from "./support/waiting.ts";

const statusOf = async (id: string): Promise<string | undefined> => (await listed(id))?.status;
const finalized = (room: RoomUnderTest) => async (): Promise<boolean> => (await room.status()) === "finalized";

/** All pages after one another. */
async function walk(query: string, between: (ids: string[]) => Promise<void> = async () => {}): Promise<string[]> {
  const ids: string[] = [];
  for (let cursor: string | null = ""; cursor !== null;) {
    const next = await page(`?${query}${cursor === "" ? "" : `&cursor=${cursor}`}`);
    ids.push(...next.sessions.map(({ session_id }) => session_id));
    cursor = next.next_cursor;
    await between(ids);
  }
  return ids;
}

describe("following a room", () => {
  test("[I1] a session is listed once it is open, with its counts once it is finalized", async () => {
    const room = new RoomUnderTest(newSession());
    const opened = clock.now();
    const client = await Client.connect(room.sessionId);
    await eventually("it is listed", async () => (await statusOf(room.sessionId)) === "open");
    clock.advance(1_000);
    await client.keepAll([1, 2, 4]);
    await room.wakeUntil("archived", async () => (await room.pending()) === 0);
    expect((await post(room.sessionId, "finalize", { expect: { mixed: 5 } })).status).toBe(200);
    await eventually("it is listed as finalized", async () => (await statusOf(room.sessionId)) === "finalized");
    const summary = await listed(room.sessionId);
    expect(summary).toMatchObject({ tracks: 1, kept_seconds: 3, duration_ms: 5_000, coverage: 0.6 });
    expect(Date.parse(summary?.created_at ?? "")).toBe(opened);
    expect(Date.parse(summary?.finalized_at ?? "")).toBeGreaterThan(opened);
  });

  test("[I1] counts are brought up to date now and then, not for every chunk", async () => {
    const room = new RoomUnderTest(newSession());
    const faults = indexFaults(room.sessionId);
    const client = await Client.connect(room.sessionId);
    await eventually("it is listed", async () => (await statusOf(room.sessionId)) === "open");
    const before = faults.statements.length;
    await client.keepAll(range(1, 30));
    expect(faults.statements.length).toBe(before);
    // A row that is written while chunks wait for R2 is written once more.
    await eventually("archived", async () => (await room.pending()) === 0);
    await room.wakeUntil("counted", async () => (await listed(room.sessionId))?.kept_seconds === 30);
    expect(faults.statements.length).toBe(before + 1);
    expect(await room.count("jobs", "name = 'index'")).toBe(0);
  });

  test("[I1] D1 down: acks and finalize go on, and the alarm writes what is behind once it is back", async () => {
    const room = new RoomUnderTest(newSession());
    const faults = indexFaults(room.sessionId);
    faults.fail();
    const client = await Client.connect(room.sessionId);
    await client.keepAll(range(1, 5));
    expect((await post(room.sessionId, "finalize")).status).toBe(200);
    await eventually("a write failed", () => faults.statements.length > 0);
    expect(await listed(room.sessionId)).toBeUndefined();
    await room.evict();
    await room.wake();
    expect(await listed(room.sessionId)).toBeUndefined();
    expect(await room.count("jobs", "name = 'index'")).toBe(1);
    faults.heal();
    await room.wakeUntil("it is listed", async () => (await statusOf(room.sessionId)) === "finalized");
    await room.wakeUntil("nothing is left to do", async () => (await room.count("jobs", "name = 'index'")) === 0);
  });

  test("[I1] D1 that never answers costs no ack and no finalize; a kill in the middle of the write loses nothing", async () => {
    const room = new RoomUnderTest(newSession());
    const faults = indexFaults(room.sessionId);
    const letGo = faults.hold();
    const client = await Client.connect(room.sessionId);
    await client.keepAll(range(1, 5));
    expect((await post(room.sessionId, "finalize")).status).toBe(200);
    await eventually("the write is under way", () => faults.statements.length === 1);
    await room.kill();
    faults.heal();
    letGo();
    await room.wakeUntil("it is listed", async () => (await statusOf(room.sessionId)) === "finalized");
  });

  test("[I1] a write that was overtaken on its way changes nothing", async () => {
    const room = new RoomUnderTest(newSession());
    const client = await Client.connect(room.sessionId);
    await client.keep(1);
    await eventually("it is listed", async () => (await statusOf(room.sessionId)) === "open");
    await post(room.sessionId, "finalize");
    await eventually("it is listed as finalized", async () => (await statusOf(room.sessionId)) === "finalized");
    await bindings.DB.prepare("UPDATE sessions SET revision = revision + 100, coverage = 0.5 WHERE session_id = ?")
      .bind(room.sessionId)
      .run();
    // What it would write now is older than what is there.
    await room.rows("INSERT OR REPLACE INTO jobs (name, due_at) VALUES ('index', ?)", clock.now());
    await room.evict();
    await room.wakeUntil("it wrote", async () => (await room.count("jobs", "name = 'index'")) === 0);
    expect(await listed(room.sessionId)).toMatchObject({ coverage: 0.5 });
  });

  test("[I1] a room of before there was an index is listed when it wakes", async () => {
    const room = new RoomUnderTest(newSession());
    const client = await Client.connect(room.sessionId);
    await client.keep(1);
    await eventually("it is listed", async () => (await statusOf(room.sessionId)) === "open");
    const openedAt = (await listed(room.sessionId))?.created_at;
    client.close();
    await bindings.DB.prepare("DELETE FROM sessions WHERE session_id = ?").bind(room.sessionId).run();
    await room.rows("DELETE FROM meta WHERE key = 'index_revision'");
    await room.evict();
    clock.advance(60_000);
    await room.wakeUntil("it is listed", async () => (await listed(room.sessionId)) !== undefined);
    expect((await listed(room.sessionId))?.created_at).toBe(openedAt);
  });

  test("[K7] every chunk of a stream is acked while D1 fails", async () => {
    const room = new RoomUnderTest(newSession());
    indexFaults(room.sessionId).fail();
    const client = await Client.connect(room.sessionId);
    for (const from of range(0, 9)) {
      clock.advance(120_000);
      await client.keepAll(range(from * 10 + 1, from * 10 + 10));
    }
    expect(await room.count("ledger")).toBe(100);
  });
});

describe("listing", () => {
  beforeEach(async () => {
    await bindings.DB.exec("DELETE FROM sessions");
  });

  test("[I2] thousands, newest first, each exactly once, also of one millisecond", async () => {
    const rows = range(1, 3_000).map((n) => ({
      session_id: `s-${String(n).padStart(4, "0")}`,
      created_at: 1_000_000 + Math.floor(n / 40),
      status: n % 3 === 0 ? "open" : "finalized",
    }));
    await plant(rows);
    const newestFirst = rows.map(({ session_id }) => session_id).toReversed();
    expect(await walk("limit=500")).toEqual(newestFirst);
    expect(await walk("limit=97&status=open")).toEqual(
      rows
        .filter(({ status }) => status === "open")
        .map(({ session_id }) => session_id)
        .toReversed(),
    );
    expect((await page()).sessions).toHaveLength(50);
    expect(await walk("limit=50&status=finalizing")).toEqual([]);
  });

  test("[I2] sessions that come and go while it is paged repeat and skip none of the others", async () => {
    const rows = range(1, 300).map((n) => ({ session_id: `s-${String(n).padStart(3, "0")}`, created_at: 1_000 + n }));
    await plant(rows);
    let turns = 0;
    const ids = await walk("limit=20", async (given) => {
      turns += 1;
      await plant([{ session_id: `new-${turns}`, created_at: 9_000 + turns }]);
      // The one that the cursor names goes too.
      await bindings.DB.prepare("DELETE FROM sessions WHERE session_id = ?").bind(given.at(-1)).run();
    });
    expect(ids).toEqual(rows.map(({ session_id }) => session_id).toReversed());
  });

  test("[I2] both ways of listing walk an index, whatever the number of sessions", async () => {
    const plans = await Promise.all(
      ["", "AND status = 'open'"].map((filter) =>
        bindings.DB.prepare(
          `EXPLAIN QUERY PLAN SELECT * FROM sessions WHERE tenant = 'default' ${filter} AND (created_at, session_id) < (5, 'a')
           ORDER BY created_at DESC, session_id DESC LIMIT 51`,
        ).all<{ detail: string }>(),
      ),
    );
    for (const { results } of plans) {
      expect(results).toHaveLength(1);
      expect(results[0]?.detail).toMatch(/^SEARCH sessions USING INDEX sessions_by_.*created_at/);
    }
  });

  test("[T1] another tenant's sessions are in no list", async () => {
    await plant([{ session_id: "theirs", created_at: 5, tenant: "acme" }]);
    expect(await page()).toEqual({ sessions: [], next_cursor: null });
  });

  test("[I2] the last page of exactly the limit says that it is the last", async () => {
    await plant(range(1, 20).map((n) => ({ session_id: `s-${n}`, created_at: n })));
    expect((await page("?limit=20")).next_cursor).toBeNull();
    expect((await page("?limit=19")).next_cursor).not.toBeNull();
  });

  const bad: readonly [string, string][] = [
    ["a status that is none", "?status=closed"],
    ["a status that no list shows", "?status=deleted"],
    ["a limit of nothing", "?limit=0"],
    ["a limit too high", `?limit=${limits.maxSessionsPerPage + 1}`],
    ["a limit that is no number", "?limit=1e2"],
    ["an empty limit", "?limit="],
    ["an empty cursor", "?cursor="],
    ["a cursor that is no base64", "?cursor=!!"],
    ["a cursor that is no JSON", `?cursor=${btoa("hello")}`],
    ["a cursor of other things", `?cursor=${btoa('["1","2"]').replaceAll("=", "")}`],
    ["a cursor with an id that can't be", `?cursor=${btoa('[1,"a/b"]').replaceAll("=", "")}`],
    ["a cursor in another spelling", `?cursor=${btoa('[1, "ab"]').replaceAll("=", "")}`],
    ["a cursor as long as a novel", `?cursor=${"A".repeat(4_000)}`],
  ];
  test.for(bad)("[I2] %s is refused", async ([, query]) => {
    const answer = await gateway(`/v1/sessions${query}`);
    expect(answer.status).toBe(400);
    expect(await answer.json()).toMatchObject({ code: "bad_request" });
  });

  test("[I2] without its tables the list is unavailable, and sessions go on", async () => {
    const room = new RoomUnderTest(newSession());
    await bindings.DB.exec("ALTER TABLE sessions RENAME TO elsewhere");
    try {
      const answer = await gateway("/v1/sessions");
      expect(answer.status).toBe(503);
      expect(answer.headers.get("retry-after")).toBe("5");
      expect(await answer.json()).toMatchObject({ code: "index_unavailable" });
      await createSession(room.sessionId, {});
      const client = await Client.connect(room.sessionId);
      await client.keep(1);
      expect((await post(room.sessionId, "finalize")).status).toBe(200);
      expect(await finalized(room)()).toBe(true);
    } finally {
      await bindings.DB.exec("ALTER TABLE elsewhere RENAME TO sessions");
    }
    await room.wakeUntil("it is listed", async () => (await statusOf(room.sessionId)) === "finalized");
  });
});
