/** What every outbox must do, whatever it stores in. */
import { expect, test } from "vitest";
import {
  type Outbox,
  type OutboxFrame,
  OutboxLockedError,
  OutboxMismatchError,
  type OutboxOrigin,
} from "../../client/capture/outbox.ts";
import { frameOf } from "./support/frame-of.ts";

/** One place to store in, empty at first. */
export interface OutboxPlace {
  open(maxFrames?: number): Promise<Outbox>;
}

export interface OutboxKind {
  readonly place: () => Promise<OutboxPlace>;
  /** Whether a second writer is noticed. */
  readonly locks: boolean;
}

const isSame = (frame: OutboxFrame | undefined, expected: OutboxFrame): boolean =>
  frame !== undefined &&
  frame.seq === expected.seq &&
  frame.timestampMs === expected.timestampMs &&
  Buffer.compare(frame.pcm, expected.pcm) === 0;

export function testOutbox({ place, locks }: OutboxKind): void {
  test("a new one is empty, and begins with 1", async () => {
    const outbox = await (await place()).open();
    expect(await outbox.load()).toMatchObject({ unacked: [], nextSeq: 1, end: undefined });
    expect(await outbox.read(1)).toBeUndefined();
    await outbox.close();
  });

  test("gives back what was put, to the byte, also after it was opened again", async () => {
    const at = await place();
    const first = await at.open();
    for (const seq of [1, 2, 3, 7]) expect(await first.put(frameOf(seq))).toBe(true);
    expect(isSame(await first.read(2), frameOf(2))).toBe(true);
    await first.close();
    const second = await at.open();
    const unacked = [
      [1, 3],
      [7, 7],
    ];
    expect(await second.load()).toMatchObject({ unacked, nextSeq: 8, end: undefined });
    for (const seq of [1, 2, 3, 7]) expect(isSame(await second.read(seq), frameOf(seq))).toBe(true);
    expect(await second.read(4)).toBeUndefined();
    await second.close();
  });

  test("a view into a larger buffer is stored as the second it shows", async () => {
    const outbox = await (await place()).open();
    const large = new Uint8Array(96_000).fill(9);
    large.set(frameOf(1).pcm, 32_000);
    await outbox.put({ ...frameOf(1), pcm: large.subarray(32_000, 64_000) });
    expect(isSame(await outbox.read(1), frameOf(1))).toBe(true);
    await outbox.close();
  });

  test("forgets what was removed, and only that", async () => {
    const at = await place();
    const first = await at.open();
    for (const seq of [1, 2, 3]) await first.put(frameOf(seq));
    await first.remove([2, 99]);
    await first.remove([]);
    expect(await first.read(2)).toBeUndefined();
    await first.close();
    const second = await at.open();
    const unacked = [
      [1, 1],
      [3, 3],
    ];
    expect(await second.load()).toMatchObject({ unacked, nextSeq: 4 });
    await second.close();
  });

  test("[C3] goes on with the gateway and the source that it knows, and with others only where they may change", async () => {
    const at = await place();
    const a = { gateway: "https://a.example", source: "file:1" };
    const first = await at.open();
    await first.bind("monday/mic", a);
    for (const seq of [1, 2]) await first.put(frameOf(seq));
    await first.bind("monday/mic", { ...a, gateway: "https://nothing-was-sent-to.example" });
    await first.bind("monday/mic", a);
    await first.release(0);
    await first.close();
    const second = await at.open();
    const refused = async (origin: OutboxOrigin): Promise<unknown> =>
      second.bind("monday/mic", origin).then(
        () => "taken",
        (cause: unknown) => (cause instanceof OutboxMismatchError ? cause.differs : cause),
      );
    expect(await refused({ ...a, source: "file:2" })).toBe("source");
    expect(await refused({ ...a, gateway: "https://b.example" })).toBe("gateway");
    expect(await refused({ gateway: "https://b.example", source: "file:2", mayChange: { source: true } })).toBe(
      "gateway",
    );
    expect(await second.load()).toMatchObject({ sourceSeconds: 2, nextSeq: 3 });
    expect(await refused({})).toBe("taken");
    expect(await refused({ ...a, source: "file:2", mayChange: { source: true } })).toBe("taken");
    expect(await second.load(), "the new source begins behind the old one").toMatchObject({
      sourceSeconds: 0,
      nextSeq: 3,
    });
    await second.put(frameOf(3));
    await second.setEnd({ lastSeq: 3, paddingSamples: 0 });
    await second.close();
    const third = await at.open();
    expect(await third.load()).toMatchObject({ sourceSeconds: 1, end: { lastSeq: 3 } });
    await expect(third.bind("monday/mic", { ...a, mayChange: { source: true } }), "it had ended").rejects.toThrow(
      /to its end/,
    );
    await third.close();
  });

  test("[C3] a source that says what it is is not the rest of one that never did, and one that says more is the same", async () => {
    const first = await (await place()).open();
    await first.bind("monday/mic", {});
    await first.put(frameOf(1));
    await expect(first.bind("monday/mic", { source: "file:9:aa" })).rejects.toThrow(/does not say of which source/);
    await first.bind("monday/mic", { source: "file:9:aa", mayChange: { source: true } });
    await first.put(frameOf(2));
    await first.bind("monday/mic", { source: "file:9:aa:bb" });
    expect(await first.load()).toMatchObject({ sourceSeconds: 1 });
    await expect(first.bind("monday/mic", { source: "file:9:aa:bc" })).rejects.toThrow(/another source was begun/);
    await first.close();
  });

  test("knows when its last second ended, whatever of it is still there", async () => {
    const at = await place();
    const first = await at.open();
    expect((await first.load()).lastEndedAt).toBeUndefined();
    for (const seq of [1, 2]) await first.put({ ...frameOf(seq), timestampMs: 10_000 + seq * 1_000 });
    await first.close();
    const second = await at.open();
    expect((await second.load()).lastEndedAt).toBe(13_000);
    await second.skipTo(6);
    await second.remove([1, 2]);
    await second.close();
    const third = await at.open();
    expect((await third.load()).lastEndedAt).toBe(16_000);
    await third.close();
  });

  test("never gives a number twice, though all of them are removed", async () => {
    const at = await place();
    for (const [seqs, next] of [
      [[1, 2, 3], 4],
      [[4], 5],
    ] as const) {
      const outbox = await at.open();
      for (const seq of seqs) await outbox.put(frameOf(seq));
      await outbox.remove(seqs.toReversed());
      expect(await outbox.load()).toMatchObject({ unacked: [], nextSeq: next });
      await outbox.close();
    }
    const last = await at.open();
    expect(await last.load()).toMatchObject({ unacked: [], nextSeq: 5 });
    await expect(last.put(frameOf(4))).rejects.toThrow(RangeError);
    await last.close();
  });

  test("refuses frames that can't be right, and stores nothing of them", async () => {
    const outbox = await (await place()).open();
    await outbox.put(frameOf(5));
    for (const bad of [
      frameOf(5),
      frameOf(1),
      frameOf(6.5),
      frameOf(100_000_000),
      frameOf(6, Number.NaN),
      frameOf(6, 1e300),
      { ...frameOf(6), pcm: new Uint8Array(31_999) },
    ]) {
      await expect(outbox.put(bad)).rejects.toThrow(RangeError);
    }
    expect(await outbox.load()).toMatchObject({ unacked: [[5, 5]], nextSeq: 6 });
    expect(isSame(await outbox.read(5), frameOf(5))).toBe(true);
    await outbox.close();
  });

  test("keeps time in whole milliseconds, above 0", async () => {
    const outbox = await (await place()).open();
    await outbox.put(frameOf(1, 0.2));
    await outbox.put(frameOf(2, 1_700_000_000_000.6));
    expect((await outbox.read(1))?.timestampMs).toBe(1);
    expect((await outbox.read(2))?.timestampMs).toBe(1_700_000_000_001);
    await outbox.close();
  });

  test("full, it refuses the new and keeps the old", async () => {
    const at = await place();
    const first = await at.open(2);
    expect([await first.put(frameOf(1)), await first.put(frameOf(2)), await first.put(frameOf(3))]).toEqual([
      true,
      true,
      false,
    ]);
    expect(await first.load()).toMatchObject({ unacked: [[1, 2]], nextSeq: 3 });
    await first.close();
    const second = await at.open(2);
    expect(await second.put(frameOf(3))).toBe(false);
    await second.remove([1]);
    expect(await second.put(frameOf(3))).toBe(true);
    expect(await second.load()).toMatchObject({ unacked: [[2, 3]], nextSeq: 4 });
    await second.close();
  });

  test("numbers left out stay left out", async () => {
    const at = await place();
    const first = await at.open();
    await first.skipTo(5);
    await first.skipTo(3);
    await first.close();
    const second = await at.open();
    expect(await second.load()).toMatchObject({ unacked: [], nextSeq: 5 });
    await second.put(frameOf(5));
    await second.skipTo(9);
    await second.remove([5]);
    await second.close();
    const third = await at.open();
    expect(await third.load()).toMatchObject({ unacked: [], nextSeq: 9 });
    await third.close();
  });

  test("the end is kept, and a later second or gap takes it back", async () => {
    const at = await place();
    const first = await at.open();
    await first.put(frameOf(1));
    await first.setEnd({ lastSeq: 1, paddingSamples: 7 });
    await first.remove([1]);
    await first.close();
    const second = await at.open();
    expect(await second.load()).toMatchObject({ unacked: [], nextSeq: 2, end: { lastSeq: 1, paddingSamples: 7 } });
    await second.put(frameOf(2));
    expect((await second.load()).end).toBeUndefined();
    await second.remove([2]);
    await second.close();
    const third = await at.open();
    expect(await third.load()).toMatchObject({ unacked: [], nextSeq: 3, end: undefined });
    await third.setEnd({ lastSeq: 2, paddingSamples: 0 });
    await third.skipTo(9);
    expect((await third.load()).end).toBeUndefined();
    await third.close();
  });

  test("an end before any second is kept", async () => {
    const at = await place();
    const first = await at.open();
    await first.setEnd({ lastSeq: 0, paddingSamples: 0 });
    await first.close();
    const second = await at.open();
    expect(await second.load()).toMatchObject({ unacked: [], nextSeq: 1, end: { lastSeq: 0, paddingSamples: 0 } });
    await second.close();
  });

  test("belongs to one track of one session", async () => {
    const at = await place();
    const first = await at.open();
    await first.bind("monday/mic");
    await first.close();
    const second = await at.open();
    await expect(second.bind("tuesday/mic")).rejects.toThrow(OutboxMismatchError);
    await second.bind("monday/mic");
    await second.close();
  });

  test("what was never sent is numbered higher in one step, with its end, and keeps its bytes and its gaps", async () => {
    const at = await place();
    const first = await at.open();
    await first.bind("monday/mic");
    await first.put(frameOf(1));
    await first.skipTo(4);
    await first.put(frameOf(4));
    await first.setEnd({ lastSeq: 4, paddingSamples: 9 });
    expect(await first.load()).toMatchObject({ unsentFrom: 1, sourceSeconds: 4 });
    expect(await first.release(5)).toEqual({ lastSeq: 9, paddingSamples: 9 });
    const moved = {
      unacked: [
        [6, 6],
        [9, 9],
      ],
      nextSeq: 10,
      unsentFrom: 10,
      sourceSeconds: 4,
      end: { lastSeq: 9, paddingSamples: 9 },
      lastEndedAt: 1_700_000_005_000,
    };
    expect(await first.load()).toEqual(moved);
    await first.close();
    const second = await at.open();
    expect(await second.load()).toEqual(moved);
    expect(isSame(await second.read(6), { ...frameOf(1), seq: 6 })).toBe(true);
    expect(isSame(await second.read(9), { ...frameOf(4), seq: 9 })).toBe(true);
    for (const seq of [1, 4, 5, 7, 10]) expect(await second.read(seq)).toBeUndefined();
    await second.remove([1, 4, 6]);
    expect((await second.load()).unacked).toEqual([[9, 9]]);
    await second.close();
  });

  test("what may have been sent keeps its number, however often the rest moves", async () => {
    const at = await place();
    const first = await at.open();
    await first.bind("monday/mic");
    await first.release(0);
    for (const seq of [1, 2]) await first.put(frameOf(seq));
    await first.hold(2);
    await first.put(frameOf(3));
    // What was noted first stands: nothing was sent since.
    await first.hold(4);
    expect(await first.load()).toMatchObject({ unacked: [[1, 3]], unsentFrom: 2 });
    await first.release(10);
    await first.put(frameOf(14));
    await first.hold(14);
    await first.close();
    const second = await at.open();
    await second.bind("monday/mic");
    expect(await second.load()).toMatchObject({ unsentFrom: 14, nextSeq: 15 });
    await second.release(100);
    const unacked = [
      [1, 1],
      [12, 13],
      [114, 114],
    ];
    expect(await second.load()).toMatchObject({ unacked, nextSeq: 115, sourceSeconds: 4 });
    expect(isSame(await second.read(13), { ...frameOf(3), seq: 13 })).toBe(true);
    expect(isSame(await second.read(114), { ...frameOf(14), seq: 114 })).toBe(true);
    await second.remove([1, 12]);
    await second.hold(115);
    await second.release(5);
    expect((await second.load()).unacked).toEqual([
      [13, 13],
      [114, 114],
    ]);
    await second.close();
  });

  test("a new capture's seconds are unsent, those of an earlier one that was connected may have been", async () => {
    const at = await place();
    const first = await at.open();
    await first.bind("monday/mic");
    await first.release(0);
    for (const seq of [1, 2]) await first.put(frameOf(seq));
    await first.close();
    const second = await at.open();
    await second.bind("monday/mic");
    await second.put(frameOf(3));
    expect(await second.load()).toMatchObject({ unacked: [[1, 3]], unsentFrom: 3 });
    await second.close();
  });

  test("an end counts once its last second is there; a capture that begins without it takes it back", async () => {
    const at = await place();
    const first = await at.open();
    await first.bind("monday/mic");
    await first.setEnd({ lastSeq: 2, paddingSamples: 7 });
    await first.put(frameOf(1));
    expect((await first.load()).end).toBeUndefined();
    await first.put(frameOf(2));
    expect((await first.load()).end).toEqual({ lastSeq: 2, paddingSamples: 7 });
    await first.setEnd({ lastSeq: 3, paddingSamples: 7 });
    await first.close();
    const second = await at.open();
    await second.bind("monday/mic");
    await second.put(frameOf(3));
    expect((await second.load()).end).toBeUndefined();
    await second.close();
  });

  test("an end of a source that gave nothing moves with the first number", async () => {
    const outbox = await (await place()).open();
    await outbox.bind("monday/mic");
    await outbox.setEnd({ lastSeq: 0, paddingSamples: 0 });
    expect(await outbox.release(5)).toEqual({ lastSeq: 5, paddingSamples: 0 });
    expect(await outbox.load()).toMatchObject({ nextSeq: 6, end: { lastSeq: 5 } });
    await outbox.close();
  });

  test("a second set aside is not to be sent, and its number stays used", async () => {
    const at = await place();
    const first = await at.open();
    for (const seq of [1, 2]) await first.put(frameOf(seq));
    await first.setAside(2);
    await first.setAside(9);
    await first.close();
    const second = await at.open();
    expect(await second.load()).toMatchObject({ unacked: [[1, 1]], nextSeq: 3 });
    expect(await second.read(2)).toBeUndefined();
    await second.close();
  });

  test.runIf(locks)("has one writer at a time", async () => {
    const at = await place();
    const first = await at.open();
    await expect(at.open()).rejects.toThrow(OutboxLockedError);
    await first.put(frameOf(1));
    await first.close();
    const second = await at.open();
    expect(await second.load()).toMatchObject({ unacked: [[1, 1]] });
    await second.close();
  });
}
