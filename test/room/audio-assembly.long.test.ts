/** Putting a long track together while the room dies and R2 fails at each step of it: megabytes for each case. */
import { describe, expect, test } from "vitest";
import {
  archived,
  expectAssembled,
  expectNothingLeft,
  finalized,
  longSeconds,
  longSeqs,
  pcmWith,
} from "./support/assembled.ts";
import { bindings } from "./support/bindings.ts";
import { bucketFaults, type UploadStep } from "./support/bucket-faults.ts";
import { clock } from "./support/clock.ts";
import { post } from "./support/http.ts";
import { eventually, within } from "./support/waiting.ts";

const steps: readonly UploadStep[] = ["create", "part 1", "part 2", "part 3", "complete"];
const moments = steps.flatMap((step) => (["before", "after"] as const).map((when) => ({ step, when })));

describe("[A3] assembly goes on where it was", () => {
  test.each(moments)("killed right $when R2 does `$step`: one WAV, nothing left", async ({ step, when }) => {
    const { room } = await archived(longSeqs);
    const faults = bucketFaults(room.sessionId);
    const release = faults.holdUpload(step, when);
    const cut = post(room.sessionId, "finalize").catch(() => undefined);
    const reached = when === "before" ? faults.uploadSteps : faults.uploadStepsDone;
    await eventually(`${step} is under way`, () => reached.includes(step));
    await room.kill();
    faults.heal();
    release();
    await within(cut, "the request that was cut off");
    await room.wakeUntil("finalized", finalized(room));
    await expectAssembled(room, pcmWith(longSeqs, longSeconds));
    // An upload whose id nobody lived to note can't be named any more; R2 drops it after a week.
    await expectNothingLeft(room, step === "create" ? faults.openUploads.size : 0);
    expect(faults.openUploads.size).toBeLessThanOrEqual(1);
    // What R2 had before the crash was not put again.
    const first = faults.uploadSteps.filter((done) => done === "part 1").length;
    expect(first).toBe(step === "part 1" ? 2 : 1);
  });

  test.each(steps)("R2 fails at `%s`: tried again until it works", async (step) => {
    const { room } = await archived(longSeqs);
    const faults = bucketFaults(room.sessionId);
    faults.failUpload(step);
    expect((await post(room.sessionId, "finalize")).status).toBe(202);
    await room.wake();
    expect(await room.status()).toBe("finalizing");
    faults.heal();
    await room.wakeUntil("finalized", finalized(room));
    await expectAssembled(room, pcmWith(longSeqs, longSeconds));
    await expectNothingLeft(room);
  });

  test.each(["part 2", "complete"] as const)("R2 does `%s` and its answer is lost", async (step) => {
    const { room } = await archived(longSeqs);
    const faults = bucketFaults(room.sessionId);
    faults.loseUploadAnswer(step);
    // Completing is told by the object itself.
    expect((await post(room.sessionId, "finalize")).status).toBe(step === "complete" ? 200 : 202);
    faults.heal();
    await room.wakeUntil("finalized", finalized(room));
    await expectAssembled(room, pcmWith(longSeqs, longSeconds));
    await expectNothingLeft(room);
  });

  test.each(["part 2", "complete"] as const)("R2 has forgotten the upload by `%s`: a new one", async (step) => {
    const { room } = await archived(longSeqs);
    const faults = bucketFaults(room.sessionId);
    faults.failUpload(step);
    expect((await post(room.sessionId, "finalize")).status).toBe(202);
    const [uploadId = ""] = faults.openUploads;
    const key = `sessions/${room.sessionId}/audio/mixed.wav`;
    await bindings.RESULT_BUCKET.resumeMultipartUpload(key, uploadId).abort();
    faults.heal();
    await room.wakeUntil("finalized", finalized(room));
    await expectAssembled(room, pcmWith(longSeqs, longSeconds));
    expect(faults.uploadSteps.filter((done) => done === "create")).toHaveLength(2);
    await expectNothingLeft(room);
  });

  test("R2 gives no audio for a while: waited for", async () => {
    const { room } = await archived([1, 2]);
    const faults = bucketFaults(room.sessionId);
    faults.failGets();
    expect((await post(room.sessionId, "finalize")).status).toBe(202);
    clock.advance(3_600_000);
    await room.wake();
    expect(await room.status()).toBe("finalizing");
    faults.heal();
    await room.wakeUntil("finalized", finalized(room));
    await expectAssembled(room, pcmWith([1, 2], 2));
  });
});
