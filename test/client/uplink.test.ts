import { describe, expect, test } from "vitest";
import { Uplink, type UplinkAction } from "../../client/capture/uplink.ts";
import { ModelRoom, roomError } from "./support/model-room.ts";

const send = (...seqs: number[]): UplinkAction[] => seqs.map((seq) => ({ do: "send", seq }));
const sendEnd = (lastSeq: number, paddingSamples = 0): UplinkAction => ({ do: "send_end", lastSeq, paddingSamples });

function roomWith(seqs: readonly number[], window = 4): ModelRoom {
  const room = new ModelRoom(window);
  for (const seq of seqs) room.track.keep(seq, `audio ${seq}`);
  return room;
}

const evens = (below: number): number[] => Array.from({ length: below / 2 }, (_, i) => 2 * i + 2);

describe("sending", () => {
  test("nothing goes out before ready, then as much as the window takes", () => {
    const uplink = new Uplink();
    for (let seq = 1; seq <= 5; seq += 1) expect(uplink.handleCaptured(seq)).toEqual([]);
    expect(uplink.handleReady(roomWith([], 3).ready())).toEqual(send(1, 2, 3));
    expect([uplink.inFlight, uplink.lagSeconds, uplink.isWaiting]).toEqual([3, 5, true]);
    expect(uplink.handleAck(2)).toEqual([{ do: "forget", seqs: [2] }, ...send(4)]);
    expect(uplink.handleAck(2)).toEqual([]);
    expect(uplink.nextSeq).toBe(6);
  });

  test("a smaller window of the next connection holds", () => {
    const uplink = new Uplink([[1, 9]]);
    expect(uplink.handleReady(roomWith([], 4).ready())).toHaveLength(4);
    uplink.handleDisconnected();
    expect([uplink.inFlight, uplink.isWaiting]).toEqual([0, false]);
    expect(uplink.handleReady(roomWith([], 2).ready())).toEqual(send(1, 2));
  });

  test("a day offline is handled in a moment", () => {
    const uplink = new Uplink([[1, 86_400]]);
    const startedAt = performance.now();
    const kept = evens(86_400);
    const ready = roomWith([]).ready();
    expect(uplink.handleReady(ready)).toHaveLength(4);
    for (const seq of kept) uplink.handleAck(seq);
    expect(performance.now() - startedAt).toBeLessThan(5_000);
    expect(uplink.lagSeconds).toBe(43_200);
  });
});

describe("[K6] resume", () => {
  test("what ready says is kept is forgotten, what it lacks is sent", () => {
    const uplink = new Uplink([[1, 6]]);
    expect(uplink.handleReady(roomWith([1, 2, 4]).ready())).toEqual([
      { do: "forget", seqs: [1, 2, 4] },
      ...send(3, 5, 6),
    ]);
  });

  test("beyond a list that was cut off, seconds are sent again and not forgotten", () => {
    // Odd ones lacking up to 199: the list ends with the 64th, 127.
    const uplink = new Uplink([[1, 200]]);
    const actions = uplink.handleReady(roomWith(evens(200), 100).ready());
    expect(actions[0]).toEqual({ do: "forget", seqs: evens(127 - 1) });
    expect(actions.slice(1, 67)).toEqual(send(...Array.from({ length: 64 }, (_, i) => 2 * i + 1), 128, 129));
  });

  test("a gap that an earlier end announced is sent, and nothing beyond the last kept is forgotten", () => {
    const room = roomWith([1, 2]);
    room.receiveEnd(4);
    expect(new Uplink([[1, 4]]).handleReady(room.ready())).toEqual([{ do: "forget", seqs: [1, 2] }, ...send(3, 4)]);
  });

  test("a number that is kept with other audio is not taken for a second that was never sent", () => {
    const uplink = new Uplink();
    uplink.handleCaptured(1);
    expect(uplink.handleReady(roomWith([1, 2, 3]).ready())).toEqual(send(1));
    expect(uplink.handleError(roomError("seq_conflict", 1))).toEqual([
      { do: "lose", seq: 1, code: "seq_conflict", detail: "seq_conflict" },
    ]);
    expect(uplink.nextSeq).toBe(4);
  });
});

