/** What an outbox in IndexedDB does when its store is full, and when the browser takes its connection away. */
import { forceCloseDatabase, IDBDatabase as FDBDatabase, IDBFactory } from "fake-indexeddb";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { openIdbOutbox } from "../../client/browser/idb-outbox.ts";
import { OutboxDamagedError, type Outbox, OutboxLockedError } from "../../client/capture/outbox.ts";
import { useFakeMeeting } from "./support/fake-meeting.ts";
import { ackMessage, type FakeRoom, readyMessage } from "./support/fake-room.ts";
import { frameOf } from "./support/frame-of.ts";
import { type Quota, useQuota } from "./support/full-idb.ts";
import { samplesOf } from "./support/meeting.ts";

const { startRoom, start } = useFakeMeeting("meeting");

/** A room that acks everything, whose track has the seconds up to `lastSeq`. */
function ackingRoom(lastSeq = 0): Promise<FakeRoom> {
  return startRoom((peer, frame) => {
    if (frame.type === "hello") peer.say(readyMessage("meeting", lastSeq));
    if (frame.type === "chunk") peer.say(ackMessage(frame));
    if (frame.type === "end") peer.say({ type: "ended", last_seq: frame["last_seq"], complete: true, missing: [] });
  });
}

/** Three seconds offline, the first of which may have been sent; then the store is full. */
async function fullOutbox(): Promise<{ quota: Quota; open: () => Promise<Outbox>; outbox: Outbox }> {
  const quota = useQuota();
  const indexedDB = new IDBFactory();
  const open = (): Promise<Outbox> => openIdbOutbox({ name: "full", indexedDB, locks: null });
  const outbox = await open();
  await outbox.bind("meeting/mixed", { gateway: "https://a.example" });
  await outbox.put(frameOf(1));
  await outbox.release(0);
  await outbox.hold(2);
  for (const seq of [2, 3]) await outbox.put(frameOf(seq));
  quota.isFull = true;
  return { quota, open, outbox };
}

const steps: readonly (readonly [name: string, step: (outbox: Outbox) => Promise<unknown>])[] = [
  ["bind", (outbox) => outbox.bind("meeting/mixed", { gateway: "https://b.example", mayChange: { gateway: true } })],
  ["skipTo", (outbox) => outbox.skipTo(9)],
  ["setEnd", (outbox) => outbox.setEnd({ lastSeq: 3, paddingSamples: 7 })],
  ["release", (outbox) => outbox.release(0)],
  ["hold", (outbox) => outbox.release(0).then(() => outbox.hold(3))],
  ["setAside", (outbox) => outbox.setAside(1)],
  ["remove", (outbox) => outbox.remove([1])],
];

