/** What holds between a room, its parts and its connections: who hears of a chunk when, and what outlives a deploy. */
import { runInDurableObject } from "cloudflare:test";
import { afterEach, describe, expect, test, vi } from "vitest";
import { Archiver } from "../../server/gateway/archive/archiver.ts";
import { Jobs } from "../../server/gateway/core/jobs.ts";
import { Signals } from "../../server/gateway/core/signals.ts";
import { Connections } from "../../server/gateway/room/connections/connections.ts";
import { pcmOf } from "./support/audio.ts";
import { gateway } from "./support/bindings.ts";
import { Client } from "./support/client.ts";
import { clock } from "./support/clock.ts";
import { newSession, RoomUnderTest } from "./support/room.ts";
import { eventually, within } from "./support/waiting.ts";

afterEach(() => {
  vi.restoreAllMocks();
});

/** The keys that the room's object has stored beside its tables. */
const storedNames = (room: RoomUnderTest): Promise<string[]> =>
  room.inside(async (storage) => [...(await storage.list()).keys()]);

/** Puts what a version stored for the room's one connection in place of what this one did, and lets the room sleep. */
async function replaceAttachment(room: RoomUnderTest, attachment: unknown): Promise<void> {
  await runInDurableObject(room.stub, (_, state) => {
    const [socket] = state.getWebSockets();
    if (!socket) throw new Error("the room has no socket");
    const { prototype } = WebSocket;
    const stored = prototype.deserializeAttachment.call(socket) as Record<"__pk" | "__user", unknown>;
    prototype.serializeAttachment.call(socket, { ...stored, __user: attachment });
  });
  await room.evict();
}

describe("a stored chunk", () => {
  test("[K3][K7] the archive's job is set, then the ack is sent, and only then do the parts hear of it", async () => {
    const client = await Client.connect(newSession(), { track: "mic" });
    const jobs = vi.spyOn(Jobs.prototype, "at");
    const sent = vi.spyOn(Connections.prototype, "send");
    const heard = vi.spyOn(Signals.prototype, "chunkStored");
    await client.keep(1);
    const steps = [
      ...jobs.mock.calls.map(([name], n) => [jobs.mock.invocationCallOrder[n] ?? 0, `job ${name}`] as const),
      ...sent.mock.calls.map(([, { type }], n) => [sent.mock.invocationCallOrder[n] ?? 0, type] as const),
      ...heard.mock.calls.map(([track], n) => [heard.mock.invocationCallOrder[n] ?? 0, `heard ${track}`] as const),
    ];
    const inOrder = steps.sort(([a], [b]) => a - b).map(([, step]) => step);
    expect(inOrder.slice(0, 3)).toEqual(["job archive", "ack", "heard mic"]);
    // One that was kept before is no news.
    heard.mockClear();
    expect(await client.keep(1)).toMatchObject({ status: "duplicate" });
    expect(heard).not.toHaveBeenCalled();
  });

  test("[K7] a part that throws costs no ack, and no other part its turn", async () => {
    const room = new RoomUnderTest(newSession());
    const client = await Client.connect(room.sessionId);
    vi.spyOn(Archiver.prototype, "kick").mockImplementation(() => {
      throw new Error("a bug of a part");
    });
    for (const seq of [1, 2, 3])
      expect(await client.keep(seq)).toMatchObject({ status: "stored", contiguous_seq: seq });
    // The list of sessions comes after the archive in the list of parts.
    expect(await room.count("jobs", "name = 'index'")).toBe(1);
    // And the archive's job is behind the chunks all the same.
    await room.wakeUntil("archived", async () => (await room.pending()) === 0);
  });
});

describe("what PartyServer writes", () => {
  test("[N3] watching a session that was never opened leaves nothing in its room", async () => {
    const room = new RoomUnderTest(newSession());
    const answer = await gateway(`/v1/sessions/${room.sessionId}/live`, { headers: { upgrade: "websocket" } });
    expect(answer.status).toBe(101);
    answer.webSocket?.accept();
    expect(await storedNames(room)).toEqual([]);
    expect(await room.dump()).toEqual({});
  });

  test("[I3] is gone with the session, and no alarm, close or question brings it back", async () => {
    const room = new RoomUnderTest(newSession());
    const client = await Client.connect(room.sessionId);
    await client.keep(1);
    expect(await storedNames(room)).toEqual(["__ps_name"]);
    expect((await gateway(`/v1/sessions/${room.sessionId}`, { method: "DELETE" })).status).toBe(200);
    await within(client.closed, "closed");
    expect(await storedNames(room)).toEqual([]);
    for (const looks of [1, 2]) {
      await room.evict();
      expect(await room.wake(), `look ${looks}`).toBe(true);
      expect(await storedNames(room)).toEqual([]);
    }
    expect((await gateway(`/v1/sessions/${room.sessionId}/state`)).status).toBe(410);
    expect(await storedNames(room)).toEqual([]);
  });
});

describe("attachments of another version", () => {
  const shared = {
    role: "capture",
    encoding: "json",
    subject: "anyone",
    feed: { topics: null, after: 0, heardAfter: 0, pingedAt: 0 },
    tracks: null,
    expiresAt: null,
    ordinal: 1,
    badFramesInRow: 3,
    waitUntil: 0,
    heedlessFrames: 0,
  };

  test.for([
    ["streams", { ...shared, track: "mic", hasTaken: true, uncountedBadFrames: 0 }],
    ["has not taken its track", { ...shared, track: "mic", hasTaken: false, uncountedBadFrames: 0 }],
    ["has no track yet", { ...shared, feed: null, track: null, hasTaken: false, uncountedBadFrames: 2 }],
  ] as const)("[K8] a connection that %s goes on", async ([, attachment]) => {
    const room = new RoomUnderTest(newSession());
    const client = await Client.connect(room.sessionId, { track: "mic" });
    await client.keep(1);
    await replaceAttachment(room, attachment);
    expect(await client.keep(2)).toMatchObject({ status: "stored", last_seq: 2 });
    expect(await room.count("tracks")).toBe(attachment.track === null ? 2 : 1);
  });

  test("[K8] one that can't be read is closed, so that its client comes again", async () => {
    const room = new RoomUnderTest(newSession());
    const client = await Client.connect(room.sessionId, { track: "mic" });
    await client.keep(1);
    await replaceAttachment(room, { of: "a version to come" });
    client.sendChunk(2, pcmOf(2));
    expect(await client.nextOf("error")).toMatchObject({ code: "internal", retryable: true });
    await within(client.closed, "closed");
    const again = await Client.connect(room.sessionId, { track: "mic" });
    expect(await again.keep(2)).toMatchObject({ status: "stored", contiguous_seq: 2 });
  });
});

test("[P7] a job that was called `tokens` still ends connections", async () => {
  const room = new RoomUnderTest(newSession());
  const client = await Client.connect(room.sessionId);
  await client.keep(1);
  await room.wakeUntil("archived", async () => (await room.pending()) === 0);
  await room.inside((storage) => {
    storage.sql.exec("INSERT INTO jobs (name, due_at) VALUES ('tokens', ?)", clock.now());
  });
  await room.evict();
  await eventually("the job is run", async () => {
    await room.wake();
    return (await room.count("jobs", "name = 'tokens'")) === 0;
  });
  expect(await client.keep(2)).toMatchObject({ status: "stored" });
});
