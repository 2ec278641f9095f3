/** What one participant of a meeting may have of what all share. */
import { describe, expect, test } from "vitest";
import { limits } from "../../schemas/limits.ts";
import { range } from "./support/audio.ts";
import type { Client } from "./support/client.ts";
import { clock } from "./support/clock.ts";
import { bearer, guarded } from "./support/doors.ts";
import { Meeting } from "./support/meeting.ts";
import { eventually } from "./support/waiting.ts";

/** Whether it is let in: what comes first tells. */
async function isIn(client: Client): Promise<boolean> {
  client.send({ type: "ping", n: 1 });
  return (await client.next()).type !== "error";
}

/** Opens as many as it may have, at most `most`. */
async function takeAll(most: number, open: (n: number) => Promise<Client>): Promise<Client[]> {
  const clients: Client[] = [];
  for (const n of range(1, most)) {
    const client = await open(n);
    if (!(await isIn(client))) break;
    clients.push(client);
  }
  return clients;
}

describe("tracks", () => {
  test("[W6] opening a connection opens no track: its first accepted frame does", async () => {
    const { room, ...meeting } = await Meeting.open();
    const { tenant } = meeting;
    const clients = await Promise.all(range(0, 15).map((n) => tenant.connect(room, `t${n}`)));
    for (const client of clients) await client.refused("{", "bad_json");
    expect([await room.count("tracks"), await room.count("events"), await room.count("gap_notes")]).toEqual([0, 0, 0]);
    await (await tenant.connect(room, "host")).keep(1);
    expect(await room.rows("SELECT track, rejected_chunks FROM tracks")).toEqual([
      { track: "host", rejected_chunks: 0 },
    ]);
  });

  test("[K5] what was refused before the track was open counts on it as soon as it is", async () => {
    const { room, tenant } = await Meeting.open();
    const client = await tenant.connect(room, "mic");
    await client.refused("{", "bad_json");
    await room.evict();
    await client.keep(1);
    expect(await room.rows("SELECT rejected_chunks FROM tracks")).toEqual([{ rejected_chunks: 1 }]);
  });

  test.each(["hello", "chunk", "end", "gap"])(
    "[L9] one token that names no tracks opens half of them with %s, and the host gets its own",
    async (type) => {
      const meeting = await Meeting.open({ MAX_TRACKS_PER_SESSION: "6" });
      const frames: Readonly<Record<string, (client: Client) => void>> = {
        hello: (client) => client.send({ type: "hello", sample_rate: 16_000, channels: 1, format: "pcm_s16le" }),
        chunk: (client) => client.sendChunk(1),
        end: (client) => client.send({ type: "end", last_seq: 0 }),
        gap: (client) => client.send({ type: "gap", from_seq: 1, to_seq: 1, cause: "client_gave_up" }),
      };
      let refused = 0;
      for (const n of range(1, 6)) {
        const client = await meeting.stream("eve", `t${n}`);
        frames[type]?.(client);
        const answer = await client.next();
        if (answer.type === "error" && answer.code === "forbidden") refused += 1;
        client.close();
      }
      expect(refused).toBe(3);
      await (await meeting.stream("host", "host")).keep(1);
      await (await meeting.stream("guest", "guest")).keep(1);
      expect(await meeting.room.count("tracks")).toBe(5);
    },
  );

  test("[L9] a token has all the tracks that it names, and a backend's key all there are", async () => {
    const meeting = await Meeting.open({ MAX_TRACKS_PER_SESSION: "4" });
    for (const track of ["a", "b", "c"])
      await (await meeting.stream("ada", track, { tracks: ["a", "b", "c"] })).keep(1);
    await (await meeting.tenant.connect(meeting.room, "d")).keep(1);
    expect(await meeting.room.count("tracks")).toBe(4);
  });
});

describe("connections", () => {
  test("[L9] one token's subject has half of those that stream at most; others and backends are let in", async () => {
    const meeting = await Meeting.open();
    const { maxConnectionsPerSession: max } = limits;
    const mine = await takeAll(max, () => meeting.stream("eve", undefined, { tracks: ["eve"] }));
    expect(mine.length).toBeLessThanOrEqual(max / 2);
    for (const sub of ["ada", "bob", "cy"]) expect(await isIn(await meeting.stream(sub, sub))).toBe(true);
    expect(await isIn(await meeting.tenant.connect(meeting.room, "host"))).toBe(true);
  });

  test("[L9] so it is with those that watch, however many tokens there are", async () => {
    const meeting = await Meeting.open({ MAX_WATCHERS_PER_SESSION: "32" });
    for (const sub of range(1, 12).map(String)) await takeAll(32, () => meeting.watch(sub));
    expect(await isIn(await meeting.watch("late"))).toBe(false);
    // What is kept for backends.
    const backends = await Promise.all([1, 2].map(() => meeting.tenant.watch(meeting.room)));
    for (const backend of backends) expect(await isIn(backend)).toBe(true);
  });

  test("[L3] a HEAD of the events' stream takes no place: nobody reads what would follow", async () => {
    const meeting = await Meeting.open({ MAX_WATCHERS_PER_SESSION: "4" });
    const headers = { ...bearer(meeting.tenant.key), accept: "text/event-stream" };
    for (const _ of range(1, 8)) {
      const answer = await guarded(`/v1/sessions/${meeting.room.sessionId}/events`, { method: "HEAD", headers });
      expect([answer.status, answer.headers.get("content-type")]).toEqual([200, "text/event-stream"]);
    }
    expect(await isIn(await meeting.tenant.watch(meeting.room))).toBe(true);
  });

  test("[L10] [limit:takeTrackWithinMs] one that takes no track is ended, also where it hibernates and pings", async () => {
    const meeting = await Meeting.open();
    const streaming = await meeting.stream("ada", "mic");
    await streaming.keep(1);
    const [idle, pinging] = [await meeting.stream("eve", "lamp"), await meeting.stream("eve", undefined)];
    await meeting.room.evict();
    clock.advance(limits.takeTrackWithinMs - 1_000);
    pinging.send('{"type":"ping"}');
    await meeting.room.wakeUntil("they are ended", async () => idle.closeCode !== undefined);
    expect(await idle.nextOf("error")).toMatchObject({ code: "idle", retryable: true });
    await idle.expectClose(4408);
    await pinging.expectClose(4408);
    await streaming.keep(2);
    await eventually(
      "the places are free",
      async () => (await takeAll(4, () => meeting.stream("eve", "x"))).length === 4,
    );
  });
});