describe("[O1] a full store", () => {
  test.for(steps)("%s works, and is on disk once there is space", async ([, step]) => {
    const { quota, open, outbox } = await fullOutbox();
    await step(outbox);
    expect(await outbox.put(frameOf(20)), "nothing new is taken").toBe(false);
    const now = await outbox.load();
    quota.isFull = false;
    await outbox.remove([99]);
    await outbox.close();
    const next = await open();
    expect(await next.load()).toEqual(now);
    await next.close();
  });

  test("that they may be sent is on disk at once: no tab that comes next takes them for unsent", async () => {
    const { open, outbox } = await fullOutbox();
    expect((await outbox.load()).unsentFrom).toBe(2);
    await outbox.release(0);
    await outbox.close();
    const next = await open();
    expect(await next.load()).toMatchObject({ unacked: [[1, 3]], unsentFrom: 4 });
    await next.bind("meeting/mixed", { gateway: "https://a.example" });
    await next.release(0);
    await next.close();
  });

  test("where nothing is stored, what comes may be sent under higher numbers, and is stored under them", async () => {
    const { quota, open, outbox } = await fullOutbox();
    await outbox.release(0);
    await outbox.remove([1, 2, 3]);
    await outbox.hold(4);
    // The spare is used up, and nobody gives anything back.
    quota.left = -Infinity;
    await outbox.release(6);
    await outbox.hold(10);
    await outbox.release(2);
    expect((await outbox.load()).nextSeq).toBe(12);
    expect(await outbox.put(frameOf(12)), "nothing new is taken").toBe(false);
    quota.isFull = false;
    expect(await outbox.put(frameOf(12))).toBe(true);
    await outbox.close();
    const next = await open();
    expect(await next.load()).toMatchObject({ unacked: [[12, 12]], nextSeq: 13, unsentFrom: 13 });
    await next.close();
  });

  test("what found no space is stored when the outbox is closed, if there is some by then", async () => {
    const { quota, open, outbox } = await fullOutbox();
    quota.left = -Infinity;
    await outbox.setEnd({ lastSeq: 3, paddingSamples: 7 });
    quota.isFull = false;
    await outbox.close();
    const next = await open();
    expect((await next.load()).end).toEqual({ lastSeq: 3, paddingSamples: 7 });
    await next.close();
  });

  test("higher numbers are stored in the space of the spare", async () => {
    const { quota, open, outbox } = await fullOutbox();
    quota.left = 2_000;
    await outbox.release(10);
    await outbox.close();
    const next = await open();
    expect((await next.load()).unacked).toEqual([
      [1, 1],
      [12, 13],
    ]);
    await next.close();
  });

  test("a second that was put aside without space keeps its bytes", async () => {
    const { quota, open, outbox } = await fullOutbox();
    await outbox.setAside(1);
    expect(await outbox.read(1)).toBeUndefined();
    quota.isFull = false;
    await outbox.remove([2]);
    await outbox.close();
    const next = await open();
    expect((await next.load()).unacked).toEqual([[3, 3]]);
    await next.close();
  });

  test.for(["reconnects", "is reloaded"])("a capture that %s on it delivers everything, and ends", async (what) => {
    const quota = useQuota();
    const indexedDB = new IDBFactory();
    const open = (): Promise<Outbox> => openIdbOutbox({ name: "capture", indexedDB, locks: null });
    const room = await ackingRoom();
    const [first, firstHeard] = await start(room, { outbox: await open(), baseUrl: "http://127.0.0.1:1" });
    for (const seq of [1, 2, 3]) await first.write(samplesOf(seq, seq));
    quota.isFull = true;
    // Taken as a whole, and held in memory.
    expect(await first.write(samplesOf(4, 4))).toBe(true);
    expect(await first.write(samplesOf(5, 5))).toBe(false);
    await firstHeard.next("full");
    await first.close();
    const [capture, heard] = await start(room, { outbox: await open() });
    if (what === "reconnects") {
      await heard.next("connected");
      capture.reconnect();
    }
    await heard.next("acked", 3);
    expect(heard.of("failed")).toEqual([]);
    quota.isFull = false;
    await capture.write(samplesOf(4, 4));
    expect(await capture.end()).toMatchObject({ complete: true });
  });

  test("`end` on it waits for the room, not for space", async () => {
    const quota = useQuota();
    const room = await ackingRoom();
    const outbox = await openIdbOutbox({ name: "end", indexedDB: new IDBFactory(), locks: null });
    const [capture, heard] = await start(room, { outbox });
    await capture.write(samplesOf(1, 2));
    quota.isFull = true;
    expect(await capture.end()).toMatchObject({ complete: true });
    expect(heard.of("failed")).toEqual([]);
  });
});

/** The databases that the test opens, the newest last. */
function openedDatabases(factory: IDBFactory): IDBDatabase[] {
  const opened: IDBDatabase[] = [];
  const open = factory.open.bind(factory);
  vi.spyOn(factory, "open").mockImplementation((name, version) => {
    const request = open(name, version);
    request.addEventListener("success", () => opened.push(request.result));
    return request;
  });
  return opened;
}

function fail(): never {
  throw new DOMException("Connection to Indexed Database server lost.", "UnknownError");
}

