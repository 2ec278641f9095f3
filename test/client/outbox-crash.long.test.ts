/**
 * The client dies at every step that changes what it has on disk, once a story; the same command is run again. What
 * the room then keeps must not depend on the step: each second of the source once, in its place, and no gap that the
 * source did not have.
 */
import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { IDBDatabase as FDBDatabase, IDBFactory } from "fake-indexeddb";
import { afterEach, describe, expect, test, vi } from "vitest";
import { openIdbOutbox } from "../../client/browser/idb-outbox.ts";
import { type Capture, startCapture } from "../../client/capture/capture.ts";
import type { Outbox } from "../../client/capture/outbox.ts";
import { openFileOutbox } from "../../client/node/file-outbox.ts";
import { until } from "../../client/testkit/until.ts";
import { sweepOf } from "../support/sweep.ts";
import { frameOf } from "./support/frame-of.ts";
import { ackMessage, FakeRoom } from "./support/fake-room.ts";
import { samplesOf, wireFormat } from "./support/meeting.ts";
import { ModelRoom } from "./support/model-room.ts";

const disk = await vi.hoisted(async () => {
  const { CrashingDisk } = await import("./support/crashing-disk.ts");
  return new CrashingDisk();
});
vi.mock("node:fs/promises", async (original) => disk.wrap(await original()));

const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
});

/** A place for one outbox on the mortal disk. */
type Place = () => Promise<Outbox>;

/** In memory where there is such a place: what is tried here is the order of steps, not the disk. */
const root = existsSync("/dev/shm") ? "/dev/shm" : tmpdir();

function filePlace(): Place {
  const folder = mkdtempSync(join(root, "roomtone-crash-"));
  closers.push(() => rmSync(folder, { recursive: true, force: true }));
  return () => {
    // The process that died is this one, and its lock would hold.
    for (const name of readdirSync(folder).filter((each) => each.endsWith(".lock"))) rmSync(join(folder, name));
    return openFileOutbox({ folder });
  };
}

/** One transaction is one step: it is there as a whole or not at all. */
class SteppingDatabase extends FDBDatabase {
  override transaction(...args: Parameters<IDBDatabase["transaction"]>): IDBTransaction {
    if (args[1] === "readwrite") disk.step();
    return super.transaction(...args);
  }
}

function idbPlace(): Place {
  const indexedDB = new IDBFactory();
  return () => openIdbOutbox({ name: "story", indexedDB: stepping(indexedDB), locks: null });
}

/** A factory whose databases are stepping ones. */
function stepping(factory: IDBFactory): IDBFactory {
  return {
    open: (name: string, version: number) => {
      const request = factory.open(name, version);
      request.addEventListener("success", () => Object.setPrototypeOf(request.result, SteppingDatabase.prototype));
      return request;
    },
  } as IDBFactory;
}

/** The room of a story, over a socket. Audio is told apart by its bytes. */
class StoryRoom {
  readonly model = new ModelRoom(4);
  padding: number | undefined;
  ended: number | undefined;
  #fake: FakeRoom | undefined;

  constructor(others: number) {
    for (let seq = 1; seq <= others; seq += 1) this.model.track.keep(seq, "another client's");
  }

  async url(): Promise<string> {
    this.#fake ??= await FakeRoom.start((peer, frame) => {
      if (frame.type === "hello") peer.say(this.model.ready());
      if (frame.type === "chunk") {
        const answer = this.model.receiveChunk(frame.seq ?? 0, String(frame["content_b64"]));
        peer.say(answer.type === "ack" ? { ...answer, ...pick(ackMessage(frame)) } : answer);
      }
      if (frame.type === "end") {
        this.ended = Number(frame["last_seq"]);
        this.padding = Number(frame["padding_samples"]);
        peer.say(this.model.receiveEnd(this.ended));
      }
    });
    return this.#fake.url;
  }

  close(): Promise<void> | undefined {
    return this.#fake?.close();
  }

  /** Numbers by whose audio they have: 0 another client's, else the source's second. */
  kept(): Record<number, number | string> {
    const { track } = this.model;
    const entries = track.seqs().map((seq) => [seq, track.at(seq) ?? ""] as const);
    return Object.fromEntries(entries.map(([seq, audio]) => [seq, secondsByAudio.get(audio) ?? audio]));
  }
}

const pick = ({ sha256 }: { sha256?: string }): object => ({ sha256 });

/** The source: two seconds, a gap of one, a second, and half of one. */
const sourceSeconds = 5;
const gapAt = 3;
const lastSamples = 8_000;

function sourceSecond(second: number): Int16Array {
  const samples = samplesOf(second, second);
  return second === sourceSeconds ? samples.subarray(0, lastSamples) : samples;
}

const secondsByAudio = new Map<string, number | string>([["another client's", 0]]);
for (let second = 1; second <= sourceSeconds; second += 1) {
  const bytes = Buffer.alloc(32_000);
  Buffer.from(sourceSecond(second).slice().buffer).copy(bytes);
  secondsByAudio.set(bytes.toString("base64"), second);
}

/** Runs the client once. @returns when it did its work, or died. */
type Run = (place: Place, room: StoryRoom) => Promise<void>;

const nobody = "http://127.0.0.1:1";

