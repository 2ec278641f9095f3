/** Live audio on its way: cut, bounded, flushed; without a connection. */
import { describe, expect, test } from "vitest";
import { LiveCut, piecesOf } from "../../client/live/live-cut.ts";
import { LiveOutlet } from "../../client/live/live-outlet.ts";
import type { LivePiece } from "../../client/live/live-piece.ts";
import { PieceQueue } from "../../client/live/piece-queue.ts";
import { samplesOf } from "../../client/live/s16le.ts";
import { isLiveLength } from "../../schemas/wire/audio.ts";

const ramp = (length: number, from = 0): Int16Array<ArrayBuffer> => Int16Array.from({ length }, (_, i) => from + i);

describe("a source's samples", () => {
  test.each([1, 160, 1_599, 1_600, 1_601, 5_000])(
    "[V7] in blocks of %i become the same tenths of a second",
    (blockSamples) => {
      const source = ramp(8_000);
      const cut = new LiveCut();
      const parts = [];
      for (let at = 0; at < source.length; at += blockSamples)
        parts.push(...cut.push(source.subarray(at, at + blockSamples), 48_000 + at));
      expect(parts.map(({ atMs }) => atMs)).toEqual([3_000, 3_100, 3_200, 3_300, 3_400]);
      expect(parts.flatMap(({ samples }) => [...samples])).toEqual([...source]);
    },
  );

  test("[V7] what lies apart on the timeline is never one piece", () => {
    const cut = new LiveCut();
    expect(cut.push(ramp(1_000), 0)).toEqual([]);
    expect(cut.push(ramp(1_600, 7), 32_000)).toEqual([{ samples: ramp(1_600, 7), atMs: 2_000 }]);
  });
});

test("[V7] a program's own live audio is cut to lengths that a room takes, none of it left out", () => {
  for (const rateHz of [16_000, 24_000]) {
    for (const ms of [20, 21, 99, 100, 119, 120, 121, 250, 1_234, 5_000]) {
      const samples = ramp((ms * rateHz) / 1_000);
      const pieces = piecesOf(samples, rateHz);
      expect(pieces.every((piece) => isLiveLength(piece.byteLength, rateHz))).toBe(true);
      expect(pieces.flatMap((piece) => [...piece])).toEqual([...samples]);
    }
    const [short] = piecesOf(ramp(7, 1), rateHz);
    expect(short?.length).toBe(rateHz / 50);
    expect([...(short ?? [])].filter((sample) => sample !== 0)).toEqual([1, 2, 3, 4, 5, 6, 7]);
  }
});

const piece = (track: string, mark: number, ms = 100, flush = false): Omit<LivePiece, "lostMs"> => ({
  track,
  sampleRate: 16_000,
  samples: new Int16Array(ms * 16).fill(mark),
  atMs: undefined,
  flush,
});
function drain(queue: PieceQueue): string[] {
  const told: string[] = [];
  for (let next = queue.shift(); next; next = queue.shift())
    told.push(
      `${next.track}${next.samples[0]}${next.flush ? " flush" : ""}${next.lostMs > 0 ? ` -${next.lostMs}` : ""}`,
    );
  return told;
}

describe("who reads late", () => {
  test("[V8] loses the oldest of the track that is too long, is told how much, and nothing of another track", () => {
    const queue = new PieceQueue(250);
    queue.push(piece("b", 9));
    for (const mark of [1, 2, 3, 4, 5]) queue.push(piece("a", mark));
    expect(drain(queue)).toEqual(["b9", "a4 -300", "a5"]);
    queue.push(piece("a", 6));
    expect(drain(queue)).toEqual(["a6"]);
  });

  test("[V8] does not lose that it is to begin anew", () => {
    const queue = new PieceQueue(250);
    for (const mark of [1, 2]) queue.push(piece("a", mark));
    queue.push(piece("b", 1));
    queue.push(piece("a", 3, 100, true));
    for (const mark of [4, 5, 6]) queue.push(piece("a", mark));
    expect(drain(queue)).toEqual(["b1", "a5 flush -200", "a6"]);
  });

  test("[V8] gets a piece that alone is longer than the bound", () => {
    const queue = new PieceQueue(50);
    queue.push(piece("a", 1));
    queue.push(piece("a", 2));
    expect(drain(queue)).toEqual(["a2 -100"]);
  });
});

describe("an outlet", () => {
  interface World {
    now: number;
    waitingBytes: number;
    isOpen: boolean;
  }
  function world(): { world: World; outlet: LiveOutlet; sent: Record<string, unknown>[]; heard: boolean[] } {
    const state: World = { now: 0, waitingBytes: 0, isOpen: true };
    const sent: Record<string, unknown>[] = [];
    const heard: boolean[] = [];
    const outlet = new LiveOutlet(
      (isHeard) => heard.push(isHeard),
      () => state.now,
    );
    outlet.handleConnection({
      get waitingBytes() {
        return state.waitingBytes;
      },
      post: (message, pcm) => {
        if (state.isOpen) sent.push({ ...message, samples: samplesOf(pcm).length });
        return state.isOpen;
      },
    });
    return { world: state, outlet, sent, heard };
  }

  test("[V7] sends while somebody listens over a connection that stands, and says whenever that changes", () => {
    const { outlet, sent, heard } = world();
    expect(outlet.send(ramp(1_600))).toBe(false);
    outlet.handleListeners(true);
    outlet.handleListeners(true);
    expect(outlet.send(ramp(4_000), { sampleRate: 24_000, atMs: 500, flush: true })).toBe(true);
    expect(outlet.flush()).toBe(true);
    expect(sent).toEqual([
      { type: "live", sample_rate: 24_000, at_ms: 500, flush: true, samples: 2_400 },
      { type: "live", sample_rate: 24_000, at_ms: 600, samples: 1_600 },
      { type: "live", sample_rate: 16_000, flush: true, samples: 320 },
    ]);
    outlet.handleConnection(undefined);
    expect(outlet.send(ramp(1_600))).toBe(false);
    expect(heard).toEqual([true, false]);
    expect(() => outlet.send(ramp(1_600), { sampleRate: 48_000 as 24_000 })).toThrow(RangeError);
  });

  test("[V7] gives way where what is kept waits to leave, and to twice real time", () => {
    const { world: state, outlet, sent } = world();
    outlet.handleListeners(true);
    state.waitingBytes = 100_000;
    expect(outlet.send(ramp(1_600))).toBe(false);
    state.waitingBytes = 0;
    // A second at once and what half of the time lets through.
    expect(outlet.send(ramp(40_000))).toBe(false);
    expect(sent.length).toBe(20);
    state.now = 50;
    expect(outlet.send(ramp(1_600))).toBe(true);
    expect(outlet.send(ramp(1_600))).toBe(false);
  });

  test("[V7] what nobody heard is no part of the first piece that somebody hears", () => {
    const { outlet, sent } = world();
    outlet.take(ramp(1_000), 0);
    outlet.handleListeners(true);
    outlet.take(ramp(1_600), 1_000);
    expect(sent).toEqual([{ type: "live", sample_rate: 16_000, at_ms: 62.5, samples: 1_600 }]);
  });
});
