/** Samples of a live source over restarts, by the outbox they end up in. */
import { expect, test } from "vitest";
import { limits } from "../../schemas/limits.ts";
import { Intake } from "../../client/capture/intake.ts";
import { createMemoryOutbox } from "../../client/capture/memory-outbox.ts";
import type { Outbox } from "../../client/capture/outbox.ts";

const second = new Int16Array(16_000);
const ignore = (): void => undefined;

/** A process that captures into the outbox. */
async function intakeOver(outbox: Outbox): Promise<Intake> {
  const { nextSeq, sourceSeconds, lastEndedAt } = await outbox.load();
  return new Intake({
    format: { sampleRate: 16_000, channels: 1 },
    outbox,
    nextSeq,
    sourceSeconds,
    lastEndedAt,
    live: true,
    stallMs: 1_500,
    onStored: ignore,
    onGap: ignore,
    onChannelFault: ignore,
    onFull: ignore,
    onSpace: ignore,
  });
}

test("[C2] a clock that was years behind until the restart makes no gap that no room would take", async () => {
  const outbox = createMemoryOutbox();
  // A device without a battery boots in 1970, and asks the network later.
  await (await intakeOver(outbox)).take(second, 100_000, 100_000);
  await (await intakeOver(outbox)).take(second, 1_795_000_000_000, 5_000);
  expect((await outbox.load()).unacked).toEqual([[1, 2]]);
});

test("the longest gap that counts ends where a room still takes the next second", async () => {
  const outbox = createMemoryOutbox();
  const dayMs = limits.maxSeqAhead * 1_000;
  await (await intakeOver(outbox)).take(second, 100_000, 100_000);
  await (await intakeOver(outbox)).take(second, 101_000 + dayMs - 1_000, 5_000);
  expect((await outbox.load()).unacked.at(-1)?.[0]).toBeLessThanOrEqual(1 + limits.maxSeqAhead);
});

test("what waits behind a pause is stored when the capture is closed", async () => {
  const outbox = createMemoryOutbox();
  const intake = await intakeOver(outbox);
  await intake.take(second, 1_700_000_001_000, 1_000);
  await intake.take(new Int16Array(16_000 * 8), 1_700_000_070_000, 70_000);
  await intake.settle();
  const { unacked } = await outbox.load();
  expect(unacked.reduce((sum, [from, to]) => sum + to - from + 1, 0)).toBe(9);
});