function run(work: (capture: Capture, outbox: Outbox) => Promise<void>, isOnline: boolean): Run {
  return async (place, room) => {
    const baseUrl = isOnline ? await room.url() : nobody;
    let capture: Capture | undefined;
    try {
      const outbox = await place();
      const options = { baseUrl, sessionId: "meeting", format: wireFormat, encoding: "json" } as const;
      // Offline is an address where nobody is.
      capture = await startCapture({ ...options, outbox, append: true, mayChange: { gateway: true }, random: () => 0 });
      await Promise.race([work(capture, outbox), capture.outcome()]);
      await capture.close();
    } catch (cause) {
      if (!disk.isDead) throw cause;
      // A dead process does not close; this lets go of its socket.
      await capture?.close().catch(() => undefined);
    }
  };
}

/** Reads the source from where the outbox stands up to a second. */
async function feed(capture: Capture, upTo: number): Promise<void> {
  for (let second = capture.sourceSeconds + 1; second <= upTo; second += 1) {
    if (second === gapAt) await capture.skip(1);
    else await capture.write(sourceSecond(second));
  }
}

const offlineToTheEnd = run(async (capture, outbox) => {
  if (!capture.isSourceOver) await feed(capture, sourceSeconds);
  // Nobody is there to answer.
  capture.end().catch(() => undefined);
  await until(async () => (await outbox.load()).end, { what: "the end to be stored" });
}, false);

const onlineToTheEnd = run(async (capture) => {
  if (!capture.isSourceOver) await feed(capture, sourceSeconds);
  assert.deepEqual((await capture.end()).lost, []);
}, true);

const offlineUpTo = (second: number): Run => run((capture) => feed(capture, second), false);

const onlineUpTo = (second: number): Run =>
  run(async (capture) => {
    await feed(capture, second);
    await until(() => capture.lagSeconds === 0 || undefined, { what: "all acks" });
  }, true);

const anotherClient: Run = async (_place, { model }) => {
  const from = model.track.lastSeq + 1;
  for (let seq = from; seq < from + 3; seq += 1) model.track.keep(seq, "another client's");
};

interface Story {
  readonly others: number;
  readonly runs: readonly Run[];
  readonly kept: Readonly<Record<number, number>>;
}

const stories: Record<string, Story> = {
  "captured offline into a new outbox, on a track with less audio than that": {
    others: 2,
    runs: [offlineToTheEnd, onlineToTheEnd],
    kept: { 1: 0, 2: 0, 3: 1, 4: 2, 6: 4, 7: 5 },
  },
  "captured offline into a new outbox, on a track with more audio than that": {
    others: 9,
    runs: [offlineUpTo(2), offlineToTheEnd, onlineToTheEnd],
    kept: { 1: 0, 2: 0, 3: 0, 4: 0, 5: 0, 6: 0, 7: 0, 8: 0, 9: 0, 10: 1, 11: 2, 13: 4, 14: 5 },
  },
  "another client streams while this one is offline in the middle": {
    others: 0,
    runs: [onlineUpTo(1), anotherClient, offlineUpTo(4), onlineToTheEnd],
    kept: { 1: 1, 2: 0, 3: 0, 4: 0, 5: 2, 7: 4, 8: 5 },
  },
};

async function tell({ others, runs }: Story, place: Place): Promise<StoryRoom> {
  const room = new StoryRoom(others);
  closers.push(() => room.close());
  for (const each of runs) {
    await each(place, room);
    if (!disk.isDead) continue;
    disk.dieAfter(Infinity);
    await each(place, room);
  }
  for (const close of closers.splice(0).toReversed()) await close();
  return room;
}

test("a full disk takes no more seconds, and is emptied for all that", async () => {
  const place = filePlace();
  const outbox = await place();
  await outbox.bind("meeting/mixed");
  for (const seq of [1, 2]) await outbox.put(frameOf(seq));
  disk.isFull = true;
  closers.push(() => (disk.isFull = false));
  expect(await outbox.put(frameOf(3))).toBe(false);
  await outbox.setEnd({ lastSeq: 2, paddingSamples: 1 });
  await outbox.release(5);
  await outbox.hold(8);
  await outbox.remove([6, 7]);
  await outbox.close();
  disk.isFull = false;
  const again = await place();
  expect(await again.load()).toMatchObject({ unacked: [], nextSeq: 8, end: { lastSeq: 7 } });
  expect(await again.put(frameOf(8))).toBe(true);
  await again.close();
});

describe.each([
  ["files", filePlace],
  ["IndexedDB", idbPlace],
])("in %s", (_store, newPlace) => {
  test.each(Object.entries(stories))("%s: a death at any step changes nothing", async (_name, story) => {
    const stepsBefore = disk.steps;
    await tell(story, newPlace());
    const steps = disk.steps - stepsBefore;
    expect(steps).toBeGreaterThan(10);
    for (const step of sweepOf(0, steps - 1)) {
      disk.dieAfter(step);
      const room = await tell(story, newPlace());
      disk.dieAfter(Infinity);
      const last = Math.max(...Object.keys(story.kept).map(Number));
      const told = { kept: room.kept(), ended: room.ended, padding: room.padding };
      expect(told, `died after step ${step} of ${steps}`).toEqual({ kept: story.kept, ended: last, padding: 8_000 });
    }
  });
});
