/** What one frame or request reads of a room's tables does not grow with the room's past, which callers can make long. */
import { expect, test } from "vitest";
import { limits } from "../../schemas/limits.ts";
import { chunkFrame, pcmOf } from "./support/audio.ts";
import { gateway } from "./support/bindings.ts";
import { Client } from "./support/client.ts";
import { newSession, RoomUnderTest } from "./support/room.ts";

/** Rows that an alarm may read meanwhile, and no more than what differs between two rooms for another reason. */
const noise = 40;
const lastSeq = 20_000;

/** Has a room's statements counted, by the rows they read. @returns a look at the count, which begins anew with it. */
async function countRows(room: RoomUnderTest): Promise<() => Promise<number>> {
  const cursors: SqlStorageCursor<Record<string, SqlStorageValue>>[] = [];
  await room.inside(({ sql }) => {
    const exec = sql.exec.bind(sql);
    sql.exec = (query, ...values) => {
      const cursor = exec(query, ...values);
      cursors.push(cursor);
      return cursor as never;
    };
  });
  return () => room.inside(() => cursors.splice(0).reduce((rows, { rowsRead }) => rows + rowsRead, 0));
}

/** A room whose tables hold what callers can bring there, so many rows of each kind. */
async function roomWithPast(rows: number): Promise<RoomUnderTest> {
  const room = new RoomUnderTest(newSession());
  const client = await Client.connect(room.sessionId, { track: "mic" });
  await client.keepAll([1, 2, lastSeq]);
  client.close();
  await room.inside(({ sql }) => {
    const add = (query: string, n: number): void => {
      sql.exec(`WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${n}) ${query}`);
    };
    const log = (type: string, n: number, more = ""): void => {
      const body = `json_object('type', '${type}', 'by', 'room', 'track', 'mic', 'to_seq', i${more})`;
      add(
        `INSERT INTO events (event_id, at, body) SELECT (SELECT max(event_id) FROM events) + i, i, ${body} FROM n`,
        n,
      );
    };
    log("track.stalled", rows);
    log("track.ended", Math.min(rows, limits.maxTrackEnds), ", 'padding_samples', 0");
    log("speaker.resolved", rows, ", 'from_seq', i, 'turns', json('[]')");
    add("INSERT INTO resolve_windows SELECT 'mic', i, i, 9, 0, 'failed' FROM n", rows);
    add("INSERT INTO late_chunks SELECT 'mic', i FROM n", rows);
    add("INSERT INTO gap_notes SELECT 'mic', i, i, 'rejected' FROM n", Math.min(rows, limits.maxGapNotes - 50));
    add("INSERT INTO track_openers SELECT 'mic' || i, 'somebody' FROM n", 10);
    sql.exec("DELETE FROM gaps");
    add("INSERT INTO gaps SELECT 'mic', i * 4, i * 4 + 2 FROM n", rows);
    sql.exec("INSERT INTO gaps VALUES ('mic', ?, ?)", rows * 4 + 100, lastSeq - 1);
    sql.exec("UPDATE track_rows SET last_seq = ?, resolved_seq = 3", lastSeq);
  });
  await room.evict();
  return room;
}

type Act = (client: Client, n: number) => Promise<unknown>;

const frames: Readonly<Record<string, Act>> = {
  "a chunk in order": (client, n) => client.keep(lastSeq + n),
  "a chunk that was missing": (client, n) => client.keep(lastSeq - 1_000 + 2 * n),
  "a chunk that is kept": (client) => client.keep(1),
  "a chunk that differs": (client) =>
    client.refused(
      chunkFrame({ sessionId: client.sessionId, seq: 1, pcm: pcmOf(9), encoding: "json" }),
      "seq_conflict",
    ),
  "a bad frame": (client) => client.refused("?", "bad_json"),
  "a hello": (client) => client.hello(),
  "a status": (client) => answered(client, { type: "status" }),
  "a gap": (client, n) =>
    answered(client, { type: "gap", from_seq: lastSeq + 9 * n, to_seq: lastSeq + 9 * n, cause: "capture_stall" }),
  "an end": (client, n) => answered(client, { type: "end", last_seq: 2 * lastSeq, padding_samples: n }),
};

async function answered(client: Client, message: object): Promise<unknown> {
  client.send(message);
  return client.next();
}

/** What each act reads in a room, once one of its kind was there. */
async function readsOf(rows: number, acts: Readonly<Record<string, Act>>): Promise<[string, number][]> {
  const room = await roomWithPast(rows);
  const client = await Client.connect(room.sessionId, { track: "mic" });
  await client.hello();
  const look = await countRows(room);
  const reads: [string, number][] = [];
  for (const [kind, act] of Object.entries(acts)) {
    // The first one may read what memory keeps for the next ones.
    await act(client, 1);
    await look();
    await act(client, 2);
    reads.push([kind, await look()]);
  }
  return reads;
}

async function growing(acts: Readonly<Record<string, Act>>): Promise<unknown[]> {
  const [few, many] = [await readsOf(50, acts), await readsOf(900, acts)];
  return many.flatMap(([kind, rows], i) => (rows > (few[i]?.[1] ?? 0) + noise ? [[kind, few[i]?.[1], rows]] : []));
}

test("[L16] no kind of frame reads more rows in a room with a long past", async () => {
  expect(await growing(frames)).toEqual([]);
});

const get =
  (path: string): Act =>
  ({ sessionId }) =>
    gateway(`/v1/sessions/${sessionId}/${path}`).then((answer) => answer.arrayBuffer());
const send =
  (method: string, path: string, body: (n: number) => object): Act =>
  ({ sessionId }, n) =>
    gateway(`/v1/sessions/${sessionId}${path}`, {
      method,
      body: JSON.stringify(body(n)),
      headers: { "content-type": "application/json" },
    }).then((answer) => answer.arrayBuffer());

const requests: Readonly<Record<string, Act>> = {
  state: get("state"),
  events: get("events?limit=10&after=100"),
  "a stretch of audio": get(`audio.wav?track=mic&from_ms=${(lastSeq - 10) * 1_000}`),
  peaks: get(`peaks?track=mic&points=10&from_ms=${(lastSeq - 10) * 1_000}`),
  "an utterance": send("POST", "/utterances", (n) => ({
    utterances: [{ track: "mic", start_ms: n, end_ms: n + 1, text: `${n}` }],
  })),
  settings: send("PATCH", "", (n) => ({ metadata: { n } })),
  session: get(""),
};

test("[L16] no such request reads more rows in a room with a long past", async () => {
  expect(await growing(requests)).toEqual([]);
});
