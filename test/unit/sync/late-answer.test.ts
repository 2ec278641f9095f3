/** A device that gets the answer to its first push late, when what it pushed is deleted: nothing of it comes back. */
import { describe, expect, it } from "vitest";
import { newWorld, synced } from "./world.ts";

const text = (body: string) => ({ title: "Notes", media_type: "text/plain", body }) as const;

describe("[SY4] a device whose first push was answered late", () => {
  const changes = [{ id: "a", ...text("one") }];
  const first = { device_id: "laptop", push_id: "p1", since: 0, changes } as const;

  it("keeps nothing that was deleted since: the answer tells of it, also page by page", () => {
    const sync = newWorld().wake();
    // Arrives, and its answer is lost.
    synced(sync, "knowledge", first);
    synced(sync, "knowledge", {
      device_id: "phone",
      since: 0,
      changes: [
        { id: "b", ...text("b") },
        { id: "c", ...text("c") },
      ],
    });
    synced(sync, "knowledge", { device_id: "phone", changes: [{ id: "a", revision: 1, deleted: true }] });
    const late = synced(sync, "knowledge", { ...first, limit: 1 });
    expect(late.applied).toEqual([{ id: "a", outcome: "applied", revision: 1 }]);
    const told = [...late.changes];
    for (let page = late; page.has_more;) {
      page = synced(sync, "knowledge", {
        since: page.revision,
        limit: 1,
        ...(page.scan === null ? {} : { scan: page.scan }),
      });
      told.push(...page.changes);
    }
    expect(told.map(({ id, deleted }) => [id, deleted])).toEqual([
      ["b", false],
      ["c", false],
      ["a", true],
    ]);
  });

  it("is told to begin anew where the deletion is forgotten", async () => {
    const world = newWorld();
    const sync = world.wake();
    synced(sync, "knowledge", first);
    synced(sync, "knowledge", { device_id: "phone", changes: [{ id: "a", revision: 1, deleted: true }] });
    world.clock.now += 91 * 86_400_000;
    await sync.run();
    const late = synced(sync, "knowledge", first);
    expect(late.applied).toEqual([{ id: "a", outcome: "applied", revision: 1 }]);
    expect(late).toMatchObject({ reset: true, changes: [] });
  });
});
