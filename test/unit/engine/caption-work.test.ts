/** What a caption costs the room, counted in what is asked of its database. */
import { expect, test, vi } from "vitest";
import { limits } from "../../../schemas/limits.ts";
import { databaseOf, type SqlRow, type SqlParameter } from "../../../server/shared/lib/sql.ts";
import { migrate } from "../../../server/gateway/core/migrations.ts";
import { EventLog } from "../../../server/gateway/events/event-log.ts";
import { SpeakerBook } from "../../../server/gateway/speakers/speaker-book.ts";
import { Utterances } from "../../../server/gateway/speakers/utterances.ts";
import { UtteranceStore } from "../../../server/gateway/speakers/utterance-store.ts";
import type { Tracks } from "../../../server/gateway/tracks/tracks.ts";
import { nodeSqlite } from "../../support/node-database.ts";
import { randomFrom, seed } from "../support/random.ts";

/** A room with resolved seconds of one track, that counts its queries. */
function openCounted(resolvedSeconds: number) {
  const { adapter } = nodeSqlite(() => 1_000);
  const queries: string[] = [];
  const exec = <Row extends SqlRow>(query: string, ...values: SqlParameter[]) => {
    queries.push(query);
    return adapter.sql.exec<Row>(query, ...values);
  };
  const db = databaseOf({ ...adapter, sql: { exec } });
  migrate(db);
  const events = new EventLog(db);
  const speakers = new SpeakerBook(db, events);
  const tracks = { row: () => ({}), watermarks: { resolvedSeq: () => resolvedSeconds } } as unknown as Tracks;
  const utterances = new Utterances({
    db,
    tracks,
    events,
    speakers,
    store: new UtteranceStore(db),
    onCommit: () => {},
  });
  return { db, events, speakers, utterances, queries };
}

const resolved = (track: string, from_seq: number, to_seq: number, cluster_id: string) =>
  ({ type: "speaker.resolved", track, from_seq, to_seq, cluster_id, by: "inference" }) as const;

test("[R11] captions of one request read the roster once, and none of them the clusters", () => {
  const { speakers, utterances, queries } = openCounted(600);
  speakers.setRoster(Array.from({ length: limits.maxRosterEntries }, (_, n) => ({ name: `Given${n} Family${n}` })));
  const posted = Array.from({ length: 500 }, (_, n) => ({
    track: "mixed",
    start_ms: n * 1_000,
    end_ms: n * 1_000 + 900,
    text: "Well, I am here, and this is a long meeting.",
  }));
  queries.length = 0;
  utterances.add(posted);
  expect(queries.filter((query) => query.includes("FROM state")).length).toBe(1);
  const parsed = vi.spyOn(JSON, "parse");
  utterances.add(posted);
  expect(parsed).not.toHaveBeenCalled();
  parsed.mockRestore();
});

test("[R11] a roster that changes is the one that counts, also where its change was undone", () => {
  const { db, speakers } = openCounted(600);
  const nameAt = (text: string): string | undefined => speakers.expected.at(text)?.name;
  speakers.setRoster([{ name: "Ada" }]);
  expect(nameAt("ada")).toBe("Ada");
  const change = (): void => {
    speakers.setRoster([{ name: "Bob" }]);
    expect(nameAt("bob")).toBe("Bob");
    throw new Error("undone");
  };
  expect(() => db.transaction(change)).toThrow("undone");
  expect(nameAt("bob")).toBeUndefined();
  expect(nameAt("ada")).toBe("Ada");
});

test("[R11] who spoke at a place is found by the place, and is what a look at every event finds", () => {
  const { db, events, queries } = openCounted(600);
  const random = randomFrom(seed);
  for (let n = 0; n < 400; n += 1) {
    const from = 1 + random(200);
    const to = from + random(limits.maxWindowChunks);
    events.append(resolved(random(2) === 0 ? "mic" : "room", from, to, `c${n}`));
  }
  for (let n = 0; n < 200; n += 1) {
    const fromMs = random(200_000);
    const toMs = fromMs + random(40_000);
    const all = events
      .all()
      .filter(
        ({ track, from_seq = 0, to_seq = 0 }) =>
          track === "mic" && to_seq * 1_000 > fromMs && (from_seq - 1) * 1_000 < toMs,
      );
    expect(events.resolvedBetween("mic", fromMs, toMs), `seed ${seed}: ${fromMs}–${toMs}`).toEqual(all);
  }
  const query = queries.findLast((text) => text.includes("BETWEEN")) ?? "";
  const plan = db.sql.exec<{ detail: string }>(`EXPLAIN QUERY PLAN ${query}`, "mic", 0, 1, 0, 1).toArray();
  expect(plan.map(({ detail }) => detail).join()).toContain(
    "INDEX resolved_by_place (<expr>=? AND <expr>>? AND <expr><?)",
  );
});
