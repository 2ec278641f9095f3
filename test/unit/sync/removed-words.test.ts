/** What was removed is also in the object's own file no more, however often that fails. */
import { describe, expect, it } from "vitest";
import { newWorld, startMs, synced } from "./world.ts";

const text = (body: string) => ({ title: "Notes", media_type: "text/plain", body }) as const;

describe("[SY10] words that were removed", () => {
  it("are scrubbed after a deletion, once; what is written or deleted again without words needs nothing", async () => {
    const world = newWorld();
    const sync = world.wake();
    synced(sync, "knowledge", { changes: [{ id: "a", ...text("one") }] });
    await sync.scrub();
    expect(world.scrubs.done).toBe(0);
    synced(sync, "knowledge", { changes: [{ id: "a", revision: 1, deleted: true }] });
    await sync.scrub();
    synced(sync, "knowledge", { changes: [{ id: "a", revision: 2, deleted: true }] });
    await sync.scrub();
    expect(world.scrubs.done).toBe(1);
  });

  it("are scrubbed after an edit that takes some away, and not after one that only adds", async () => {
    const world = newWorld();
    const sync = world.wake();
    let revision = 0;
    const edited = async (collection: "knowledge" | "settings", change: object): Promise<number> => {
      const { applied } = synced(sync, collection, { changes: [{ id: "a", revision, ...change }] });
      revision = applied[0]?.revision ?? 0;
      await sync.scrub();
      return world.scrubs.done;
    };
    expect(await edited("knowledge", text("one"))).toBe(0);
    expect(await edited("knowledge", text("one, two"))).toBe(0);
    expect(await edited("knowledge", text("two"))).toBe(1);
    expect(await edited("knowledge", { ...text("two"), title: "Other" })).toBe(2);
    revision = 0;
    expect(await edited("settings", { body: { theme: "dark" } })).toBe(2);
    expect(await edited("settings", { body: { theme: "dark", size: 2 } })).toBe(2);
    expect(await edited("settings", { body: { theme: "light", size: 2 } })).toBe(3);
  });

  it("of a conflict go when somebody has chosen", async () => {
    const world = newWorld();
    const sync = world.wake();
    synced(sync, "knowledge", { changes: [{ id: "a", ...text("one") }] });
    const told = synced(sync, "knowledge", { device_id: "phone", changes: [{ id: "a", revision: 0, ...text("two") }] });
    await sync.scrub();
    expect(world.scrubs.done).toBe(0);
    const resolves = told.applied.flatMap(({ conflict_id }) => conflict_id ?? []);
    expect(resolves).toHaveLength(1);
    synced(sync, "knowledge", { changes: [{ id: "a", resolves }] });
    await sync.scrub();
    expect(world.scrubs.done).toBe(1);
  });

  it("go later where the file could not be made anew, or a kill came first", async () => {
    const world = newWorld();
    const sync = world.wake();
    synced(sync, "knowledge", { changes: [{ id: "a", ...text("one") }] });
    synced(sync, "knowledge", { changes: [{ id: "a", revision: 1, deleted: true }] });
    world.scrubs.isDown = true;
    await expect(sync.scrub()).rejects.toThrow("the file is in use");
    await sync.run();
    const woken = world.wake();
    expect(woken.nextRunAt).toBe(startMs);
    world.scrubs.isDown = false;
    await woken.run();
    expect(world.scrubs.done).toBe(1);
    expect(woken.nextRunAt).toBeGreaterThan(startMs);
  });

  it("that are removed while the file is made anew are not taken for done", async () => {
    const world = newWorld();
    const sync = world.wake();
    synced(sync, "knowledge", {
      changes: [
        { id: "a", ...text("one") },
        { id: "b", ...text("two") },
      ],
    });
    synced(sync, "knowledge", { changes: [{ id: "a", revision: 1, deleted: true }] });
    const scrubbing = sync.scrub();
    synced(sync, "knowledge", { changes: [{ id: "b", revision: 2, deleted: true }] });
    await scrubbing;
    await sync.scrub();
    expect(world.scrubs.done).toBe(2);
  });
});
