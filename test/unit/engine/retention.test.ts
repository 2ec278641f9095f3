/** When sessions end and go by themselves. */
import { describe, expect, test } from "vitest";
import { autoFinalizeAt, retentionEndsAt } from "../../../server/gateway/lifecycle/retention.ts";
import { openTrackRow } from "../../../server/gateway/tracks/track-plan.ts";

const dayMs = 86_400_000;

describe("when", () => {
  const track = { ...openTrackRow("mixed", 100), received_chunks: 1, updated_at: 500 };

  test("[I6] the last activity counts, of whatever kind", () => {
    expect(autoFinalizeAt([track], 200, 1_000)).toBe(1_500);
    expect(autoFinalizeAt([track], 700, 1_000)).toBe(1_700);
    expect(autoFinalizeAt([track, openTrackRow("mic", 900)], 700, 1_000)).toBe(1_900);
    expect(autoFinalizeAt([track], 200, 0)).toBeUndefined();
    expect(autoFinalizeAt([openTrackRow("mic", 900)], 700, 1_000)).toBeUndefined();
  });

  test("[I5] from finalize, else from the last activity", () => {
    expect(retentionEndsAt([track], 200, 300, 1)).toBe(300 + dayMs);
    expect(retentionEndsAt([track], 200, undefined, 1)).toBe(500 + dayMs);
    expect(retentionEndsAt([], 200, undefined, 1)).toBe(200 + dayMs);
    expect(retentionEndsAt([track], 200, 300, null)).toBeUndefined();
  });
});