describe("[O2] the browser closes the connection", () => {
  test.for(["with a `close` event", "without a word"])(
    "%s: it is opened again, nothing lost or doubled",
    async (how) => {
      const indexedDB = new IDBFactory();
      const opened = openedDatabases(indexedDB);
      const outbox = await openIdbOutbox({ name: "closed", indexedDB, locks: null });
      const calls: (() => Promise<unknown>)[] = [
        () => outbox.bind("meeting/mixed"),
        () => outbox.release(0),
        ...[1, 2, 3].map((seq) => () => outbox.put(frameOf(seq))),
        () => outbox.read(2),
        () => outbox.remove([1]),
        () => outbox.setAside(2),
        () => outbox.skipTo(7),
        () => outbox.hold(7),
        () => outbox.setEnd({ lastSeq: 6, paddingSamples: 0 }),
      ];
      for (const call of calls) {
        const database = opened.at(-1);
        if (how === "without a word") database?.close();
        else forceCloseDatabase(database as never);
        await call();
      }
      expect(opened).toHaveLength(calls.length + 1);
      const now = await outbox.load();
      expect(now).toMatchObject({ unacked: [[3, 3]], nextSeq: 7, end: { lastSeq: 6 } });
      await outbox.close();
      const next = await openIdbOutbox({ name: "closed", indexedDB, locks: null });
      expect(await next.load()).toEqual(now);
      await next.close();
    },
  );

  test("under a running capture: it goes on, and says when it has to wait", async () => {
    const indexedDB = new IDBFactory();
    const opened = openedDatabases(indexedDB);
    const [capture, heard] = await start(await ackingRoom(), {
      outbox: await openIdbOutbox({ name: "running", indexedDB, locks: null }),
    });
    await capture.write(samplesOf(1, 1));
    opened.at(-1)?.close();
    // Nor can it be opened again at once.
    const transaction = vi.spyOn(FDBDatabase.prototype, "transaction");
    onTestFinished(() => transaction.mockRestore());
    transaction.mockImplementationOnce(fail).mockImplementationOnce(fail).mockImplementationOnce(fail);
    await capture.write(samplesOf(2, 3));
    const { attempt, reason } = await heard.next("outboxRetrying");
    expect([attempt, reason]).toEqual([1, expect.stringContaining("server lost")]);
    expect(await capture.end()).toEqual({ complete: true, missing: [], lost: [] });
    expect(heard.of("failed")).toEqual([]);
  });

  test("a fault that lasts ends the capture, with the fault as its reason", async () => {
    const indexedDB = new IDBFactory();
    const outbox = await openIdbOutbox({ name: "lasting", indexedDB, locks: null });
    const times = { outboxGiveUpMs: 300 };
    const [capture, heard] = await start(await ackingRoom(), { outbox, times });
    await heard.next("connected");
    vi.spyOn(indexedDB, "open").mockImplementation(() => {
      throw new DOMException("Internal error opening backing store.", "UnknownError");
    });
    const transaction = vi.spyOn(FDBDatabase.prototype, "transaction");
    onTestFinished(() => transaction.mockRestore());
    transaction.mockImplementation(() => {
      throw new DOMException("The database connection is closing.", "InvalidStateError");
    });
    await expect(capture.write(samplesOf(1, 1))).rejects.toThrow("Internal error opening backing store");
    expect(await heard.next("failed")).toMatchObject({ code: "outbox" });
    expect(heard.of("outboxRetrying").length).toBeGreaterThan(0);
  });

  test("because the data were deleted: no empty outbox takes its place in silence", async () => {
    const indexedDB = new IDBFactory();
    const opened = openedDatabases(indexedDB);
    const outbox = await openIdbOutbox({ name: "evicted", indexedDB, locks: null });
    await outbox.put(frameOf(1));
    opened.at(-1)?.close();
    await new Promise<void>((resolve) => {
      indexedDB.deleteDatabase("evicted").addEventListener("success", () => resolve());
    });
    await expect(outbox.put(frameOf(2))).rejects.toThrow(OutboxDamagedError);
    await expect(outbox.put(frameOf(2)), "nor later").rejects.toThrow(OutboxDamagedError);
    await outbox.close();
  });

  test("a lock that another tab took away: this one writes no more", async () => {
    const indexedDB = new IDBFactory();
    const outbox = await openIdbOutbox({ name: "stolen", indexedDB });
    const stolen = Promise.withResolvers<void>();
    const thief = navigator.locks.request("roomtone-outbox:stolen", { steal: true }, () => stolen.promise);
    let seq = 1;
    await vi.waitFor(() => expect(outbox.put(frameOf(seq++))).rejects.toThrow(OutboxLockedError));
    await outbox.close();
    stolen.resolve();
    await thief;
  });
});
