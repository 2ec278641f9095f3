import { expect, test } from "vitest";
import { maxMismatches, SentChunks } from "../../client/capture/sent-chunks.ts";
import { err, ok } from "../../schemas/lib/result.ts";

function sentUpTo(last: number): SentChunks {
  const sent = new SentChunks();
  for (let seq = 1; seq <= last; seq += 1) sent.add(seq, `hash ${seq}`);
  return sent;
}

test("an ack tells of its own second and of those before it that are contiguous, once", () => {
  const sent = sentUpTo(5);
  expect(sent.handleAck({ seq: 4, sha256: "hash 4", contiguous_seq: 2 })).toEqual(ok([4, 1, 2]));
  expect(sent.handleAck({ seq: 5, sha256: "hash 5", contiguous_seq: 5 })).toEqual(ok([5, 3]));
});

test("[K1] an ack of other bytes tells of nothing", () => {
  const sent = sentUpTo(2);
  expect(sent.handleAck({ seq: 2, sha256: "other", contiguous_seq: 2 })).toEqual(err("ack_mismatch"));
  expect(sent.handleAck({ seq: 1, sha256: "hash 1", contiguous_seq: 2 })).toEqual(ok([1]));
});

test("[K1] without a hash to compare with, the ack is believed", () => {
  const sent = new SentChunks();
  sent.add(1, undefined);
  expect(sent.handleAck({ seq: 1, sha256: "any", contiguous_seq: 1 })).toEqual(ok([1]));
});

test("[K1] mismatches count over all connections of a run", () => {
  const sent = new SentChunks();
  for (let seq = 1; seq <= maxMismatches; seq += 1) {
    expect(sent.isCorrupted).toBe(false);
    sent.add(seq, "sent");
    sent.handleAck({ seq, sha256: "other", contiguous_seq: 0 });
    sent.clear();
  }
  expect(sent.isCorrupted).toBe(true);
});