describe("errors", () => {
  test("a retryable one brings the second back after the cooldown that the room asked for", () => {
    const uplink = new Uplink([[1, 3]]);
    uplink.handleReady(roomWith([], 2).ready());
    expect(uplink.handleError(roomError("rate_limited", 1, 500))).toEqual([{ do: "wait", ms: 500 }]);
    expect(uplink.handleAck(2)).toEqual([{ do: "forget", seqs: [2] }]);
    expect(uplink.handleCaptured(4)).toEqual([]);
    expect(uplink.handleWake()).toEqual(send(1, 3));
  });

  test("a final one loses that second and no other", () => {
    const uplink = new Uplink([[1, 3]]);
    uplink.handleReady(roomWith([], 1).ready());
    expect(uplink.handleError(roomError("seq_out_of_range", 1))).toEqual([
      { do: "lose", seq: 1, code: "seq_out_of_range", detail: "seq_out_of_range" },
      ...send(2),
    ]);
  });

  test.for(["session_finalized", "superseded", "unauthorized", "token_expired", "too_many_errors"] as const)(
    "%s ends the connection and is no verdict on the second",
    (code) => {
      const uplink = new Uplink([[1, 1]]);
      uplink.handleReady(roomWith([]).ready());
      expect(uplink.handleError(roomError(code, 1))).toEqual([]);
      expect(uplink.lagSeconds).toBe(1);
      uplink.handleDisconnected();
      expect(uplink.handleReady(roomWith([]).ready())).toEqual(send(1));
    },
  );

  test("one about a second that is not on its way, or about none, changes nothing", () => {
    const uplink = new Uplink([[1, 1]]);
    uplink.handleReady(roomWith([]).ready());
    expect(uplink.handleError(roomError("bad_chunk_size", 9))).toEqual([]);
    expect(uplink.handleError(roomError("bad_msgpack"))).toEqual([]);
    expect([uplink.inFlight, uplink.lagSeconds]).toEqual([1, 1]);
  });
});

describe("end", () => {
  test("goes out when all else is acked, and again on a new connection until it is answered", () => {
    const uplink = new Uplink([[1, 1]]);
    const room = roomWith([]);
    uplink.handleReady(room.ready());
    expect(uplink.handleEnd({ lastSeq: 1, paddingSamples: 7 })).toEqual([]);
    room.receiveChunk(1, "audio 1");
    expect(uplink.handleAck(1)).toEqual([{ do: "forget", seqs: [1] }, sendEnd(1, 7)]);
    expect(uplink.isWaiting).toBe(true);
    uplink.handleDisconnected();
    expect(uplink.handleReady(room.ready())).toEqual([sendEnd(1, 7)]);
    const answer = room.receiveEnd(1);
    if (answer.type !== "ended") throw new Error("the model room refused");
    expect(uplink.handleEnded({ ...answer, last_seq: 9 })).toEqual([]);
    expect(uplink.handleEnded(answer)).toEqual([{ do: "finish", complete: true, missing: [] }]);
    expect(uplink.handleEnded(answer)).toEqual([]);
    expect([uplink.isWaiting, uplink.handleWake()]).toEqual([false, []]);
  });

  test("of an earlier run is taken up again", () => {
    expect(new Uplink([], { lastSeq: 3, paddingSamples: 0 }).handleReady(roomWith([1, 2, 3]).ready())).toEqual([
      sendEnd(3),
    ]);
  });

  test("of a source that never gave a second is announced too", () => {
    const uplink = new Uplink();
    uplink.handleReady(roomWith([]).ready());
    expect(uplink.handleEnd({ lastSeq: 0, paddingSamples: 0 })).toEqual([sendEnd(0)]);
  });

  test("names the seconds that nobody can supply", () => {
    const uplink = new Uplink([], { lastSeq: 5, paddingSamples: 0 });
    const room = roomWith([1, 4]);
    uplink.handleReady(room.ready());
    const answer = room.receiveEnd(5);
    const missing = [
      [2, 3],
      [5, 5],
    ];
    expect(answer.type === "ended" && uplink.handleEnded(answer)).toEqual([{ do: "finish", complete: false, missing }]);
  });

  test("is taken back by a second beyond it", () => {
    const uplink = new Uplink([], { lastSeq: 1, paddingSamples: 0 });
    const room = roomWith([1]);
    expect(uplink.handleReady(room.ready())).toEqual([sendEnd(1)]);
    expect(uplink.handleCaptured(2)).toEqual(send(2));
    expect(uplink.handleEnded({ type: "ended", last_seq: 1, complete: true, missing: [] })).toEqual([]);
    expect(uplink.handleAck(2)).toEqual([{ do: "forget", seqs: [2] }]);
    expect(uplink.handleEnd({ lastSeq: 2, paddingSamples: 0 })).toEqual([sendEnd(2)]);
  });

  test("refused because the track has audio beyond it, finishes as not complete", () => {
    const uplink = new Uplink([], { lastSeq: 1, paddingSamples: 0 });
    uplink.handleReady(roomWith([1, 2]).ready());
    expect(uplink.handleError(roomError("bad_frame"))).toEqual([{ do: "finish", complete: false, missing: [] }]);
  });

  test("refused for now, is sent again later", () => {
    const uplink = new Uplink([], { lastSeq: 1, paddingSamples: 0 });
    uplink.handleReady(roomWith([1]).ready());
    expect(uplink.handleError(roomError("rate_limited"))).toEqual([{ do: "wait", ms: 1_000 }]);
    expect(uplink.handleWake()).toEqual([sendEnd(1)]);
  });
});
